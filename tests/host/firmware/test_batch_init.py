"""A batch card initialises its machine, once."""

import pytest
from protocol import classic, keys

from emulator.cards.classic import ClassicCard
from emulator.device import Board
from emulator.errors import HostError
from emulator.faults import Phase, TearPoint
from emulator.kit import BatchOrder, TestAuthority, swipe_machine, tap
from emulator.kit.authority import sign
from emulator.kit.machines import await_service
from emulator.world import World

QUIET_MS = 20_000  # the journal is tidied up meanwhile


def reason(machine: Board, card: ClassicCard) -> str:
    return str(tap(machine, card)["reason"])


def test_once(blank_swipe: Board, authority: TestAuthority, order: BatchOrder) -> None:
    card = authority.batch_card(order)
    assert reason(blank_swipe, card) == "granted"
    assert reason(blank_swipe, card) == "batch_used"
    assert blank_swipe.host.call("status")["batches"] == [{"batch": 7, "first": 1000, "count": 100, "left": 100}]


def test_burnt_elsewhere(blank_swipe: Board, authority: TestAuthority, order: BatchOrder) -> None:
    """Another machine's mark, ours from before this flash was erased, or anything that no machine has written."""
    for mark in ("others", "ours", "nobody's"):
        card = authority.batch_card(order)
        marks = {
            "others": keys.burn_mark(order.key, card.uid, 2, 1000),
            "ours": keys.burn_mark(order.key, card.uid, 1, 1000),
            "nobody's": bytes(range(1, 17)),
        }
        card.blocks[classic.BATCH_BURN_BLOCK][:] = marks[mark]
        assert reason(blank_swipe, card) == "batch_used", mark
    assert blank_swipe.host.call("status")["batches"] == []


def test_by_the_client(blank_swipe: Board, authority: TestAuthority, order: BatchOrder, world: World) -> None:
    card = authority.batch_card(order)
    world.at(300, lambda: blank_swipe.field.enter(card))
    answer = blank_swipe.host.call("swipe.init_batch", timeout_ms=5000)
    assert answer == {"batch": 7, "first": 1000, "count": 100, "machine_id": 1}


def test_several_batches_are_active(machine: Board, authority: TestAuthority, order: BatchOrder) -> None:
    second = authority.batch(batch_id=8, first_credit=2000, count=5)
    assert reason(machine, authority.batch_card(second)) == "granted"
    for batch, credit in ((second, 2004), (order, 1000)):
        assert reason(machine, authority.one_time_card(batch, credit)) == "granted"
        machine.host.call("swipe.end")


def test_used_up_long_ago(machine: Board, authority: TestAuthority, order: BatchOrder, world: World) -> None:
    """The machine forgets a batch of which nothing is left. A copy of its card, one of a card of it, and a new batch
    with its credits buy nothing, on this day and after a restart; the next batch goes its way.
    """
    small = authority.batch(batch_id=8, first_credit=2000, count=20)
    assert reason(machine, authority.batch_card(small)) == "granted"
    for credit in range(2000, 2020):
        assert reason(machine, authority.one_time_card(small, credit)) == "granted"
        machine.host.call("swipe.end")
    world.run_for(QUIET_MS)
    for _ in range(2):
        assert [batch["batch"] for batch in machine.host.call("status")["batches"]] == [order.batch_id]
        assert reason(machine, authority.one_time_card(small, 2019)) == "used"
        assert reason(machine, authority.batch_card(small)) == "batch_used"
        assert reason(machine, authority.batch_card(authority.batch(9, 2019, 5))) == "out_of_range"
        machine.power_off()
        machine.power_on()
        await_service(machine)
    following = authority.batch(10, 2020, 5)
    assert reason(machine, authority.batch_card(following)) == "granted"
    assert reason(machine, authority.one_time_card(following, 2020)) == "granted"


def test_of_another_machine(world: World, authority: TestAuthority, order: BatchOrder) -> None:
    second = swipe_machine(world, authority, "second", machine_id=2)
    card = authority.batch_card(order)
    assert reason(second, card) == "other_machine"
    assert second.host.call("status")["batches"] == []


def test_of_another_epoch(blank_swipe: Board, authority: TestAuthority) -> None:
    assert reason(blank_swipe, authority.batch_card(authority.batch(epoch=2))) == "other_machine"


def test_of_another_institution(blank_swipe: Board, authority: TestAuthority) -> None:
    assert reason(blank_swipe, authority.batch_card(authority.batch(institution=11))) == "other_institution"


def test_of_another_authority(blank_swipe: Board, authority: TestAuthority) -> None:
    """The forger knows the institution's card keys, and signs with an authority of their own."""
    forger = TestAuthority(seed=99)
    order = forger.batch()
    card = authority.batch_card(order)
    assert reason(blank_swipe, card) == "forged"


def test_stretched_range(blank_swipe: Board, authority: TestAuthority) -> None:
    order = authority.batch()
    order.record.batch.count += 1
    assert reason(blank_swipe, authority.batch_card(order)) == "forged"


def test_range_outside_the_white_cards(blank_swipe: Board, authority: TestAuthority) -> None:
    order = authority.batch(first_credit=995, white=authority.white(first_credit=1000, quota=50))
    assert reason(blank_swipe, authority.batch_card(order)) == "out_of_range"


def test_white_card_of_another_number(blank_swipe: Board, authority: TestAuthority) -> None:
    order = authority.batch()
    order.record.batch.white_id = 5
    assert reason(blank_swipe, authority.batch_card(order)) == "not_in_chain"


def test_for_any_machine_needs_a_strong_card(blank_swipe: Board, authority: TestAuthority) -> None:
    assert reason(blank_swipe, authority.batch_card(authority.batch(machine_id=0, epoch=0))) == "weak_medium"


def test_key_sealed_for_another_machine(blank_swipe: Board, authority: TestAuthority) -> None:
    order = authority.batch()
    body = order.record.batch.body()
    order.record.machine_sealed = keys.seal_batch_key(authority.machine_key(2, 1), body, order.key)
    assert reason(blank_swipe, authority.batch_card(order)) == "forged"


def test_signature_helper_is_deterministic(authority: TestAuthority) -> None:
    assert sign(authority._authority, b"x") == sign(authority._authority, b"x")


@pytest.mark.parametrize("phase", ["before", "after"])
def test_torn_then_shown_again(world: World, authority: TestAuthority, phase: Phase) -> None:
    """A sample of the points; `make enumerate` takes all of them."""
    for number, point in enumerate(range(4, 110, 15)):
        machine = swipe_machine(world, authority, f"machine {phase} {point}")
        order = authority.batch(batch_id=20 + number, count=3)
        card = authority.batch_card(order)
        machine.host.take_notifications()
        machine.field.tear(TearPoint(machine.field.frame_count + point, phase))
        machine.field.enter(card)
        world.run_for(3000)
        heard = [message["params"]["reason"] for message in machine.host.take_notifications("tap")]
        if card in machine.field.cards:
            machine.field.tears.clear()
            machine.field.leave(card)
        world.run_for(500)
        if "granted" not in heard:
            assert set(heard) <= {"removed_early"}
            assert reason(machine, card) == "granted"
        assert reason(machine, card) == "batch_used"
        assert reason(machine, authority.one_time_card(order, 1000)) == "granted"
        machine.power_off()


def test_power_cut_at_every_flash_operation(world: World, authority: TestAuthority, order: BatchOrder) -> None:
    for operation in range(1, 14):
        machine = swipe_machine(world, authority, f"machine {operation}")
        card = authority.batch_card(order)
        machine.flash.cut_at(operation, half=operation % 2 == 0)
        machine.field.enter(card)
        world.run_for(3000)
        machine.field.leave(card)
        machine.flash.cut_at(None)
        machine.power_off()
        machine.power_on()
        await_service(machine)
        assert reason(machine, card) in ("granted", "batch_used")
        assert reason(machine, card) == "batch_used"
        assert reason(machine, authority.one_time_card(order, 1000)) == "granted"
        machine.power_off()


def test_card_that_cannot_be_burnt(blank_swipe: Board, authority: TestAuthority, order: BatchOrder) -> None:
    """Somebody made its burn block read-only. The batch is this machine's for good, and the words are not "again"."""
    card = authority.batch_card(order)
    trailer = card.blocks[classic.trailer_of(classic.sector_of(classic.BATCH_BURN_BLOCK))]
    read_only = 0b010  # NXP MF1S50YYX 8.7.3
    trailer[6:9] = classic.encode_access((read_only, read_only, read_only, classic.TRAILER_B))[:3]
    for _ in range(2):
        assert reason(blank_swipe, card) == "forged"
    assert blank_swipe.host.call("status")["batches"] == [{"batch": 7, "first": 1000, "count": 100, "left": 100}]


def test_credits_of_another_batch(machine: Board, authority: TestAuthority) -> None:
    """A white card may sign one range twice; here nobody gets two exams for one credit."""
    for first_credit, count in ((1099, 10), (990, 11), (1010, 1), (1000, 100)):
        white = authority.white(first_credit=900)
        order = authority.batch(batch_id=8, first_credit=first_credit, count=count, white=white)
        assert reason(machine, authority.batch_card(order)) == "out_of_range"
    for batch_id, first_credit in ((8, 1100), (9, 950)):
        white = authority.white(first_credit=900)
        order = authority.batch(batch_id=batch_id, first_credit=first_credit, count=50, white=white)
        assert reason(machine, authority.batch_card(order)) == "granted"


def test_too_many_open_credits(blank_swipe: Board, authority: TestAuthority) -> None:
    assert reason(blank_swipe, authority.batch_card(authority.batch(count=40_000))) == "storage_full"


def test_nobody_shows_one(blank_swipe: Board) -> None:
    with pytest.raises(HostError) as refusal:
        blank_swipe.host.call("swipe.init_batch", timeout_ms=500)
    assert refusal.value.reason == "timeout"
