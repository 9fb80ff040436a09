"""Cards that leave too early and power that goes: nothing is lost, nothing counts twice."""

import pytest

from emulator.device import Board
from emulator.faults import Phase, TearPoint
from emulator.flash import Flash
from emulator.kit import BatchOrder, TestAuthority, tap
from emulator.kit.machines import HEAP_WORDS_K, await_service
from emulator.world import World


def frames_of_a_tap(authority: TestAuthority, order: BatchOrder, machine: Board) -> int:
    """How many frames the machine sends and hears for one debit."""
    before = machine.field.frame_count
    card = authority.one_time_card(order, 1090)
    machine.field.enter(card)
    machine.world.run_until(lambda: machine.relay, 5000)
    frames = machine.field.frame_count - before
    machine.field.leave(card)
    machine.host.call("swipe.end")
    machine.world.run_for(500)
    return frames


@pytest.mark.parametrize("phase", ["before", "after"])
def test_torn_then_tapped_again(
    machine: Board, authority: TestAuthority, order: BatchOrder, world: World, phase: Phase
) -> None:
    """A sample of the points; `make enumerate` takes all of them."""
    frames = frames_of_a_tap(authority, order, machine)
    left = 99
    for point in range(2, frames, 5):
        card = authority.one_time_card(order, 1000 + point)
        machine.field.tear(TearPoint(machine.field.frame_count + point, phase))
        machine.host.take_notifications("tap")
        machine.field.enter(card)
        world.run_for(1500)
        if card in machine.field.cards:
            machine.field.leave(card)
        world.run_for(500)
        heard = [message["params"]["reason"] for message in machine.host.take_notifications("tap")]
        assert "granted" in heard or not machine.relay
        if not machine.relay:
            assert set(heard) <= {"removed_early"}
            assert tap(machine, card)["reason"] == "granted"
        left -= 1
        machine.host.call("swipe.end")
        assert machine.host.call("status")["batches"][0]["left"] == left
        assert tap(machine, card)["reason"] == "used"


def test_power_cut_between_debit_and_start(
    machine: Board, authority: TestAuthority, order: BatchOrder, world: World
) -> None:
    """Wherever the power goes during a tap: afterwards the card is good for exactly one exam."""
    machine.power_off()
    image = machine.flash.image()
    for operation in range(1, 9):
        for half in (False, True):
            board = world.board(f"machine {operation} {half}", flash=Flash(image), heap_words_k=HEAP_WORDS_K)
            board.power_on()
            await_service(board)
            card = authority.one_time_card(order, 1000)
            board.flash.cut_at(operation, half)
            board.field.enter(card)
            world.run_for(1500)
            if board.powered:
                board.flash.cut_at(None)
                board.power_off()
            board.field.leave(card)
            world.run_for(100)
            board.power_on()
            await_service(board)
            if not board.relay:
                assert tap(board, card)["reason"] == "granted"
            assert board.relay
            board.host.call("swipe.end")
            assert tap(board, card)["reason"] == "used"
            assert board.host.call("status")["batches"][0]["left"] == 99
            board.power_off()


def test_running_exam_survives_a_few_power_losses(machine: Board, authority: TestAuthority, order: BatchOrder) -> None:
    assert tap(machine, authority.one_time_card(order, 1000))["reason"] == "granted"
    for _ in range(3):
        machine.power_off()
        assert not machine.relay
        machine.power_on()
        await_service(machine)
        assert machine.relay
    machine.power_off()
    machine.power_on()
    await_service(machine)
    assert not machine.relay
    assert machine.host.call("status")["exam"] is None
