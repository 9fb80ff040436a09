"""Cards that leave too early and power that goes: nothing is lost, nothing counts twice."""

import itertools

import pytest
from protocol import journal

from emulator import wiring
from emulator.checkers.journal_on_flash import read_journal
from emulator.device import Board
from emulator.faults import Phase, TearPoint
from emulator.flash import Flash
from emulator.kit import BatchOrder, TestAuthority, swipe_machine, tap
from emulator.kit.machines import HEAP_WORDS_K, await_service
from emulator.world import World

EXAM_S = 60
STEPS = 8  # firmware/exams.py


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


def test_a_running_exam_and_the_plug(world: World, authority: TestAuthority, order: BatchOrder) -> None:
    """It goes on for what is left of its time: pulled again and again, in all for one step more at most."""
    exam_ms, step_ms = EXAM_S * 1000, EXAM_S * 1000 // STEPS
    machine = swipe_machine(world, authority, settings={"exam_s": EXAM_S})
    tap(machine, authority.batch_card(order))
    moved = machine.pins.listeners[wiring.RELAY]
    edges: list[tuple[bool, int]] = []

    def relay(level: bool) -> None:
        moved(level)
        edges.append((level, world.now_us))

    machine.pins.listeners[wiring.RELAY] = relay
    assert tap(machine, authority.one_time_card(order, 1000))["reason"] == "granted"
    starts = 0
    while machine.relay:
        world.run_for(step_ms - 1500)
        machine.power_off()
        assert not machine.relay
        machine.power_on()
        await_service(machine)
        starts += 1
    assert starts == STEPS + 1
    assert machine.host.call("status")["exam"] is None
    on_us = sum(end - begin for (level, begin), (_, end) in itertools.pairwise(edges) if level)
    assert exam_ms * 0.7 < on_us / 1000 <= exam_ms + step_ms
    boots = read_journal(machine.flash.image()).of(journal.BOOT)
    assert [(boot.batch, boot.credit, boot.detail[1:]) for boot in boots if boot.credit] == [
        (order.batch_id, 1000, bytes([number])) for number in range(1, starts + 1)
    ]
