"""One-time cards on a swipe machine: granted once, and every reason to refuse."""

import pytest
from protocol import classic, journal

from emulator.cards.classic import ClassicCard
from emulator.checkers.journal_on_flash import read_journal
from emulator.device import Board
from emulator.errors import HostError
from emulator.kit import BatchOrder, TestAuthority, take_away, tap
from emulator.world import World


def reason(machine: Board, card: ClassicCard) -> str:
    return str(tap(machine, card)["reason"])


def end_exam(machine: Board) -> None:
    machine.host.call("swipe.end")
    assert not machine.relay


def test_a_card_starts_one_exam(machine: Board, authority: TestAuthority, order: BatchOrder) -> None:
    card = authority.one_time_card(order, 1000)
    answer = tap(machine, card)
    assert answer == {"reason": "granted", "batch": 7, "credit": 1000, "uid": card.uid.hex()}
    assert machine.relay
    status = machine.host.call("status")
    assert status["exam"] == {"running": True, "batch": 7, "credit": 1000}
    assert status["batches"] == [{"batch": 7, "first": 1000, "count": 100, "left": 99}]
    assert card.blocks[classic.ONE_TIME_BURN_BLOCK] != bytes(classic.FRESH)
    end_exam(machine)
    assert reason(machine, card) == "used"
    assert not machine.relay


def test_relay_within_the_goal(machine: Board, authority: TestAuthority, order: BatchOrder, world: World) -> None:
    """Frames, card writes and SPI calls alone; the interpreter's share is the benchmark's to add."""
    before_us = world.now_us
    tap(machine, authority.one_time_card(order, 1000))
    switched_us = next(time_us for time_us, level in machine.relay_log if level)
    assert switched_us - before_us < 150_000


def test_card_of_the_running_exam(machine: Board, authority: TestAuthority, order: BatchOrder) -> None:
    card = authority.one_time_card(order, 1000)
    assert reason(machine, card) == "granted"
    assert reason(machine, card) == "still_running"
    assert reason(machine, authority.one_time_card(order, 1001)) == "busy"
    end_exam(machine)
    assert reason(machine, authority.one_time_card(order, 1001)) == "granted"


def test_card_left_lying_is_acted_upon_once(
    machine: Board, authority: TestAuthority, order: BatchOrder, world: World
) -> None:
    card = authority.one_time_card(order, 1000)
    machine.field.enter(card)
    world.run_for(10_000)
    assert [message["params"]["reason"] for message in machine.host.take_notifications("tap")] == ["granted"]
    take_away(machine, card)
    machine.field.enter(card)
    world.run_for(2_000)
    assert [message["params"]["reason"] for message in machine.host.take_notifications("tap")] == ["still_running"]


def test_clone_is_refused(machine: Board, authority: TestAuthority, order: BatchOrder) -> None:
    card = authority.one_time_card(order, 1000)
    clone = ClassicCard.clone(card)
    assert reason(machine, card) == "granted"
    end_exam(machine)
    assert reason(machine, clone) == "used"


def test_card_of_another_batch(machine: Board, authority: TestAuthority) -> None:
    other = authority.batch(batch_id=8, first_credit=5000)
    assert reason(machine, authority.one_time_card(other, 5000)) == "other_batch"


def test_forged_tag(machine: Board, authority: TestAuthority, order: BatchOrder) -> None:
    card = authority.one_time_card(order, 1000)
    card.blocks[5][0] ^= 1
    assert reason(machine, card) == "forged"


def test_copy_on_another_uid(machine: Board, authority: TestAuthority, order: BatchOrder) -> None:
    card = authority.one_time_card(order, 1000)
    copy = authority.blank_card()
    for block in range(4, 8):
        copy.blocks[block][:] = card.blocks[block]
    assert reason(machine, copy) == "forged"


def test_copies_without_the_key_leave_nothing_on_the_flash(
    machine: Board, authority: TestAuthority, order: BatchOrder
) -> None:
    """What a card says can be read and copied, its write key cannot: it is asked for before an intent is journaled, of
    which there is room for a few dozen.
    """
    for credit in range(1000, 1070):
        copy = authority.one_time_card(order, credit)
        copy.blocks[4 * (classic.ONE_TIME_BURN_BLOCK // 4) + 3][10:] = bytes(6)
        assert reason(machine, copy) == "forged"
    assert read_journal(machine.flash.image()).of(journal.INTENT) == []
    assert reason(machine, authority.one_time_card(order, 1069)) == "granted"


def test_credit_outside_the_range(machine: Board, authority: TestAuthority, order: BatchOrder) -> None:
    assert reason(machine, authority.one_time_card(order, 1100)) == "out_of_range"
    assert reason(machine, authority.one_time_card(order, 999)) == "out_of_range"


def test_burnt_elsewhere(machine: Board, authority: TestAuthority, order: BatchOrder) -> None:
    card = authority.one_time_card(order, 1000)
    card.blocks[classic.ONE_TIME_BURN_BLOCK][:] = bytes(range(16))
    assert reason(machine, card) == "damaged"


def test_broken_header_length(machine: Board, authority: TestAuthority, order: BatchOrder) -> None:
    card = authority.one_time_card(order, 1000)
    card.blocks[4][5] = 29
    assert reason(machine, card) == "damaged"


def test_foreign_cards(machine: Board, authority: TestAuthority) -> None:
    assert reason(machine, authority.blank_card()) == "foreign"
    other_system = authority.blank_card()
    other_system.blocks[7][:6] = b"SECRET"
    assert reason(machine, other_system) == "foreign"


def test_cards_of_ours_that_do_not_belong_here(machine: Board, authority: TestAuthority) -> None:
    assert reason(machine, authority.master_card()) == "wrong_card"
    assert reason(machine, authority.white_card()) == "wrong_card"


def test_no_batch_yet(blank_swipe: Board, authority: TestAuthority, order: BatchOrder) -> None:
    assert reason(blank_swipe, authority.one_time_card(order, 1000)) == "not_initialised"


def test_two_cards(machine: Board, authority: TestAuthority, order: BatchOrder, world: World) -> None:
    cards = [authority.one_time_card(order, credit) for credit in (1000, 1001)]
    machine.host.take_notifications()
    for card in cards:
        machine.field.enter(card)
    world.run_for(1000)
    assert [message["params"]["reason"] for message in machine.host.take_notifications("tap")] == ["two_cards"]
    for card in cards:
        machine.field.leave(card)
    world.run_for(500)
    assert reason(machine, cards[0]) == "granted"


@pytest.mark.parametrize("length", [7, 10])
def test_longer_uids(machine: Board, authority: TestAuthority, order: BatchOrder, length: int) -> None:
    uid = bytes(range(4, 4 + length))
    card = authority.one_time_card(order, 1000, uid)
    assert tap(machine, card) == {"reason": "granted", "batch": 7, "credit": 1000, "uid": uid.hex()}


def test_exam_ends_by_itself(world: World, authority: TestAuthority, order: BatchOrder) -> None:
    from emulator.kit import swipe_machine

    machine = swipe_machine(world, authority, settings={"exam_s": 60})
    tap(machine, authority.batch_card(order))
    assert reason(machine, authority.one_time_card(order, 1000)) == "granted"
    world.run_for(50_000)
    assert machine.relay
    world.run_for(15_000)
    assert not machine.relay
    assert machine.host.call("status")["exam"] is None


class TestWithAClient:
    def test_debit(self, machine: Board, authority: TestAuthority, order: BatchOrder, world: World) -> None:
        card = authority.one_time_card(order, 1000)
        world.at(500, lambda: machine.field.enter(card))
        grant = machine.host.call("swipe.debit", timeout_ms=10_000, reference="exam 12")
        assert grant.pop("seq") > 0
        assert grant == {"batch": 7, "credit": 1000, "balance": {"left": 99}, "reference": "exam 12"}

    def test_refusal_carries_batch_and_credit(
        self, machine: Board, authority: TestAuthority, order: BatchOrder, world: World
    ) -> None:
        card = authority.one_time_card(order, 1000)
        tap(machine, card)
        end_exam(machine)
        world.at(500, lambda: machine.field.enter(card))
        with pytest.raises(HostError) as refusal:
            machine.host.call("swipe.debit", timeout_ms=10_000)
        assert refusal.value.data == {"reason": "used", "batch": 7, "credit": 1000}

    def test_card_that_lies_there_already(self, machine: Board, authority: TestAuthority, order: BatchOrder) -> None:
        card = authority.one_time_card(order, 1000)
        tap(machine, card)
        machine.field.enter(card)
        machine.world.run_for(1000)
        end_exam(machine)
        with pytest.raises(HostError, match="used"):
            machine.host.call("swipe.debit", timeout_ms=5_000)

    def test_while_an_exam_is_running(self, machine: Board, authority: TestAuthority, order: BatchOrder) -> None:
        tap(machine, authority.one_time_card(order, 1000))
        with pytest.raises(HostError) as refusal:
            machine.host.call("swipe.debit", timeout_ms=1000)
        assert refusal.value.reason == "busy"

    def test_nobody_comes(self, machine: Board) -> None:
        with pytest.raises(HostError) as refusal:
            machine.host.call("swipe.debit", timeout_ms=1000)
        assert refusal.value.reason == "timeout"

    def test_called_off_too_late(
        self, machine: Board, authority: TestAuthority, order: BatchOrder, world: World
    ) -> None:
        """The machine was busy with the card already: whoever waited hears of the exam that was paid for."""
        waiting = machine.host.start("swipe.debit", timeout_ms=60_000)
        machine.field.enter(authority.one_time_card(order, 1000))
        world.run_until(lambda: machine.relay, 1000)
        machine.host.start("card.cancel")
        grant = machine.host.finish(waiting)
        assert (grant["batch"], grant["credit"]) == (7, 1000)
        assert machine.relay

    def test_called_off(self, machine: Board, world: World) -> None:
        waiting = machine.host.start("swipe.debit", timeout_ms=60_000)
        world.run_for(300)
        with pytest.raises(HostError) as refusal:
            machine.host.call("swipe.debit", timeout_ms=1000)
        assert refusal.value.reason == "busy"
        assert machine.host.call("card.cancel") == {}
        with pytest.raises(HostError) as refusal:
            machine.host.finish(waiting)
        assert refusal.value.reason == "cancelled"

    def test_batch_card_where_a_one_time_card_is_wanted(
        self, machine: Board, authority: TestAuthority, world: World
    ) -> None:
        card = authority.batch_card(authority.batch(batch_id=8, first_credit=2000))
        world.at(300, lambda: machine.field.enter(card))
        with pytest.raises(HostError) as refusal:
            machine.host.call("swipe.debit", timeout_ms=5_000)
        assert refusal.value.reason == "wrong_card"

    def test_required(self, world: World, authority: TestAuthority, order: BatchOrder) -> None:
        from emulator.kit import swipe_machine

        machine = swipe_machine(world, authority, settings={"require_client": True})
        batch_card = authority.batch_card(order)
        machine.field.enter(batch_card)
        world.run_for(2_000)
        assert machine.host.take_notifications("tap") == []
        answer = machine.host.call("swipe.init_batch", timeout_ms=5_000)
        assert answer == {"batch": 7, "first": 1000, "count": 100, "machine_id": 1}
