"""Somebody sits on the line between the machine and the back office, or holds a copy of the machine's flash."""

import pytest
from protocol import cose, uplink

from emulator.cards.classic import ClassicCard
from emulator.device import Board
from tests.host.system.clinic import FIRST, Clinic, Office, all_reported, debited, exam, reason
from tests.host.system.wire import Answer, Instead

EXAMS = 3


@pytest.fixture
def machine(clinic: Clinic, office: Office) -> Board:
    """It has reported a few exams."""
    machine = clinic.machine(online=True)
    for credit in range(FIRST, FIRST + EXAMS):
        exam(machine, clinic.card(credit))
    all_reported(machine)
    return machine


def report_with_debits(office: Office, authority_key: bytes) -> bytes:
    """The genuine report that passed with the most entries."""
    return max(office.wire.requests, key=lambda message: len(uplink.open_report(authority_key, message).entries))


# --- reports -------------------------------------------------------------------------------------------------------


def test_replayed_reports(clinic: Clinic, machine: Board, office: Office) -> None:
    """Everything that ever passed, again and backwards: nothing counts twice, nobody is alarmed."""
    expected = [FIRST + number for number in range(EXAMS)]
    stored = office.stored()
    for message in [*office.wire.requests, *reversed(office.wire.requests)]:
        assert office.post_report(message) == (200, "")
    assert (office.usage(), office.stored(), office.alerts()) == (expected, stored, {})
    exam(machine, clinic.card(FIRST + EXAMS))
    all_reported(machine)
    assert office.usage() == [*expected, FIRST + EXAMS]


def test_altered_report(clinic: Clinic, office: Office) -> None:
    """One bit of any byte: header, key id, IV, ciphertext or tag. All are refused with a code, and nothing is kept."""
    machine = clinic.machine(online=True)
    office.wire.instead = lambda _message, _answer: (503, b"")
    exam(machine, clinic.card())
    clinic.world.run_for(60_000)
    assert office.usage() == [FIRST]
    genuine = office.wire.requests[-1]
    before = (office.stored(), office.usage(), office.get("/machines/1")["last_seen_at"], office.alerts())
    _, iv = cose.header(genuine)
    assert genuine.index(iv) > 0
    for place in range(len(genuine)):
        altered = bytearray(genuine)
        altered[place] ^= 1 << place % 8
        status, code = office.post_report(bytes(altered))
        assert status in (400, 403, 404), (place, status)
        assert code in ("uplink_malformed", "uplink_not_authentic", "uplink_unknown_machine"), (place, code)
    assert (office.stored(), office.usage(), office.get("/machines/1")["last_seen_at"], office.alerts()) == before


@pytest.mark.parametrize("cut", [1, 8, 9, 30])
def test_shortened_and_stretched_report(machine: Board, office: Office, cut: int) -> None:
    genuine = office.wire.requests[0]
    assert office.post_report(genuine[:-cut])[1] == "uplink_malformed"
    assert office.post_report(genuine + bytes(cut))[1] == "uplink_malformed"
    assert office.post_report(genuine + genuine[-cut:])[1] == "uplink_malformed"


def test_report_under_another_machines_number(machine: Board, office: Office) -> None:
    """The key id is what anybody may write on the envelope: it only says whose key has to open it."""
    genuine = office.wire.requests[0]
    number = uplink.machine_of(genuine).to_bytes(4, "big")
    relabelled = genuine.replace(number, (2).to_bytes(4, "big"), 1)
    assert uplink.machine_of(relabelled) == 2
    assert office.post_report(relabelled) == (403, "uplink_not_authentic")
    assert (office.stored(2), office.alerts()) == (0, {})


def test_report_sealed_by_a_stolen_machine_for_another(clinic: Clinic, machine: Board, office: Office) -> None:
    """Whoever owns machine 2's key owns machine 2, and nobody else."""
    own_key = clinic.authority.machine_key(2)
    stolen = uplink.open_report(clinic.authority.machine_key(1), report_with_debits(office, machine_key(clinic)))
    message = uplink.seal_report(own_key, stolen)
    assert uplink.machine_of(message) == 1
    assert office.post_report(message) == (403, "uplink_not_authentic")
    stolen.machine_id = 2
    assert office.post_report(uplink.seal_report(own_key, stolen)) == (400, "uplink_chain_broken")
    assert office.usage(machine_id=2) == []
    assert office.alerts() == {"chain_broken": 1}


# --- acknowledgements ----------------------------------------------------------------------------------------------


def machine_key(clinic: Clinic) -> bytes:
    return clinic.authority.machine_key(1)


def test_acknowledgement_of_another_report(clinic: Clinic, machine: Board, office: Office) -> None:
    """An old answer, genuine and recorded, is played to every new report: the machine keeps what was not stored."""
    old = office.wire.answers[-1]
    assert_not_believed(clinic, machine, office, lambda _message, _answer: old)


def test_acknowledgement_of_another_machine(clinic: Clinic, machine: Board, office: Office) -> None:
    """Sealed with the key of machine 2, bound to this very report."""
    stranger = clinic.authority.machine_key(2)

    def foreign(message: bytes, _answer: Answer) -> Answer:
        return 200, uplink.seal_ack(stranger, message, uplink.Ack(0xFFFF, 1, []))

    assert_not_believed(clinic, machine, office, foreign)


@pytest.mark.parametrize("place", [0, 3, 12, 20, 30, -9, -1])
def test_altered_acknowledgement(clinic: Clinic, machine: Board, office: Office, place: int) -> None:
    def altered(_message: bytes, answer: Answer) -> Answer:
        body = bytearray(answer[1])
        body[place] ^= 0x10
        return 200, bytes(body)

    assert_not_believed(clinic, machine, office, altered)


def test_report_played_back_as_its_own_acknowledgement(clinic: Clinic, machine: Board, office: Office) -> None:
    assert_not_believed(clinic, machine, office, lambda message, _answer: (200, message))


def assert_not_believed(clinic: Clinic, machine: Board, office: Office, instead: Instead) -> None:
    """The machine takes nothing from such an answer: no clock, no command, no pruning. An honest one then counts."""
    before = machine.host.call("status")
    office.wire.instead = instead
    exam(machine, clinic.card(FIRST + EXAMS))
    machine.host.call("uplink.now")
    clinic.world.run_for(30_000)
    during = machine.host.call("status")
    assert during["journal"]["acked"] == before["journal"]["acked"]
    assert during["journal"]["pending"] > 0
    assert during["uplink"]["last_ack_time"] == before["uplink"]["last_ack_time"]
    assert "the answer is wrong: " in during["uplink"]["last_error"]
    assert not during["locked"]
    office.wire.instead = None
    all_reported(machine)
    assert office.usage() == [FIRST + number for number in range(EXAMS + 1)]
    assert office.alerts() == {}


# --- the flash -----------------------------------------------------------------------------------------------------


def test_rolled_back_flash(clinic: Clinic, machine: Board, office: Office) -> None:
    """An image of yesterday goes on: the back office sees two histories, keeps both, hides no exam."""
    machine.power_off()
    restored = clinic.wake("restored", clinic.prepared.image(1), online=True)
    exam(restored, clinic.card(FIRST + 50))
    clinic.world.run_for(60_000)
    assert set(office.alerts()) == {"fork"}
    state = office.get("/machines/1/journal-state")[0]
    assert (state["forked"], state["missing"]) == (True, [])
    assert FIRST + 50 in office.usage()
    assert set(office.usage()) == {*range(FIRST, FIRST + EXAMS), FIRST + 50}


def test_rolled_back_flash_and_a_cloned_card(clinic: Clinic, office: Office) -> None:
    """Together they buy a second exam for one credit; it is seen as exactly that."""
    card = clinic.card()
    clone = ClassicCard.clone(card)
    machine = clinic.machine(online=True)
    exam(machine, card)
    all_reported(machine)
    machine.power_off()
    restored = clinic.wake("restored", clinic.prepared.image(1), online=True)
    assert reason(restored, card) == "used"
    exam(restored, clone)
    clinic.world.run_for(60_000)
    assert set(office.alerts()) == {"fork", "double_credit"}
    assert office.usage() == [FIRST]


def test_two_machines_from_one_flash(clinic: Clinic, office: Office) -> None:
    """A copied machine beside the original: the first report of either that differs gives them away."""
    original = clinic.machine(online=True)
    copy = clinic.wake("copy", clinic.prepared.image(1), online=True)
    exam(original, clinic.card(FIRST))
    exam(copy, clinic.card(FIRST + 1))
    clinic.world.run_for(60_000)
    assert "fork" in office.alerts()
    assert set(office.usage()) == {FIRST, FIRST + 1}
    assert (debited(original), debited(copy)) == ([FIRST], [FIRST + 1])
