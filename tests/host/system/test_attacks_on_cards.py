"""Forged, copied, altered and strayed cards on a machine with the real firmware: no exam, and nothing is debited."""

from collections.abc import Callable
from typing import Any

import pytest
from protocol import classic, keys
from protocol.records import BatchRecord, OneTimeRecord

from emulator.cards.classic import ClassicCard
from emulator.device import Board
from emulator.kit import BatchOrder, TestAuthority, tap
from emulator.kit.authority import personalise
from tests.host.system.clinic import BATCH, FIRST, INSTITUTION, Clinic, Office, all_reported, debited, exam, reason

THIEF = TestAuthority(seed=666)
NEW_BATCH = 9
Alter = Callable[[BatchRecord], object]


def refused_for_ever(machine: Board, card: ClassicCard, why: str) -> None:
    """However often it is held to the reader, also after the power came back."""
    before = debited(machine)
    assert [reason(machine, card) for _ in range(2)] == [why, why]
    assert not machine.relay
    assert debited(machine) == before


def batches(machine: Board) -> list[int]:
    return [batch["batch"] for batch in machine.host.call("status")["batches"]]


# --- the chain: white and batch cards ------------------------------------------------------------------------------


def test_white_card_signed_by_another_authority(clinic: Clinic) -> None:
    """The thief knows every access key and makes a whole chain of his own."""
    machine = clinic.machine(with_batch=False)
    order = clinic.authority.batch(NEW_BATCH, white=THIEF.white())
    refused_for_ever(machine, clinic.authority.batch_card(order), "forged")
    own = THIEF.batch(NEW_BATCH)
    refused_for_ever(machine, clinic.authority.batch_card(own), "forged")
    assert batches(machine) == []
    refused_for_ever(machine, clinic.authority.one_time_card(own, FIRST), "not_initialised")


def test_batch_signed_by_another_white_card(clinic: Clinic) -> None:
    machine = clinic.machine()
    order = clinic.authority.batch(NEW_BATCH)
    forged = THIEF.batch(NEW_BATCH).record.batch
    order.record.batch.signature = forged.signature
    refused_for_ever(machine, clinic.authority.batch_card(order), "forged")
    assert batches(machine) == [BATCH]


@pytest.mark.parametrize(
    "alter",
    [
        lambda record: setattr(record.batch, "count", 101),
        lambda record: setattr(record.batch, "first_credit", FIRST + 1),
        lambda record: setattr(record.batch, "batch_id", NEW_BATCH + 1),
        lambda record: setattr(record.batch, "batch_number", 2),
        lambda record: setattr(record.batch, "expires", 0xFFFFFFFF),
        lambda record: setattr(record.white, "quota", 2_000_000),
        lambda record: setattr(record.white, "first_credit", 1),
        lambda record: setattr(record.white, "expires", 0xFFFFFFFF),
    ],
    ids=["count", "first", "batch", "number", "expires", "quota", "white-first", "white-expires"],
)
def test_altered_batch_card(clinic: Clinic, alter: Alter) -> None:
    machine = clinic.machine()
    order = clinic.authority.batch(NEW_BATCH, first_credit=5000)
    alter(order.record)
    refused_for_ever(machine, clinic.authority.batch_card(order), "forged")
    assert batches(machine) == [BATCH]


@pytest.mark.parametrize(
    ("of", "now"),
    [({"machine_id": 2}, {"machine_id": 1}), ({"institution": 11}, {"institution": 10}), ({"epoch": 2}, {"epoch": 1})],
    ids=["machine", "institution", "epoch"],
)
def test_batch_of_others_relabelled(clinic: Clinic, of: dict[str, Any], now: dict[str, int]) -> None:
    """A genuine batch of another machine, institution or epoch, with our name written over theirs."""
    machine = clinic.machine()
    order = clinic.authority.batch(NEW_BATCH, first_credit=5000, **of)
    for name, value in now.items():
        setattr(order.record.batch, name, value)
    refused_for_ever(machine, clinic.authority.batch_card(order), "forged")


def test_range_outside_the_white_cards(clinic: Clinic) -> None:
    """Rightly signed by the holder of a white card who wants more than he was given."""
    machine = clinic.machine()
    small = clinic.authority.white(2, first_credit=5000, quota=50)
    order = clinic.authority.batch(NEW_BATCH, first_credit=5000, count=51, white=small)
    refused_for_ever(machine, clinic.authority.batch_card(order), "out_of_range")


def test_batch_key_of_another_batch(clinic: Clinic) -> None:
    """Certificate of one batch, sealed key of another: the key belongs to its certificate."""
    machine = clinic.machine()
    order = clinic.authority.batch(NEW_BATCH, first_credit=5000)
    order.record.machine_sealed = clinic.order.record.machine_sealed
    refused_for_ever(machine, clinic.authority.batch_card(order), "forged")


def test_batch_of_another_institution(clinic: Clinic) -> None:
    machine = clinic.machine()
    order = clinic.authority.batch(NEW_BATCH, first_credit=5000, institution=INSTITUTION + 1)
    card = clinic.authority.batch_card(order)
    refused_for_ever(machine, card, "other_institution")
    read_key = keys.batch_access_key(clinic.authority.institution_key(INSTITUTION), card.uid)
    readable = clinic.authority.blank_card(card.uid)
    personalise(readable, BatchRecord.KIND, order.record.encode(), read_key, clinic.authority.write_key(card.uid))
    refused_for_ever(machine, readable, "other_institution")


def test_batch_card_on_a_second_machine(clinic: Clinic) -> None:
    """Before and after it was used on the one that it is for."""
    first, second = clinic.machine(1, with_batch=False), clinic.machine(2, with_batch=False)
    card = clinic.authority.batch_card(clinic.order)
    refused_for_ever(second, card, "other_machine")
    assert reason(first, card) == "granted"
    refused_for_ever(second, card, "other_machine")
    assert (batches(first), batches(second)) == ([BATCH], [])
    refused_for_ever(second, clinic.card(), "not_initialised")


def test_batch_card_used_twice(clinic: Clinic) -> None:
    machine = clinic.machine(with_batch=False)
    card = clinic.authority.batch_card(clinic.order)
    spare = ClassicCard.clone(card)
    assert reason(machine, card) == "granted"
    exam(machine, clinic.card())
    refused_for_ever(machine, card, "batch_used")
    tap(machine, spare)
    assert machine.host.call("status")["batches"] == [{"batch": BATCH, "first": FIRST, "count": 100, "left": 99}]
    refused_for_ever(machine, clinic.card(), "used")


def test_batch_for_any_machine_on_a_card_that_can_be_copied(clinic: Clinic) -> None:
    machine = clinic.machine()
    order = clinic.authority.batch(NEW_BATCH, first_credit=5000, machine_id=0)
    refused_for_ever(machine, clinic.authority.batch_card(order), "weak_medium")


def test_expired_batch_once_the_clock_is_trusted(clinic: Clinic, office: Office) -> None:
    """Without a clock nobody is turned away; the first acknowledgement brings the time."""
    machine = clinic.machine(online=True)
    all_reported(machine)
    assert machine.host.call("status")["clock"]["quality"] == "trusted"
    expired = office.context.clock() - 1
    order = clinic.authority.batch(NEW_BATCH, first_credit=5000, expires=expired)
    refused_for_ever(machine, clinic.authority.batch_card(order), "expired")
    white = clinic.authority.white(2, first_credit=5000, quota=500, expires=expired)
    order = clinic.authority.batch(NEW_BATCH, first_credit=5000, white=white)
    refused_for_ever(machine, clinic.authority.batch_card(order), "expired")


# --- one-time cards ------------------------------------------------------------------------------------------------


def one_time(clinic: Clinic, record: OneTimeRecord, uid: bytes | None = None) -> ClassicCard:
    """A card with this very record, and with the keys that a genuine one would have."""
    card = clinic.authority.blank_card(uid)
    write_key = keys.one_time_access_key(clinic.order.key, card.uid)
    personalise(card, OneTimeRecord.KIND, record.encode(), classic.PUBLIC_READ_KEY, write_key)
    return card


@pytest.mark.parametrize("bit", [0, 63, 127])
def test_one_time_card_with_a_wrong_tag(clinic: Clinic, bit: int) -> None:
    card = clinic.authority.blank_card()
    record = clinic.authority.one_time(clinic.order, card.uid, FIRST)
    tag = int.from_bytes(record.tag, "big") ^ 1 << bit
    forged = OneTimeRecord(record.batch_id, record.credit, tag.to_bytes(16, "big"))
    refused_for_ever(clinic.machine(), one_time(clinic, forged, card.uid), "forged")


def test_one_time_card_with_the_tag_of_another_uid(clinic: Clinic) -> None:
    record = clinic.authority.one_time(clinic.order, b"\x04\x01\x02\x03", FIRST)
    refused_for_ever(clinic.machine(), one_time(clinic, record, b"\x04\x01\x02\x04"), "forged")


def test_one_time_card_with_the_credit_of_another(clinic: Clinic) -> None:
    uid = b"\x04\x01\x02\x03"
    tag = clinic.authority.one_time(clinic.order, uid, FIRST).tag
    refused_for_ever(clinic.machine(), one_time(clinic, OneTimeRecord(BATCH, FIRST + 1, tag), uid), "forged")


@pytest.mark.parametrize("credit", [FIRST - 1, FIRST + 100, 0, 0xFFFFFFFF])
def test_credit_outside_the_range(clinic: Clinic, credit: int) -> None:
    """Rightly tagged: whoever made it had the batch's key."""
    refused_for_ever(clinic.machine(), clinic.card(credit), "out_of_range")


def test_clone_after_the_original(clinic: Clinic) -> None:
    machine = clinic.machine()
    card = clinic.card()
    clones = [ClassicCard.clone(card, seed) for seed in range(3)]
    exam(machine, card)
    for clone in clones:
        assert clone.uid == card.uid
        refused_for_ever(machine, clone, "used")
    assert debited(machine) == [FIRST]


def test_clone_before_the_original(clinic: Clinic) -> None:
    """Whichever comes first is the card: one credit, one exam."""
    machine = clinic.machine()
    card = clinic.card()
    exam(machine, ClassicCard.clone(card))
    refused_for_ever(machine, card, "used")
    assert debited(machine) == [FIRST]


def test_card_made_fresh_again(clinic: Clinic) -> None:
    machine = clinic.machine()
    card = clinic.card()
    exam(machine, card)
    card.blocks[classic.ONE_TIME_BURN_BLOCK][:] = classic.FRESH
    refused_for_ever(machine, card, "used")
    machine.power_off()
    machine = clinic.wake("after the power came back", machine.flash.image())
    refused_for_ever(machine, card, "used")


def test_card_that_does_not_let_itself_be_burnt(clinic: Clinic) -> None:
    """A copy whose burn block is read-only: it is touched, it is in doubt, it never pays."""
    machine = clinic.machine()
    original = clinic.card()
    stubborn = ClassicCard.clone(original)
    trailer = stubborn.blocks[classic.trailer_of(1)]
    trailer[6:9] = read_only_data(bytes(trailer[6:9]))
    taps = [reason(machine, stubborn) for _ in range(3)]
    assert "granted" not in taps
    assert debited(machine) == []
    exam(machine, original)
    assert debited(machine) == [FIRST]


def read_only_data(access: bytes) -> bytes:
    """The same access bits, but data blocks that nobody may write (NXP MF1S50YYX 8.7.3: C1 C2 C3 = 0 1 0)."""
    trailer = classic.decode_access(access)[3]
    return classic.encode_access((2, 2, 2, trailer))[:3]


def test_one_time_card_of_a_revoked_batch(clinic: Clinic, office: Office) -> None:
    machine = clinic.machine(online=True)
    exam(machine, clinic.card(FIRST))
    assert office.browser.post("/api/v1/machines/1/revoked-batches", json={"batch": BATCH}).status_code == 201
    all_reported(machine)
    all_reported(machine)
    refused_for_ever(machine, clinic.card(FIRST + 1), "revoked")
    machine.power_off()
    machine = clinic.wake("after the power came back", machine.flash.image())
    refused_for_ever(machine, clinic.card(FIRST + 1), "revoked")


def test_white_card_holder_who_signs_a_range_twice(clinic: Clinic, office: Office) -> None:
    """Each machine for itself cannot know; the back office sees the credit twice and says so."""
    machines: list[Board] = []
    orders: list[BatchOrder] = [clinic.order, clinic.authority.batch(NEW_BATCH, FIRST, machine_id=2)]
    for order in orders:
        machine = clinic.machine(order.record.batch.machine_id, with_batch=False, online=True)
        assert reason(machine, clinic.authority.batch_card(order)) == "granted"
        exam(machine, clinic.authority.one_time_card(order, FIRST))
        all_reported(machine)
        machines.append(machine)
    assert [debited(machine) for machine in machines] == [[FIRST], [FIRST]]
    assert office.alerts() == {"double_credit": 1}
    assert office.usage() == [FIRST, FIRST]
    assert office.usage(disputed=True) == [FIRST]


def test_the_same_cards_honestly_made_are_taken(clinic: Clinic) -> None:
    """The refusals above are for the forgery alone."""
    machine = clinic.machine()
    order = clinic.authority.batch(NEW_BATCH, first_credit=5000)
    assert reason(machine, clinic.authority.batch_card(order)) == "granted"
    card = clinic.authority.blank_card()
    genuine = one_time(clinic, clinic.authority.one_time(clinic.order, card.uid, FIRST), card.uid)
    assert reason(machine, genuine) == "granted"
