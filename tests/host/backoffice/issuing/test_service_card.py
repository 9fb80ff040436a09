"""A service card at the desk: every report stored once, answers and orders back, what is wrong said in words."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from protocol import classic, mailbox, uplink

from backoffice.commands import service as commands
from backoffice.context import Context
from backoffice.db import transaction
from tests.host.backoffice.issuing.fake_card import FakeCard
from tests.host.backoffice.issuing.fake_device import FakeDevice
from tests.host.backoffice.issuing.shop import Shop
from tests.host.backoffice.machines import Machine, add_institution, add_machine, batch_of
from tests.host.backoffice.support import NOW


@pytest.fixture
def issuer(shop: Shop) -> FakeDevice:
    shop.child_issuer.role = "child_issuer"
    return shop.child_issuer


@pytest.fixture
def machines(context: Context) -> list[Machine]:
    clinic = add_institution(context)
    made = [Machine(number, key=bytes([number]) * 32) for number in (1, 2)]
    return [add_machine(context, one, clinic, batch_of(one, 1000 * one.machine_id, 1000)) for one in made]


def service_card(*frames: bytes) -> FakeCard:
    content = b"".join(frames).ljust(classic.STORE_BYTES, b"\0")
    return FakeCard(uid=b"\x04\x05\x06\x07", kind="service", store=content)


def up(machine: Machine, first: int = 1, last: int | None = None) -> bytes:
    return mailbox.encode(mailbox.UP, machine.machine_id, machine.report(first, last))


def visit(shop: Shop, issuer: FakeDevice, card: FakeCard, **body: Any) -> dict[str, Any]:
    issuer.show(card)
    answer: dict[str, Any] = shop.post(f"/devices/{shop.child_issuer_id}/service-card", timeout_ms=1000, **body)
    return answer


def pushes(card: FakeCard, machine: Machine) -> list[uplink.Ack]:
    return [
        uplink.open_push(machine.key, frame.message)
        for frame in mailbox.frames(card.store)
        if (frame.kind, frame.machine_id) == (mailbox.PUSH, machine.machine_id)
    ]


def exams(machine: Machine, count: int) -> None:
    for credit in range(count):
        machine.exam(1000 * machine.machine_id + credit)


def test_reports_of_several_machines(
    shop: Shop, issuer: FakeDevice, machines: list[Machine], administrator: TestClient
) -> None:
    for machine in machines:
        exams(machine, 3)
    card = service_card(up(machines[0]), up(machines[1]))
    summary = visit(shop, issuer, card)
    assert (summary["reports"], summary["entries"], summary["errors"]) == (2, 24, [])
    assert [(m["machine_id"], m["reports"], m["fresh"], m["ack_seq"]) for m in summary["machines"]] == [
        (1, 1, 1, 12),
        (2, 1, 1, 12),
    ]
    assert [frame.kind for frame in mailbox.frames(card.store)] == [mailbox.PUSH, mailbox.PUSH]
    for machine in machines:
        (ack,) = pushes(card, machine)
        assert (ack.ack_seq, ack.ack_mac, ack.server_time) == (12, machine.mac_at(12), NOW)
    assert debits_of(shop, administrator) == 6


def debits_of(shop: Shop, client: TestClient) -> int:
    days = client.get("/api/v1/machines/1/journal").json()["items"], client.get("/api/v1/machines/2/journal").json()
    return sum(entry["kind"] == 3 for items in (days[0], days[1]["items"]) for entry in items)


def test_the_same_card_again(
    shop: Shop, issuer: FakeDevice, machines: list[Machine], administrator: TestClient
) -> None:
    """A courier comes back with an image of last month's card: nothing is counted twice."""
    exams(machines[0], 3)
    card = service_card(up(machines[0]))
    old = card.store
    visit(shop, issuer, card)
    card.store = old
    summary = visit(shop, issuer, card)
    assert [(m["reports"], m["fresh"]) for m in summary["machines"]] == [(1, 0)]
    assert debits_of(shop, administrator) == 3


def test_reports_in_any_order_on_the_card(shop: Shop, issuer: FakeDevice, machines: list[Machine]) -> None:
    exams(machines[0], 6)
    card = service_card(up(machines[0], 9, 24), up(machines[0], 1, 8))
    assert visit(shop, issuer, card)["machines"][0]["ack_seq"] == 24
    assert shop.get("/alerts")["items"] == []


def test_orders_go_along(
    shop: Shop, issuer: FakeDevice, machines: list[Machine], context: Context, administrator: TestClient
) -> None:
    with transaction(context.engine) as session:
        commands.order_by_system(session, 1, uplink.REVOKE_BATCH, [70], NOW)
        commands.order_by_system(session, 2, uplink.REVOKE_BATCH, [71], NOW)
    exams(machines[0], 1)
    card = service_card(up(machines[0]))
    summary = visit(shop, issuer, card, machine_ids=[2])
    assert [(m["machine_id"], m["reports"], m["orders"]) for m in summary["machines"]] == [(1, 1, 1), (2, 0, 1)]
    assert [command.args for command in pushes(card, machines[0])[0].commands] == [[70]]
    assert [command.args for command in pushes(card, machines[1])[0].commands] == [[71]]
    states = [item["state"] for item in administrator.get("/api/v1/machines/2/commands").json()["items"]]
    assert states == ["sent"]


def test_a_push_that_was_not_delivered_is_renewed(shop: Shop, issuer: FakeDevice, machines: list[Machine]) -> None:
    exams(machines[0], 1)
    card = service_card(up(machines[0]))
    visit(shop, issuer, card)
    machines[0].exam(1900)
    machines[0].send(shop.client)  # by another way meanwhile
    visit(shop, issuer, card)
    assert [ack.ack_seq for ack in pushes(card, machines[0])] == [8]


def test_what_is_wrong_with_one_report_hurts_no_other(
    shop: Shop, issuer: FakeDevice, machines: list[Machine], context: Context
) -> None:
    exams(machines[0], 2)
    exams(machines[1], 2)
    altered = bytearray(machines[0].report())
    altered[-3] ^= 1
    stranger = Machine(77, key=b"s" * 32)
    stranger.exam(5)
    card = service_card(
        mailbox.encode(mailbox.UP, 1, bytes(altered)),
        up(stranger),
        mailbox.encode(mailbox.UP, 1, b"no report at all"),
        mailbox.encode(mailbox.PUSH, 77, b"another system's letter"),
        up(machines[1]),
    )
    summary = visit(shop, issuer, card)
    assert {(error["machine_id"], error["code"]) for error in summary["errors"]} == {
        (1, "uplink_not_authentic"),
        (77, "uplink_unknown_machine"),
        (1, "uplink_malformed"),
    }
    assert all(error["message"] for error in summary["errors"])
    assert [m["machine_id"] for m in summary["machines"]] == [2]
    kept = [(frame.kind, frame.machine_id) for frame in mailbox.frames(card.store)]
    assert sorted(kept) == [(mailbox.UP, 1), (mailbox.UP, 1), (mailbox.UP, 77), (mailbox.PUSH, 2), (mailbox.PUSH, 77)]


def test_under_a_false_name(shop: Shop, issuer: FakeDevice, machines: list[Machine]) -> None:
    """A frame's address proves nothing: the report counts for whoever sealed it."""
    exams(machines[0], 2)
    card = service_card(mailbox.encode(mailbox.UP, 2, machines[0].report()))
    summary = visit(shop, issuer, card)
    assert [(m["machine_id"], m["reports"]) for m in summary["machines"]] == [(1, 1)]
    assert [frame.machine_id for frame in mailbox.frames(card.store)] == [1]


def test_torn_away_while_the_answers_were_written(shop: Shop, issuer: FakeDevice, machines: list[Machine]) -> None:
    exams(machines[0], 3)
    card = service_card(up(machines[0]))
    card.mishaps = ["removed_early"]
    issuer.show(card)
    detail = shop.refused(f"/devices/{shop.child_issuer_id}/service-card", "device_refused", timeout_ms=1000)
    assert detail["reason"] == "removed_early"
    summary = visit(shop, issuer, card)
    assert [m["ack_seq"] for m in summary["machines"]] == [12]
    assert pushes(card, machines[0])[0].ack_seq == 12


def test_a_card_without_room_for_the_answer(shop: Shop, issuer: FakeDevice, machines: list[Machine]) -> None:
    letters = [mailbox.encode(mailbox.UP, 100 + number, bytes([number]) * 100) for number in range(6)]
    card = service_card(*letters)
    before = card.store
    summary = visit(shop, issuer, card, machine_ids=[1])
    assert "service_card_full" in [error["code"] for error in summary["errors"]]
    assert (card.store, card.writes) == (before, 0)


def test_cards_that_are_none(shop: Shop, issuer: FakeDevice) -> None:
    path = f"/devices/{shop.child_issuer_id}/service-card"
    issuer.show(shop.blank())
    shop.refused(path, "wrong_card", timeout_ms=1000)
    shop.refused(path, "device_refused", timeout_ms=10)
    shop.post(path, 422, timeout_ms=-1)
    shop.post(path, 422, machine_ids=list(range(1, 40)))
    shop.post("/devices/99/service-card", 404)
    swipe, swipe_id = shop.plug_in("swipe")
    swipe.role = "swipe"
    shop.refused(f"/devices/{swipe_id}/service-card", "wrong_device", timeout_ms=10)


def test_making_one(shop: Shop, issuer: FakeDevice) -> None:
    card = shop.blank()
    path = f"/devices/{shop.child_issuer_id}/service-card/format"
    issuer.show(card)
    made = shop.post(path, timeout_ms=1000)
    assert made == {"uid": card.uid.hex(), "store_bytes": classic.STORE_BYTES}
    card.store = b"\1" * classic.STORE_BYTES
    issuer.show(card)
    shop.post(path, timeout_ms=1000)
    assert card.store == bytes(classic.STORE_BYTES)
    white = FakeCard(uid=b"\x04\x09\x09\x09", kind="white")
    issuer.show(white)
    shop.refused(path, "wrong_card", timeout_ms=1000)


def test_a_card_of_an_issuing_job_is_not_taken(batch_shop: Shop) -> None:
    """A one-time card torn while it was written looks torn to the reader; it is still that job's."""
    card = batch_shop.blank()
    card.mishaps = ["removed_early"]
    batch_shop.child_issuer.show(batch_shop.batch, card)
    job = batch_shop.order_one_time()
    batch_shop.wait_until(job, lambda job: job["torn"] == 1)
    batch_shop.post(f"/issuing/jobs/{job}/cancel")
    batch_shop.finished(job, "cancelled")
    batch_shop.child_issuer.show(card)
    path = f"/devices/{batch_shop.child_issuer_id}/service-card/format"
    batch_shop.refused(path, "card_in_use", timeout_ms=1000)
    assert card.kind == "torn"


def test_only_for_those_who_issue_cards(shop: Shop, issuer: FakeDevice, visitor: TestClient) -> None:
    answer = visitor.post(f"/api/v1/devices/{shop.child_issuer_id}/service-card", json={})
    assert answer.status_code in (401, 403)
