"""A world of two sides: what a clinic and its agent may see, and what belongs to others.

``grow_own`` comes first and is everything that they may see. ``grow_foreign`` then adds others of every kind: machines
with lower and with higher numbers, names before and after theirs, exams, doubts, gaps, alerts, orders, cards, people.
Whoever may see their own alone must not be able to tell whether the second has happened.
"""

from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from protocol import journal, uplink
from sqlmodel import Session

from backoffice.accounts.roles import Role
from backoffice.context import Context
from backoffice.db import transaction
from backoffice.models import Device, IssuingJob, SmsIn, SmsOut, SmsSetAside
from tests.host.backoffice.machines import Machine, add_machine
from tests.host.backoffice.support import ORIGIN, HandClock, log_in, make_user
from tools.issued import IssuedBatch

SCOPED = ("clinic", "agent", "idle")
"""Who sees some of it: a clinic, an agent of two clinics, an agent of none."""
STAFF = ("issuer", "investor", "admin")
PEOPLE = (*SCOPED, *STAFF)
OWN, SERVED, FOREIGN_LOW, FOREIGN_HIGH = 101, 102, 50, 150
"""Machines; each debits the batch of ten times its number."""
CREDITS = range(490, 520)
FORGED = bytes([7]) + b"\x01\x02\x03\x04"
SAME_START = bytes(16)
"""Moments of two servers are compared, so both count from the same start."""


@dataclass(frozen=True)
class Foreign:
    """Numbers that somebody could guess."""

    usage_id: int
    alert_id: int
    command_id: int
    token_id: int
    user_id: int


def grow_own(app: FastAPI) -> None:
    """Everything that the scoped viewers may see, and they themselves."""
    context: Context = app.state.context
    make_user(context, "admin", Role.ADMINISTRATOR)
    admin = log_in(app, "admin")
    north, idle = (_created(admin, "agents", name=name)["id"] for name in ("North", "Idle"))
    home = _created(admin, "institutions", name="Home clinic", city="Harbin", agent_id=north, timezone="UTC")
    served = _created(admin, "institutions", name="Served clinic", city="Wuhan", agent_id=north, timezone="UTC")
    make_user(context, "clinic", Role.INSTITUTION, institution_id=home["id"])
    make_user(context, "agent", Role.AGENT, agent_id=north)
    make_user(context, "idle", Role.AGENT, agent_id=idle)
    make_user(context, "issuer", Role.ISSUER)
    make_user(context, "investor", Role.INVESTOR)
    with transaction(context.engine) as session:
        _desk(session, context.clock(), "own")
    with TestClient(app, base_url=ORIGIN, headers={"Origin": ORIGIN}) as line:
        for number, place in ((OWN, home), (SERVED, served)):
            _busy(context, line, admin, number, place)
    for login in PEOPLE:
        _created(log_in(app, login), "tokens", name=f"of {login}")


def grow_foreign(app: FastAPI, clock: HandClock) -> Foreign:
    """What is none of their business, a minute later."""
    context: Context = app.state.context
    clock.now += 60
    admin = log_in(app, "admin")
    south = _created(admin, "agents", name="South")["id"]
    first = _created(admin, "institutions", name="A foreign clinic", agent_id=south, timezone="Asia/Tokyo")
    last = _created(admin, "institutions", name="Z foreign clinic", agent_id=south, timezone="America/Lima")
    make_user(context, "stranger", Role.INSTITUTION, institution_id=first["id"])
    make_user(context, "foreigner", Role.AGENT, agent_id=south)
    with transaction(context.engine) as session:
        _desk(session, context.clock(), "foreign")
    with TestClient(app, base_url=ORIGIN, headers={"Origin": ORIGIN}) as line:
        for number, place in ((FOREIGN_LOW, first), (FOREIGN_HIGH, last)):
            machine = _busy(context, line, admin, number, place)
        machine.exam(CREDITS[0], batch=10 * OWN)  # claims a card of theirs
        machine.send(line)
        with transaction(context.engine) as session:
            _short_messages(session, context.clock(), FOREIGN_LOW)
    token = _created(log_in(app, "stranger"), "tokens", name="of the stranger")["read"]["id"]
    users = {row["login"]: row["id"] for row in admin.get("/api/v1/users").json()["items"]}
    return Foreign(
        usage_id=_listed(admin, f"usage?machine_id={FOREIGN_LOW}")[0]["id"],
        alert_id=_listed(admin, f"alerts?machine_id={FOREIGN_LOW}")[0]["id"],
        command_id=_listed(admin, f"machines/{FOREIGN_LOW}/commands")[0]["id"],
        token_id=token,
        user_id=users["stranger"],
    )


def _busy(context: Context, line: TestClient, admin: TestClient, number: int, place: dict[str, Any]) -> Machine:
    """A machine with everything: exams, one of them disputed, doubts, a gap, a fault, a forged card, orders."""
    batch = IssuedBatch(10 * number, CREDITS[0], len(CREDITS), number, 1, place["code"])
    machine = add_machine(context, Machine(number, key=number.to_bytes(32, "big")), place["id"], batch)
    for credit in CREDITS[1:5]:
        machine.exam(credit, batch=batch.batch_id)
    machine.exam(CREDITS[1], batch=batch.batch_id)
    name = f"{place['name']}, room {number}"
    admin.patch(f"/api/v1/machines/{number}", json={"name": name}).raise_for_status()
    machine.write(journal.INTENT, CREDITS[6], batch=batch.batch_id)
    machine.write(journal.FAULT, detail=b"reader")
    machine.write(journal.REFUSED, detail=FORGED)
    machine.send(line, health={uplink.HEALTH_FIRMWARE: "0.1.0", uplink.HEALTH_PENDING: 2})
    for credit in CREDITS[7:10]:
        machine.exam(credit, batch=batch.batch_id)
    machine.send(line, len(machine.entries) - 3)
    _created(admin, f"machines/{number}/set-time")
    _created(admin, f"machines/{number}/revoked-credits", batch=batch.batch_id, credit=CREDITS[20])
    for alert in _listed(admin, f"alerts?machine_id={number}")[:2]:
        admin.post(f"/api/v1/alerts/{alert['id']}/acknowledge").raise_for_status()
    admin.post(f"/api/v1/alerts/{alert['id']}/clear").raise_for_status()
    return machine


def _desk(session: Session, now: int, whose: str) -> None:
    """What stands at the card desk: of the staff alone."""
    device = Device(name=f"{whose} issuer", url=f"/dev/tty-{whose}", role="child_issuer", created_at=now)
    session.add(device)
    session.flush()
    assert device.id is not None
    job: dict[str, Any] = {"kind": "one_time", "device_id": device.id, "total": 5, "created_at": now, "changed_at": now}
    for state in ("paused", "done"):
        session.add(IssuingJob(state=state, **job))


def _short_messages(session: Session, now: int, machine_id: int) -> None:
    """Of the staff alone, too."""
    number, digest = f"+86138{machine_id:08}", machine_id.to_bytes(32, "big")
    came: dict[str, Any] = {"received_at": now, "handed_in_at": now, "next_at": now, "size_bytes": 9, "digest": digest}
    session.add(
        SmsIn(
            platform="kannel",
            provider_id="1",
            identity=digest,
            sender=number,
            state="taken",
            machine_id=machine_id,
            **came,
        )
    )
    sent: dict[str, Any] = {"created_at": now, "changed_at": now, "next_at": now, "parts": 1, "body": b"ack"}
    session.add(SmsOut(machine_id=machine_id, number=number, kind="ack", state="sent", **sent))
    session.add(SmsSetAside(stored_at=now, reason="half", sender=number, place="SM 1", shown="00", digest=digest))


def _created(client: TestClient, path: str, **body: object) -> dict[str, Any]:
    answer = client.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def _listed(client: TestClient, path: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items
