"""The page of the service card: read it at a reader, see what it brought, send it back."""

from typing import Any

import pytest
from fastapi import FastAPI
from protocol import classic, keys, mailbox, uplink

from backoffice.accounts.roles import Role
from tests.host.backoffice.issuing.fake_card import FakeCard
from tests.host.backoffice.issuing.shop import Shop
from tests.host.backoffice.machines import Machine
from tests.host.backoffice.support import log_in, make_user


@pytest.fixture
def machine(master_shop: Shop, app: FastAPI) -> Machine:
    """A provisioned swipe machine that has no link at all, after two exams."""
    _device, machine_id = master_shop.make_machine()
    secret = app.state.workshop.room.present().secret.reveal()
    made = Machine(machine_id, key=keys.machine_key(secret, machine_id, 1))
    made.exam(500)
    made.exam(501)
    return made


def service_card(shop: Shop, *frames: bytes) -> FakeCard:
    card = shop.blank()
    card.kind, card.store = "service", b"".join(frames).ljust(classic.STORE_BYTES, b"\0")
    return card


def press(shop: Shop, path: str, **fields: Any) -> str:
    """The page that a form leads to."""
    answer = shop.client.post(path, data={"device": shop.child_issuer_id, **fields}, headers={"accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_what_a_card_brought_and_takes_back(master_shop: Shop, machine: Machine) -> None:
    report = mailbox.encode(mailbox.UP, machine.machine_id, machine.report())
    card = service_card(master_shop, report)
    master_shop.post(f"/machines/{machine.machine_id}/settings", 201, settings={"exam_s": 600})
    master_shop.child_issuer.show(card)
    page = press(master_shop, "/service-card")
    assert "What was on the card" in page
    assert "1 taken" in page
    assert [row["credit"] for row in master_shop.get("/usage")["items"]] == [501, 500]
    (frame,) = mailbox.frames(card.store)
    ack = uplink.open_push(machine.key, frame.message)
    assert (frame.kind, ack.ack_seq, ack.ack_mac) == (mailbox.PUSH, 8, machine.macs[-1])
    assert [command.args for command in ack.commands] == [[{"exam_s": 600}]]
    assert master_shop.get(f"/machines/{machine.machine_id}/commands")["items"][0]["sent_count"] == 1
    assert master_shop.get(f"/machines/{machine.machine_id}")["clock_offset_s"] is None


def test_the_same_card_again_does_no_harm(master_shop: Shop, machine: Machine) -> None:
    report = mailbox.encode(mailbox.UP, machine.machine_id, machine.report())
    for _ in range(2):
        master_shop.child_issuer.show(service_card(master_shop, report))
        page = press(master_shop, "/service-card")
    assert "known before" in page
    assert len(master_shop.get("/usage")["items"]) == 2


def test_orders_go_along_for_a_machine_that_is_not_on_the_card(master_shop: Shop, machine: Machine) -> None:
    master_shop.post(f"/machines/{machine.machine_id}/settings", 201, settings={"exam_s": 600})
    card = service_card(master_shop)
    master_shop.child_issuer.show(card)
    page = press(master_shop, "/service-card", machine=machine.machine_id)
    assert "no report" in page
    (frame,) = mailbox.frames(card.store)
    assert [command.args for command in uplink.open_push(machine.key, frame.message).commands] == [[{"exam_s": 600}]]


def test_what_could_not_be_taken_is_said(master_shop: Shop, machine: Machine) -> None:
    stranger = Machine(77, key=b"s" * 32)
    stranger.exam(1)
    card = service_card(master_shop, mailbox.encode(mailbox.UP, 77, stranger.report()))
    master_shop.child_issuer.show(card)
    page = press(master_shop, "/service-card")
    assert "It names a machine that is not registered." in page
    assert len(mailbox.frames(card.store)) == 1  # nothing that was not stored leaves the card


def test_another_card_is_told_from_a_service_card(master_shop: Shop) -> None:
    master_shop.child_issuer.show(master_shop.blank())
    assert "This is no service card." in press(master_shop, "/service-card")


def test_a_blank_card_becomes_a_service_card(master_shop: Shop) -> None:
    card = master_shop.blank()
    master_shop.child_issuer.show(card)
    assert "The service card is ready." in press(master_shop, "/service-card/make")
    assert card.kind == "service"


def test_who_may_not_issue_sees_nothing_of_it(master_shop: Shop, app: FastAPI) -> None:
    make_user(app.state.context, "investor", Role.INVESTOR)
    investor = log_in(app, "investor")
    for answer in (investor.get("/service-card"), investor.post("/service-card", data={"device": 1})):
        assert answer.json()["error"]["code"] == "forbidden"
