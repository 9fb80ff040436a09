"""What the journal means: bitmaps, cards in doubt, the exam, orders of the back office."""

import random

import state_codec
from protocol import command_kinds, uplink
from protocol import journal as codec
from spent import Spent
from state import COMMAND_DONE, COMMANDS_KEPT, ROLLED_BACK, State


class Story:
    """A state that entries are applied to."""

    def __init__(self):
        self.state = State()
        self.seq = 0

    def tell(self, kind, batch=0, credit=0, detail=b"", time=0, clock=0):
        self.seq += 1
        self.state.apply(codec.Entry(self.seq, kind, time, clock, batch, credit, detail))
        return self

    def batch(self, batch=7, first=1000, count=20):
        return self.tell(codec.BATCH, batch, first, count.to_bytes(4, "big"))

    def order(self, number, kind, batch=0, credit=0, result=COMMAND_DONE):
        detail = number.to_bytes(4, "big") + bytes([kind, result])
        return self.tell(codec.COMMAND, batch, credit, detail)


def same(first, second):
    return state_codec.encode(first) == state_codec.encode(second)


def test_bitmap():
    spent = Spent(1000, 20)
    random.seed(2)
    gone = set()
    while len(gone) < 19:
        credit = 1000 + random.randrange(20)  # noqa: S311
        spent.mark(credit)
        gone.add(credit)
        assert spent.left() == 20 - len(gone)
        again = Spent(1000, 20, spent.bits())
        assert [again.is_spent(c) for c in range(999, 1021)] == [c in gone for c in range(999, 1021)]
    assert not spent.is_spent(999)
    assert not spent.holds(1020)


def test_used_up_batch_needs_no_bitmap():
    spent = Spent(5, 9)
    for credit in range(5, 14):
        spent.mark(credit)
    assert spent.bits() == b""
    again = Spent(5, 9, b"")
    assert again.left() == 0
    assert again.is_spent(7)
    assert not again.is_spent(14)


def test_marking_outside_is_a_mistake():
    for credit in (4, 14):
        try:
            Spent(5, 9).mark(credit)
        except ValueError:
            continue
        raise AssertionError("marked")


def test_an_exam():
    story = Story().batch()
    state = story.state
    story.tell(codec.INTENT, 7, 1003)
    assert state.in_doubt == [(7, 1003)]
    assert not state.batches[7].is_spent(1003)
    story.tell(codec.DEBIT, 7, 1003)
    assert state.in_doubt == []
    assert state.batches[7].is_spent(1003)
    assert not state.exam.started
    story.tell(codec.STARTED, 7, 1003).tell(codec.BOOT)
    assert (state.exam.started, state.exam.boots) == (True, 1)
    story.tell(codec.ENDED, 7, 1003)
    assert state.exam is None
    assert state.debits == 1


def test_abandoned_credit_never_pays():
    state = Story().batch().tell(codec.INTENT, 7, 1003).tell(codec.ABANDONED, 7, 1003).state
    assert state.in_doubt == []
    assert state.batches[7].is_spent(1003)


def test_the_same_batch_again_changes_nothing():
    story = Story().batch().tell(codec.DEBIT, 7, 1000).batch()
    assert story.state.batches[7].is_spent(1000)


def test_orders():
    story = Story().batch().order(1, uplink.LOCK)
    state = story.state
    assert state.locked
    assert not story.order(2, uplink.UNLOCK).state.locked
    story.order(3, uplink.REVOKE_BATCH, 7).order(4, uplink.REVOKE_CREDIT, 7, 1001)
    assert state.revoked_batches == [7]
    assert state.revoked_credits == [(7, 1001)]
    assert state.batches[7].is_spent(1001)
    story.order(5, uplink.LOCK, result=1)
    assert not state.locked
    assert state.commands == [1, 2, 3, 4, 5]
    for number in range(6, 200):
        story.order(number, uplink.UNLOCK)
    assert len(state.commands) == COMMANDS_KEPT


def test_latest_trusted_time():
    story = Story()
    story.tell(codec.BOOT, time=500, clock=codec.CLOCK_HINT)
    assert story.state.latest_time == 0
    story.tell(codec.BOOT, time=400, clock=codec.CLOCK_TRUSTED).tell(codec.BOOT, time=300, clock=codec.CLOCK_TRUSTED)
    assert story.state.latest_time == 400


def test_checkpoint_at_any_point_is_the_same_story():
    """Folding in two halves, with a checkpoint between them, gives what folding in one gives."""
    random.seed(3)
    kinds = [codec.INTENT, codec.DEBIT, codec.STARTED, codec.ENDED, codec.ABANDONED, codec.BOOT, codec.FAULT]
    story = Story().batch().batch(8, 5000, 3)
    for _ in range(300):
        again = state_codec.decode(state_codec.encode(story.state))
        assert same(again, story.state)
        batch, first = random.choice([(7, 1000), (8, 5000), (9, 1)])  # noqa: S311
        entry = (random.choice(kinds), batch, first + random.randrange(22))  # noqa: S311
        story.tell(*entry)
        again.apply(codec.Entry(story.seq, entry[0], 0, 0, entry[1], entry[2], b""))
        assert same(again, story.state)


def test_a_flash_that_was_set_back_stays_so():
    """Whatever fault comes after it, and behind a checkpoint."""
    story = Story().batch()
    assert not story.tell(codec.FAULT, detail=b"reader").state.rolled_back
    story.tell(codec.FAULT, detail=ROLLED_BACK).tell(codec.FAULT, detail=b"reader").tell(codec.FAULT)
    assert story.state.rolled_back
    assert state_codec.decode(state_codec.encode(story.state)).rolled_back
    assert story.state.faults == 4


def test_a_checkpoint_keeps_every_field():
    """Each other than in a new state: a field that is new to the state is missed here."""
    story = Story().batch().tell(codec.INTENT, 7, 1001).tell(codec.DEBIT, 7, 1002, time=99, clock=codec.CLOCK_TRUSTED)
    story.tell(codec.STARTED, 7, 1002).tell(codec.BOOT).tell(codec.FAULT, detail=ROLLED_BACK)
    story.order(1, command_kinds.REVOKE_BATCH, 8).order(2, command_kinds.REVOKE_CREDIT, 7, 1003)
    story.tell(codec.COMMAND, detail=bytes([0, 0, 0, 3, command_kinds.LOCK, COMMAND_DONE, 0, 0, 0, 5]))
    for number in range(4, COMMANDS_KEPT + 5):
        story.order(number, command_kinds.REVOKE_BATCH, 8)
    state = story.state
    state.gone_count, state.gone_mac = 2, b"8 bytes."
    again = state_codec.decode(state_codec.encode(state))
    for name, value in fields(State()).items():
        assert fields(state)[name] != value, "this test forgets " + name
        assert fields(again)[name] == fields(state)[name], name


def fields(state):
    """What can be compared of it."""
    found = {name: value for name, value in state.__dict__.items() if name not in ("batches", "exam")}
    found["batches"] = [(batch, gone.first_credit, gone.count, gone.bits()) for batch, gone in state.batches.items()]
    exam = state.exam
    found["exam"] = exam and (exam.batch, exam.credit, exam.seq, exam.time, exam.started, exam.boots)
    return found


def test_orders_by_their_numbers():
    """The state's own copies are the protocol's."""
    story = Story().batch()
    story.order(1, command_kinds.REVOKE_BATCH, 7).order(2, command_kinds.REFUND_CREDIT, 7, 1000)
    story.order(3, command_kinds.REVOKE_CREDIT, 7, 1001).order(4, command_kinds.LOCK)
    state_now = story.state
    assert (state_now.revoked_batches, state_now.revoked_credits, state_now.locked) == ([7], [(7, 1001)], True)
    assert state_now.batches[7].is_spent(1000)
