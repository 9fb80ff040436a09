"""A small world to look at: three institutions, their machines, ninety days of exams, cards, jobs, alerts.

Made of the back office's own services where a person or a machine would use them, and of rows as ingest stores them
where a thousand sealed reports would only cost time. Nothing is random: the same rows every time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from protocol import cbor, journal, uplink
from protocol.reasons import NAMES
from sqlalchemy import insert
from sqlmodel import Session, select

from backoffice.alerts import service as alerts
from backoffice.alerts.kinds import Kind
from backoffice.clock import day_at
from backoffice.context import Context
from backoffice.db import transaction
from backoffice.institutions import service as institutions
from backoffice.institutions.schemas import InstitutionCreate
from backoffice.machines import service as machines
from backoffice.machines.schemas import MachineRegister, MachineRole
from backoffice.models import (
    Batch,
    Card,
    Device,
    InDoubt,
    Institution,
    IssuingJob,
    JournalChain,
    JournalEntry,
    Machine,
    MachineCommand,
    Master,
    SmsIn,
    SmsOut,
    Usage,
    User,
    White,
)
from backoffice.sms.handed_in import identity_of

DAY_S = 86400
DAYS = 90
MASTER_ID, WHITE_ID = 1, 1
CREDITS_A_BATCH = 2000
QUOTA = 50_000
WAITING_BATCH = 6001
EXAM = (journal.INTENT, journal.DEBIT, journal.STARTED, journal.ENDED)
MISSING = (2589, 2591)
"""Journal entries of the second machine that have not arrived."""


@dataclass(frozen=True)
class Place:
    name: str
    city: str
    machines: tuple[tuple[int, str, int], ...]
    """Machine number, name, and exams on a usual day."""


PLACES = (
    Place("North Eye Clinic", "Harbin", ((1001, "OCT room 1", 9), (1002, "OCT room 2", 6))),
    Place("Riverside Hospital", "Wuhan", ((2001, "CT hall", 14),)),
    Place("Lakeview Imaging", "Kunming", ((3001, "MRI suite", 4), (3002, "OCT van", 3))),
)


def grow(context: Context) -> None:
    """Everything."""
    now = context.clock()
    with transaction(context.engine) as session:
        _authority(session, now)
        for place in PLACES:
            institution = institutions.create(session, InstitutionCreate(name=place.name, city=place.city), "UTC", now)
            for machine_id, name, a_day in place.machines:
                _machine(session, context, institution, machine_id, name, a_day)
        _waiting_batch(session, now)
        _jobs(session, now)
        _presence(session, now)
        _orders(session, now)
        _short_messages(session, now)
        _alerts(session, context)


def _authority(session: Session, now: int) -> None:
    made = now - 120 * DAY_S
    session.add(Master(id=MASTER_ID, state="active", authority_key=b"\x11" * 64, kdf="scrypt", created_at=made))
    session.add(Device(id=1, name="Master-card issuer", url="/dev/ttyNOWHERE1", role="master_issuer", created_at=made))
    session.add(Device(id=2, name="Child-card issuer", url="/dev/ttyNOWHERE2", role="child_issuer", created_at=made))
    session.flush()
    white = White(
        id=WHITE_ID,
        master_id=MASTER_ID,
        first_credit=1,
        quota=QUOTA,
        next_credit=5 * CREDITS_A_BATCH + 1,
        expires=0,
        issuer_key=b"\x22" * 64,
        certificate=b"white",
        created_at=made,
    )
    session.add(white)
    session.flush()
    session.add(_card("master", made, master_id=MASTER_ID, uid="04a1b2c3"))
    session.add(_card("white", made, white_id=WHITE_ID, uid="04a1b2c4"))


def _machine(
    session: Session, context: Context, institution: Institution, machine_id: int, name: str, a_day: int
) -> None:
    now = context.clock()
    wanted = MachineRegister(
        role=MachineRole.SWIPE,
        name=name,
        machine_id=machine_id,
        institution_id=institution.id,
        report_interval_s=3600,
        unique_id=f"{machine_id:012x}",
    )
    machines.register(session, wanted, 3600, now - 100 * DAY_S)
    machines.provision(session, context.keyring, machine_id, 1, bytes(32), now - 99 * DAY_S)
    batch = _batch(session, institution, machine_id, now)
    times = list(_exam_times(machine_id, a_day, now))
    for place, time in enumerate(times):
        session.add(_usage(institution, machine_id, batch, place, time))
    for place in range(len(times)):
        uid = f"08{machine_id:04x}{place:04x}"
        session.add(_card("one_time", now - 98 * DAY_S, batch_id=batch.id, credit=batch.first_credit + place, uid=uid))
    for place in range(len(times), len(times) + 20):
        uid = f"08{machine_id:04x}{place:04x}"
        session.add(_card("one_time", now - 98 * DAY_S, batch_id=batch.id, credit=batch.first_credit + place, uid=uid))
    _journal(session, machine_id, batch, times)


def _batch(session: Session, institution: Institution, machine_id: int, now: int) -> Batch:
    made = now - 98 * DAY_S
    number = 1 + machine_id % 10
    batch = Batch(
        id=machine_id,
        white_id=WHITE_ID,
        institution_code=institution.code,
        batch_number=number,
        first_credit=1 + CREDITS_A_BATCH * ((institution.code - 1) * 2 + number - 2),
        count=CREDITS_A_BATCH,
        machine_id=machine_id,
        epoch=1,
        expires=0,
        state="signed",
        certificate=b"batch",
        created_at=made,
    )
    session.add(batch)
    session.flush()
    session.add(_card("batch", made, batch_id=batch.id, uid=f"06{machine_id:06x}"))
    return batch


def _waiting_batch(session: Session, now: int) -> None:
    """A batch whose one-time cards nobody has ordered yet."""
    batch = Batch(
        id=WAITING_BATCH,
        white_id=WHITE_ID,
        institution_code=1,
        batch_number=9,
        first_credit=40_001,
        count=60,
        machine_id=1001,
        epoch=1,
        expires=0,
        state="signed",
        certificate=b"batch",
        created_at=now - DAY_S,
    )
    session.add(batch)
    session.flush()
    session.add(_card("batch", batch.created_at, batch_id=WAITING_BATCH, uid="06ffffff"))


def _exam_times(machine_id: int, a_day: int, now: int) -> Iterator[int]:
    """Every weekday as usual, less on Sundays, slowly more; the last exam some minutes ago."""
    today = now - now % DAY_S
    for ago in range(DAYS - 1, -1, -1):
        day = today - ago * DAY_S
        weekday = (day // DAY_S + 4) % 7
        usual = a_day // 3 if weekday == 0 else a_day + (DAYS - ago) // 40 + (machine_id + ago * 7) % 4
        for place in range(usual):
            time = day + 8 * 3600 + place * (11 * 3600 // max(usual, 1)) + (machine_id * 37 + place * 211) % 600
            if time < now - 240:
                yield time


def _usage(institution: Institution, machine_id: int, batch: Batch, place: int, time: int) -> Usage:
    return Usage(
        machine_id=machine_id,
        epoch=1,
        seq=2 + 4 * place + 2,
        institution_id=institution.id,
        batch=batch.id,
        credit=batch.first_credit + place,
        time=time,
        time_quality="trusted",
        day=day_at(time, "UTC"),
        received_at=time + 20,
    )


def _journal(session: Session, machine_id: int, batch: Batch, times: list[int]) -> None:
    """Every exam as journal entries, a refusal at the end; for one machine with a hole."""
    missing = range(MISSING[0], MISSING[1] + 1) if machine_id == 1002 else range(0)
    rows = [
        _entry(machine_id, 1, journal.BOOT, times[0] - 600, detail=b"\x01"),
        _entry(machine_id, 2, journal.BATCH, times[0] - 300, batch.id, batch.first_credit),
    ]
    for place, time in enumerate(times):
        for step, kind in enumerate(EXAM):
            later_s = 240 if kind == journal.ENDED else step
            rows.append(
                _entry(machine_id, 3 + 4 * place + step, kind, time + later_s, batch.id, batch.first_credit + place)
            )
    used = bytes([NAMES.index("used")]) + bytes.fromhex(f"08{machine_id:04x}0001")
    highest = 3 + 4 * len(times)
    rows.append(_entry(machine_id, highest, journal.REFUSED, times[-1] + 600, detail=used))
    session.execute(insert(JournalEntry), [row for row in rows if row["seq"] not in missing])
    chain = JournalChain(
        machine_id=machine_id,
        epoch=1,
        contiguous_seq=MISSING[0] - 1 if missing else highest,
        contiguous_mac=bytes(8),
        highest_seq=highest,
    )
    session.add(chain)


def _entry(
    machine_id: int, seq: int, kind: int, time: int, batch: int = 0, credit: int = 0, detail: bytes = b""
) -> dict[str, Any]:
    return {
        "machine_id": machine_id,
        "epoch": 1,
        "seq": seq,
        "kind": kind,
        "time": time,
        "clock": journal.CLOCK_TRUSTED,
        "batch": batch,
        "credit": credit,
        "detail": detail,
        "mac": bytes(8),
        "received_at": time + 20,
    }


def _card(level: str, at: int, **content: Any) -> Card:
    return Card(
        level=level,
        medium="classic1k",
        state="written",
        warning="weak_medium" if level == "one_time" else "",
        created_at=at,
        changed_at=at,
        **content,
    )


def _jobs(session: Session, now: int) -> None:
    """One job under way, one paused, one done with failed cards."""
    running = _job("one_time", "running", now - 300, now - 5, 1001, 200, step="show_blank")
    paused = _job("one_time", "paused", now - 7200, now - 5400, 3001, 100, error_code="reader_lost")
    done = _job("one_time", "done", now - 3 * DAY_S, now - 3 * DAY_S + 1800, 2001, 50)
    for job, written, failed in ((running, 124, 2), (paused, 37, 1), (done, 50, 3)):
        session.add(job)
        session.flush()
        first = 9000 * (job.id or 0) + 20_000
        for place in range(written):
            uid = f"0a{job.id:02x}{place:04x}"
            card = _card("one_time", job.created_at + place * 3, batch_id=job.batch_id, credit=first + place, uid=uid)
            card.job_id = job.id
            session.add(card)
        for place in range(failed):
            uid = f"0b{job.id:02x}{place:04x}"
            card = _card("one_time", job.created_at + place, batch_id=job.batch_id, credit=first + place, uid=uid)
            card.state, card.job_id, card.outcome = "failed", job.id, "reissued"
            card.reason = ("removed_early", "damaged", "foreign")[place]
            session.add(card)


def _job(kind: str, state: str, begun: int, changed: int, batch_id: int, total: int, **more: Any) -> IssuingJob:
    return IssuingJob(
        kind=kind,
        device_id=2,
        state=state,
        total=total,
        batch_id=batch_id,
        white_id=WHITE_ID,
        warning="weak_medium",
        created_at=begun,
        changed_at=changed,
        **more,
    )


def _presence(session: Session, now: int) -> None:
    """Three machines report as they should, one is late, one is silent."""
    for machine_id, seen_s, healthy in (
        (1001, 260, True),
        (1002, 700, True),
        (2001, 1500, False),
        (3001, 2 * 3600, True),
        (3002, 3 * DAY_S, True),
    ):
        machine = session.get_one(Machine, machine_id)
        machine.last_seen_at = now - seen_s
        machine.firmware, machine.transport = "0.1.0", "wifi"
        machine.reader_healthy, machine.reader_reinits = healthy, 0 if healthy else 2
        machine.clock_offset_s, machine.uptime_s = 0, 3 * DAY_S
        machine.heap_free_bytes, machine.flash_free_bytes = 41_000, 1_500_000


def _orders(session: Session, now: int) -> None:
    """Machine 1002 has orders in every state; a card is in doubt there, and it reports by the mobile network."""
    machine = session.get_one(Machine, 1002)
    machine.transport, machine.switch_reason, machine.signal_dbm = "gprs", "no_wifi", -87
    machine.modem_restarts, machine.sms_sent, machine.link_errors = 1, 14, 3
    machine.sms_number, machine.clock_quality, machine.clock_offset_s = "+8613800001002", 2, -2
    machine.network_time_offset_s = 61
    by = session.exec(select(User)).first()
    assert by is not None
    connection = {"transport": "wifi,gprs,sms", "apn": "cmnet", "apn_password": "***", "server_tls": True}
    for ago_s, kind, args, state, result in (
        (9 * DAY_S, uplink.LOCK, [1, bytes(64), "Call 400 800 1234"], "done", "done"),
        (8 * DAY_S, uplink.UNLOCK, [2, bytes(64), ""], "done", "done"),
        (3 * DAY_S, uplink.SETTINGS, [{"wifi_ssid": "Clinic 5G", "wifi_password": "***"}], "failed", "returned"),
        (2 * DAY_S, uplink.REVOKE_CREDIT, [1002, 2040], "failed", "full"),
        (DAY_S, uplink.SETTINGS, [connection], "done", "done"),
        (5 * 3600, uplink.SET_TIME, [], "cancelled", ""),
        (1800, uplink.SETTINGS, [{"apn": "internet"}], "sent", ""),
        (300, uplink.SETTINGS, [{"report_s": 1800}], "queued", ""),
    ):
        at = now - ago_s
        sent = state not in ("queued", "cancelled")
        command = MachineCommand(
            machine_id=1002,
            kind=kind,
            args=cbor.encode(args),
            state=state,
            result=result,
            created_by=None if kind == uplink.REVOKE_CREDIT else by.id,
            created_at=at,
            sent_at=at + 600 if sent else None,
            sent_count=2 if sent else 0,
            sent_epoch=1 if sent else None,
            done_at=at + 900 if result or state == "cancelled" else None,
            answer_seq=40 if result else None,
        )
        session.add(command)
    doubt = {"batch": 1002, "credit": 2051, "epoch": 1, "seq": 2000, "time": now - 7200, "received_at": now - 7000}
    session.add(InDoubt(machine_id=1002, **doubt))


def _short_messages(session: Session, now: int) -> None:
    """In and out in every state."""
    number = "+8613800001002"
    for ago_s, sender, state, error in (
        (3 * DAY_S, number, "taken", ""),
        (2 * DAY_S, number, "taken", ""),
        (2 * DAY_S - 60, number, "duplicate", ""),
        (DAY_S, "+8613900009999", "refused", "sms_replayed"),
        (7200, "INFO", "refused", "uplink_malformed"),
        (40, number, "received", ""),
    ):
        machine_id = 1002 if state in ("taken", "duplicate") else None
        session.add(
            SmsIn(
                platform="kannel",
                provider_id=f"in-{ago_s}",
                identity=identity_of(sender, bytes(32), f"in-{ago_s}", None),
                sender=sender,
                received_at=now - ago_s,
                handed_in_at=now - ago_s,
                next_at=now + DAY_S,
                size_bytes=120,
                digest=bytes(32),
                state=state,
                error=error,
                machine_id=machine_id,
            )
        )
    for ago_s, kind, state, parts, attempts, error in (
        (3 * DAY_S - 20, "ack", "delivered", 1, 1, ""),
        (2 * DAY_S - 20, "ack", "delivered", 1, 1, ""),
        (DAY_S, "push", "failed", 2, 3, "sms_undelivered"),
        (5 * 3600, "ack", "expired", 1, 0, "sms_cap_reached"),
        (3600, "push", "sent", 2, 1, ""),
        (20, "ack", "queued", 1, 2, "sms_platform_unreachable"),
    ):
        session.add(
            SmsOut(
                machine_id=1002,
                number=number,
                kind=kind,
                body=bytes(100),
                parts=parts,
                created_at=now - ago_s,
                changed_at=now - ago_s,
                next_at=now + DAY_S,
                state=state,
                attempts=attempts,
                error=error,
                platform="kannel" if attempts else "",
            )
        )


def _alerts(session: Session, context: Context) -> None:
    now = context.clock()
    raised = (
        (Kind.DOUBLE_CREDIT, "Credit 2031 was debited on machine 1002 and before that on machine 1001.", 1002, 0, 4000),
        (Kind.READER_DEAD, "The card reader of machine 2001 has not answered since 08:12.", 2001, 1, 1500),
        (Kind.GAP, f"Entries {MISSING[0]} to {MISSING[1]} of machine 1002 have not arrived.", 1002, 0, 700),
        (Kind.MACHINE_SILENT, "Machine 3002 has not reported for 3 days.", 3002, 2, DAY_S),
        (Kind.CLOCK_WRONG, "The clock of machine 3001 is 95 s behind.", 3001, 2, 2 * DAY_S),
    )
    for kind, message, machine_id, place, ago_s in raised:
        institution_id = place + 1
        alerts.raise_alert(
            session, context.broker, kind, message, now - ago_s, machine_id=machine_id, institution_id=institution_id
        )
