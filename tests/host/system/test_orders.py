"""Orders all the way: given to the real back office, obeyed by the real firmware, answered where a person sees it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from protocol import journal, keys

from backoffice.authority import signing
from backoffice.authority.secret import Secret
from emulator.device import Board
from emulator.faults import TearPoint
from emulator.kit import tap
from tests.host.system.clinic import FIRST, Clinic, Office, all_reported, debited, journal_of, reason

MINUTE_MS = 60_000
ROUNDS_MAX = 60
FRAMES_OF_A_DEBIT = range(8, 80)

ADMINISTRATOR = 1


@pytest.fixture
def machine(clinic: Clinic, office: Office) -> Board:
    """Awake, and heard of."""
    board = clinic.machine(online=True)
    all_reported(board)
    return board


@pytest.fixture
def authority(app: FastAPI, office: Office) -> Iterator[None]:
    """The authority that initialised the machine has its session open."""
    secret = office.authority.master_secret
    key = signing.public_key(keys.authority_scalar(secret))
    app.state.workshop.room.open(1, key, Secret(secret), ADMINISTRATOR)
    yield
    app.state.workshop.room.close()


@pytest.fixture
def false_authority(app: FastAPI, office: Office) -> Iterator[None]:
    """Somebody made a master card of his own."""
    secret = b"false" + bytes(27)
    app.state.workshop.room.open(1, signing.public_key(keys.authority_scalar(secret)), Secret(secret), ADMINISTRATOR)
    yield
    app.state.workshop.room.close()


def order(office: Office, path: str, **body: Any) -> int:
    """The order's id."""
    answer = office.browser.post(f"/api/v1/machines/1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    number: int = answer.json()["id"]
    return number


def read(office: Office, number: int) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in office.get("/machines/1/commands")["items"] if row["id"] == number)
    return found


def answered(office: Office, machine: Board, number: int) -> str:
    """What the machine said became of the order, as a person reads it."""
    machine.host.call("uplink.now")
    for _ in range(ROUNDS_MAX):
        found = read(office, number)
        if found["result"]:
            return f"{found['state']}: {found['result']}"
        machine.world.run_for(MINUTE_MS // 2)
    raise AssertionError(f"{read(office, number)}\n{machine.host.call('status')}\n{machine.crash_log}")


def state(office: Office) -> str:
    found: str = office.get("/machines/1")["state"]
    return found


@pytest.mark.usefixtures("authority")
def test_a_machine_is_locked_and_unlocked(clinic: Clinic, office: Office, machine: Board) -> None:
    lock = order(office, "lock", text="Call 400 800")
    assert answered(office, machine, lock) == "done: done"
    assert reason(machine, clinic.card()) == "locked"
    assert (state(office), office.alerts()) == ("locked", {"machine_locked": 1})
    unlock = order(office, "unlock")
    assert answered(office, machine, unlock) == "done: done"
    assert reason(machine, clinic.card()) == "granted"
    assert (state(office), office.alerts()) == ("active", {"machine_unlocked": 1})


@pytest.mark.usefixtures("false_authority")
def test_an_order_of_a_false_authority_is_refused(clinic: Clinic, office: Office, machine: Board) -> None:
    assert answered(office, machine, order(office, "lock")) == "failed: bad_signature"
    assert reason(machine, clinic.card()) == "granted"
    assert (state(office), office.alerts()) == ("active", {"order_refused": 1})


def test_it_reports_as_often_as_it_is_told(office: Office, machine: Board) -> None:
    assert answered(office, machine, order(office, "report-interval", report_interval_s=180)) == "done: done"
    assert office.get("/machines/1")["report_interval_s"] == 180
    posted_before = len(office.wire.requests)
    machine.world.run_for(20 * MINUTE_MS)
    # The office's clock stands still here, so each answer sets the machine's back, and that is reported, too.
    assert 6 <= len(office.wire.requests) - posted_before <= 2 * 8


def test_the_clock_is_set(office: Office, machine: Board) -> None:
    assert answered(office, machine, order(office, "set-time")) == "done: done"
    assert machine.host.call("status")["clock"]["quality"] == "trusted"


def test_a_card_and_then_its_batch_are_refused(clinic: Clinic, office: Office, machine: Board) -> None:
    batch = clinic.order.batch_id
    assert answered(office, machine, order(office, "revoked-credits", batch=batch, credit=FIRST)) == "done: done"
    assert reason(machine, clinic.card(FIRST)) == "revoked"
    assert reason(machine, clinic.card(FIRST + 1)) == "granted"
    machine.host.call("swipe.end")
    assert answered(office, machine, order(office, "revoked-batches", batch=batch)) == "done: done"
    assert reason(machine, clinic.card(FIRST + 2)) == "revoked"


def test_a_card_in_doubt_is_refunded(clinic: Clinic, office: Office, machine: Board) -> None:
    credit = torn_before_its_debit(clinic, machine)
    all_reported(machine)
    (doubt,) = office.get("/in-doubt")["items"]
    assert (doubt["batch"], doubt["credit"]) == (clinic.order.batch_id, credit)
    refund = order(office, "refunded-credits", batch=doubt["batch"], credit=credit)
    assert answered(office, machine, refund) == "done: done"
    assert office.get("/in-doubt")["items"] == []
    assert tap(machine, clinic.card(credit))["reason"] != "granted"
    assert debited(machine) == []


def test_a_refund_comes_too_late_for_an_exam_that_took_place(clinic: Clinic, office: Office, machine: Board) -> None:
    credit = torn_before_its_debit(clinic, machine)
    all_reported(machine)
    machine.network.up = False
    refund = order(office, "refunded-credits", batch=clinic.order.batch_id, credit=credit)
    assert reason(machine, clinic.card(credit)) == "granted"
    machine.network.up = True
    assert answered(office, machine, refund) == "failed: too_late"
    assert office.usage() == [credit]


def test_a_wrong_server_is_tried_and_given_up(clinic: Clinic, office: Office, machine: Board) -> None:
    wrong = order(office, "settings", settings={"server_host": "127.0.0.1", "server_port": 9})
    assert answered(office, machine, wrong) == "failed: returned"
    assert office.alerts() == {"trial_failed": 1}
    right = order(office, "settings", settings={"server_path": "/api/v1/uplink"})
    assert answered(office, machine, right) == "done: done"
    assert reason(machine, clinic.card()) == "granted"
    all_reported(machine)
    assert office.usage() == [FIRST]


def torn_before_its_debit(clinic: Clinic, machine: Board) -> int:
    """A card that was taken away after the machine noted its intent; its credit."""

    def torn_at(credit: int, frame: int) -> bool:
        machine.field.tear(TearPoint(machine.field.frame_count + frame, "before"))
        tap(machine, clinic.card(credit))
        machine.field.settle()
        intents = [entry.credit for entry in journal_of(machine, journal.INTENT)]
        return credit in intents and credit not in debited(machine)

    return first(FIRST + 10, torn_at)


def first(credit: int, torn_at: Callable[[int, int], bool]) -> int:
    """The first of some cards, each taken away one frame later than the one before."""
    for place, frame in enumerate(FRAMES_OF_A_DEBIT):
        if torn_at(credit + place, frame):
            return credit + place
    raise AssertionError("no tear left a card in doubt")
