"""Months without a network: reports and orders travel on a card, between the real firmware, a real issuer board and the
real back office; torn at any frame, copied, altered, played back. Nothing is lost, nothing counts twice."""

from typing import Any

import pytest
from fastapi import FastAPI
from protocol import journal, keys, mailbox, results, uplink

from backoffice.authority import signing
from backoffice.authority.secret import Secret
from backoffice.devices import service_card
from backoffice.devices.issuer import Issuer, of_link_error
from backoffice.devices.service_card import Visit
from backoffice.errors import DeviceRefused
from backoffice.models import Device
from client.errors import Refused
from emulator.cards.classic import ClassicCard
from emulator.device import Board
from emulator.errors import HostError
from emulator.faults import TearPoint
from emulator.kit import child_issuer, read_store, tap_service
from tests.host.system.clinic import FIRST, Clinic, Office, debited, exam, journal_of, reason

WRITE_DATA_BYTES = 18


class BoardIssuer(Issuer):
    """The back office's driver, with a board in virtual time at its other end instead of a serial port."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.waiting = False

    def _call(self, method: str, params: dict[str, Any], timeout_ms: int) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self.board.host.call(method, timeout_ms, **params)
        except HostError as error:
            raise of_link_error(Refused(error.reason, str(error)), method) from error
        return answer

    def wait_card(self, timeout_ms: int) -> Any:
        self.link = _Waiting(self)  # type: ignore[assignment]
        return super().wait_card(timeout_ms)


class _Waiting:
    def __init__(self, issuer: BoardIssuer) -> None:
        self._issuer = issuer

    def wait_call(self, method: str, timeout_ms: int) -> dict[str, Any]:
        return self._issuer.board.host.call(method, timeout_ms=timeout_ms)  # type: ignore[no-any-return]


class Desk:
    """The issuing desk of the back office."""

    def __init__(self, app: FastAPI, clinic: Clinic) -> None:
        self.board = child_issuer(clinic.world, clinic.authority)
        self.workshop = app.state.workshop
        self.device = Device(id=1, name="desk", url="", role="child_issuer", created_at=0)
        self.device.unique_id = str(self.board.host.call("hello")["unique_id"])

    def visit(self, card: ClassicCard, *also_for: int, tear: TearPoint | None = None) -> Visit:
        self.board.world.run_for(400)
        if tear is not None:
            self.board.field.tear(tear)
        self.board.field.enter(card)
        try:
            return service_card.exchange(self.workshop, BoardIssuer(self.board), self.device, 3000, also_for)
        finally:
            self.board.field.tears.clear()
            if card in self.board.field.cards:
                self.board.field.leave(card)


@pytest.fixture
def desk(app: FastAPI, office: Office, clinic: Clinic) -> Desk:
    return Desk(app, clinic)


@pytest.fixture
def authority(app: FastAPI, office: Office) -> None:
    secret = office.authority.master_secret
    key = signing.public_key(keys.authority_scalar(secret))
    app.state.workshop.room.open(1, key, Secret(secret), 1)


@pytest.fixture
def machine(clinic: Clinic) -> Board:
    return clinic.machine()


@pytest.fixture
def card(clinic: Clinic) -> ClassicCard:
    return clinic.authority.service_card()


def pending(machine: Board) -> int:
    return int(machine.host.call("status")["journal"]["pending"])


def order(office: Office, path: str, **body: Any) -> int:
    answer = office.browser.post(f"/api/v1/machines/1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def test_there_and_back(clinic: Clinic, office: Office, desk: Desk, machine: Board, card: ClassicCard) -> None:
    for credit in range(FIRST, FIRST + 8):
        exam(machine, clinic.card(credit))
    tap_service(machine, card)
    visit = desk.visit(card)
    assert (visit.errors, visit.machines[1].reports, visit.machines[1].fresh) == ([], 1, 1)
    assert office.usage() == debited(machine) == list(range(FIRST, FIRST + 8))
    assert tap_service(machine, card)["pushes"] == 1
    assert pending(machine) == 0
    assert office.alerts() == {}


def test_a_courier_between_two_machines(
    clinic: Clinic, office: Office, desk: Desk, machine: Board, card: ClassicCard
) -> None:
    other = clinic.machine(2)
    for round_number in range(4):
        exam(machine, clinic.card(FIRST + round_number))
        tap_service(machine, card)
        tap_service(other, card)
        visit = desk.visit(card)
        assert visit.errors == []
        assert set(visit.machines) == {1, 2}
    assert office.usage() == list(range(FIRST, FIRST + 4))
    tap_service(other, card)
    assert pending(other) == 0


def test_locked_and_unlocked_by_card(
    clinic: Clinic, office: Office, desk: Desk, machine: Board, card: ClassicCard, authority: None
) -> None:
    locked = order(office, "lock", text="Call us")
    desk.visit(card, 1)
    locked_image = card.image()
    tap_service(machine, card)
    assert reason(machine, clinic.card()) == "locked"
    desk.visit(card)
    states = {row["id"]: (row["state"], row["result"]) for row in office.get("/machines/1/commands")["items"]}
    assert states[locked][0] == "done"
    order(office, "unlock")
    desk.visit(card, 1)
    tap_service(machine, card)
    assert reason(machine, clinic.card()) == "granted"
    machine.host.call("swipe.end")
    card.load(locked_image)  # somebody kept the card that locked the machine
    tap_service(machine, card)
    assert reason(machine, clinic.card(FIRST + 1)) == "granted"
    orders = [entry.detail[5] for entry in journal_of(machine, journal.COMMAND)]
    assert orders == [results.DONE, results.DONE]


def test_torn_at_every_frame_at_the_machine(
    clinic: Clinic, office: Office, desk: Desk, machine: Board, card: ClassicCard
) -> None:
    """A visit with a push to take and a report to leave, beside another machine's report."""
    other = clinic.machine(2)
    tap_service(other, card)
    theirs = [frame.message for frame in mailbox.frames(read_store(card))]
    exam(machine, clinic.card())
    tap_service(machine, card)
    desk.visit(card)
    exam(machine, clinic.card(FIRST + 1))
    tap_service(other, card)
    theirs = messages_of(card, 2)
    image, flash = card.image(), machine.flash.image()
    whole = frames_of_a_visit(machine, card)
    assert messages_of(card, 2) == theirs
    machine.power_off()
    for number, point in enumerate(tear_points(whole)):
        if number % 9 == 0:  # a machine that has not seen the push yet
            clinic.world.run_for(100)
            machine = clinic.wake(f"again {number}", flash)
        card.load(image)
        machine.field.tear(TearPoint(machine.field.frame_count + point.frame, point.phase, point.fraction))
        machine.host.take_notifications("service")
        machine.field.enter(card)
        clinic.world.run_for(2500)
        machine.field.tears.clear()
        if card in machine.field.cards:
            machine.field.leave(card)
        clinic.world.run_for(400)
        assert messages_of(card, 2) == theirs
        tap_service(machine, card)
        assert messages_of(card, 2) == theirs
        found = journal_seqs(clinic, card)
        assert found[-1] == machine.host.call("status")["journal"]["seq"], point
        if number % 9 == 8:
            machine.power_off()
    assert desk.visit(card).errors == []
    assert office.usage() == [FIRST, FIRST + 1]


def messages_of(card: ClassicCard, machine_id: int) -> list[bytes]:
    return [frame.message for frame in mailbox.frames(read_store(card)) if frame.machine_id == machine_id]


def journal_seqs(clinic: Clinic, card: ClassicCard) -> list[int]:
    """Of machine 1's entries on the card."""
    key = clinic.authority.machine_key(1)
    reports = [
        uplink.open_report(key, frame.message)
        for frame in mailbox.frames(read_store(card))
        if (frame.kind, frame.machine_id) == (mailbox.UP, 1)
    ]
    return sorted({entry.seq for report in reports for entry in report.entries})


def frames_of_a_visit(machine: Board, card: ClassicCard) -> list[tuple[int, bool]]:
    """(frame since the card came, whether it begins a write) of an undisturbed visit."""
    first = machine.field.frame_count
    tap_service(machine, card)
    log = [entry for entry in machine.field.frames if entry.number >= first]
    return [
        (entry.number - first, entry.direction == "reader" and len(entry.data) == WRITE_DATA_BYTES) for entry in log
    ]


def tear_points(frames: list[tuple[int, bool]]) -> list[TearPoint]:
    """After every tenth frame, and inside every write."""
    points = [TearPoint(frame, "after") for frame, _ in frames[::10]]
    return points + [TearPoint(frame, "inside_write", 0.5) for frame, writes in frames if writes]


def test_torn_at_the_desk(clinic: Clinic, office: Office, desk: Desk, machine: Board, card: ClassicCard) -> None:
    exam(machine, clinic.card())
    tap_service(machine, card)
    image = card.image()
    for frame in range(20, 260, 24):
        card.load(image)
        tear = TearPoint(desk.board.field.frame_count + frame, "after")
        assert torn_visit(desk, card, tear) in ("", "removed_early", "timeout")
        visit = desk.visit(card)
        assert visit.errors == []
        assert [frame.kind for frame in mailbox.frames(read_store(card))] == [mailbox.PUSH]
    assert office.usage() == [FIRST]
    tap_service(machine, card)
    assert pending(machine) == 0


def torn_visit(desk: Desk, card: ClassicCard, tear: TearPoint) -> str:
    """Why it failed; "" when the card stayed long enough."""
    try:
        desk.visit(card, tear=tear)
    except DeviceRefused as error:
        return str(error.detail["reason"])
    return ""


def test_images_of_the_card_played_back(
    clinic: Clinic, office: Office, desk: Desk, machine: Board, card: ClassicCard
) -> None:
    """Every state that the card was ever in comes again, at both ends, in any order."""
    images = [card.image()]
    for credit in range(FIRST, FIRST + 3):
        exam(machine, clinic.card(credit))
        tap_service(machine, card)
        images.append(card.image())
        desk.visit(card)
        images.append(card.image())
    for index in (3, 1, 5, 0, 2, 4, 6, 1):
        card.load(images[index])
        tap_service(machine, card)
        assert desk.visit(card).errors == []
        card.load(images[-index])
        desk.visit(card)
        tap_service(machine, card)
    assert office.usage() == debited(machine) == [FIRST, FIRST + 1, FIRST + 2]
    assert office.alerts() == {}
    exam(machine, clinic.card(FIRST + 3))
    fresh = clinic.authority.service_card()
    tap_service(machine, fresh)
    desk.visit(fresh)
    assert office.usage() == [FIRST, FIRST + 1, FIRST + 2, FIRST + 3]


def test_card_and_network_at_once(
    clinic: Clinic, office: Office, desk: Desk, machine: Board, card: ClassicCard
) -> None:
    """The card is still on its way when the network comes back."""
    exam(machine, clinic.card())
    tap_service(machine, card)
    machine.network.up = True
    machine.host.call("uplink.now")
    assert clinic.world.run_until(lambda: office.usage() == [FIRST], 120_000)
    visit = desk.visit(card)
    assert (visit.machines[1].reports, visit.machines[1].fresh) == (1, 0)
    tap_service(machine, card)
    assert office.usage() == [FIRST]
    assert office.alerts() == {}
