"""The issuing desk with the real firmware: a torn card, a device that restarts, a card made blank again."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from protocol.records import OneTimeRecord

from emulator.cards.classic import ClassicCard
from emulator.world import World
from tests.host.backoffice.issuing.boards import Desk, Reader
from tests.host.backoffice.issuing.conftest import CHEAP
from tests.host.backoffice.issuing.shop import ISSUER_PIN, MASTER_PIN

ONE_TIME_CARDS = 4


@pytest.fixture
def world() -> Iterator[World]:
    made = World(seed=20, real_time=True)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def desk(app: FastAPI, administrator: TestClient, world: World) -> Desk:
    app.state.workshop.cost = CHEAP
    return Desk(administrator, world)


def credit_of(card: ClassicCard) -> int:
    """What the plastic really carries."""
    return OneTimeRecord.decode(bytes(card.blocks[4]) + bytes(card.blocks[5])[:14]).credit


def register(desk: Desk, reader: Reader, role: str, institution_id: int | None = None) -> None:
    machine = desk.post("/machines", role=role, name=role, institution_id=institution_id)
    reader.machine_id = machine["id"]
    reader.device_id = desk.post("/devices", name=role, url=reader.url, role=role)["id"]


def initialise(desk: Desk, reader: Reader, master: ClassicCard) -> None:
    reader.lay(master)
    desk.post("/authority/provision", device_id=reader.device_id, machine_id=reader.machine_id)
    reader.lay(None)


def test_the_whole_issue(desk: Desk, world: World) -> None:
    master_issuer, child_issuer, swipe = (Reader(world, name) for name in ("master", "child", "swipe"))
    institution = desk.post("/institutions", code=700, name="Eye Clinic")
    register(desk, master_issuer, "master_issuer")
    register(desk, child_issuer, "child_issuer")
    register(desk, swipe, "swipe", institution["id"])

    master = make_master(desk, master_issuer)
    initialise(desk, child_issuer, master)
    initialise(desk, swipe, master)
    white = make_white(desk, master_issuer)
    batch_id, batch = make_batch(desk, child_issuer, swipe, white)

    cards, job_id = make_one_time(desk, child_issuer, batch_id, batch)
    assert sorted(credit_of(card) for card in cards) == [1, 2, 3, 4]
    recover_one(desk, child_issuer, batch, cards[1], job_id)


def make_master(desk: Desk, reader: Reader) -> ClassicCard:
    master = desk.blank()
    reader.lay(master)
    desk.post("/authority/master", device_id=reader.device_id, pin=MASTER_PIN, accept_weak_medium=True)
    desk.post("/authority/session", device_id=reader.device_id, pin=MASTER_PIN)
    reader.lay(None)
    return master


def make_white(desk: Desk, reader: Reader) -> ClassicCard:
    """Torn away once while it is written."""
    whites: list[ClassicCard] = []
    job = desk.post("/issuing/white", device_id=reader.device_id, count=1, quota=50, issuer_pin=ISSUER_PIN)
    ended = desk.follow(job["id"], reader, {}, whites, before_lay=lambda card: reader.tear_at_write(card, 5))
    assert (ended["state"], ended["written"]) == ("done", 1), ended["error_code"]
    return whites[0]


def make_batch(desk: Desk, child_issuer: Reader, swipe: Reader, white: ClassicCard) -> tuple[int, ClassicCard]:
    wish = {"white_id": 1, "machine_id": swipe.machine_id, "count": ONE_TIME_CARDS}
    confirmation = desk.post("/issuing/batch/preview", **wish)["confirmation"]
    order = {**wish, "device_id": child_issuer.device_id, "pin": ISSUER_PIN, "confirmation": confirmation}
    job = desk.post("/issuing/batch", **order)
    batches: list[ClassicCard] = []
    ended = desk.follow(job["id"], child_issuer, {"show_white": white}, batches)
    assert ended["state"] == "done", ended["error_code"]
    return job["batch_id"], batches[0]


def make_one_time(desk: Desk, reader: Reader, batch_id: int, batch: ClassicCard) -> tuple[list[ClassicCard], int]:
    """The second card is torn away; at the third the device restarts."""
    cards: list[ClassicCard] = []

    def mishap(card: ClassicCard) -> None:
        if len(cards) == 2:
            reader.tear_at_write(card, 2)
        if len(cards) == 3:
            reader.restart_while_it_waits()

    job = desk.post("/issuing/one-time", device_id=reader.device_id, batch_id=batch_id, pin=ISSUER_PIN)
    stopped = desk.follow(job["id"], reader, {"show_batch": batch}, cards, before_lay=mishap)
    assert (stopped["state"], stopped["written"]) == ("paused", 2), stopped["error_code"]
    desk.post(f"/issuing/jobs/{job['id']}/resume", pin=ISSUER_PIN)
    cards.pop()
    ended = desk.follow(job["id"], reader, {"show_batch": batch}, cards)
    assert (ended["state"], ended["written"], ended["torn"]) == ("done", ONE_TIME_CARDS, 0), (
        ended["error_code"],
        ended["error_message"],
    )
    return cards, job["id"]


def recover_one(desk: Desk, reader: Reader, batch: ClassicCard, card: ClassicCard, job_id: int) -> None:
    """An unused card is checked, made blank, and its credit goes on another card."""
    credit = credit_of(card)
    reader.lay(card)
    found = desk.post("/issuing/verify", device_id=reader.device_id)
    assert (found["genuine"], found["credit"], found["findings"]) == (True, credit, [])
    planned = desk.post("/issuing/recover", device_id=reader.device_id)
    assert (planned["credit"], planned["state"]) == (credit, "planned")
    assert desk.post("/issuing/verify", device_id=reader.device_id)["kind"] == "blank"
    reader.lay(None)
    desk.post(f"/issuing/jobs/{job_id}/resume", pin=ISSUER_PIN)
    again: list[ClassicCard] = [card] * (ONE_TIME_CARDS - 1)
    ended = desk.follow(job_id, reader, {"show_batch": batch}, again)
    assert (ended["state"], ended["written"], ended["erased"]) == ("done", ONE_TIME_CARDS, 1), (
        ended["error_code"],
        ended["error_message"],
    )
    assert credit_of(again[-1]) == credit
