"""The state as it stands in a checkpoint.

Law: a CBOR list, version first; fields are only ever appended, so a newer firmware reads an older checkpoint.
"""

from errors import Corrupt
from protocol import cbor
from spent import Spent
from state import Exam, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_VERSION = 1


def encode(state: State) -> bytes:
    """All of it."""
    exam = state.exam
    return cbor.encode(
        [
            _VERSION,
            [[batch, spent.first_credit, spent.count, spent.bits()] for batch, spent in state.batches.items()],
            [list(pair) for pair in state.in_doubt],
            state.revoked_batches,
            [list(pair) for pair in state.revoked_credits],
            None if exam is None else [exam.batch, exam.credit, exam.seq, exam.time, int(exam.started), exam.boots],
            int(state.locked),
            state.commands,
            state.latest_time,
            state.debits,
            state.faults,
            int(state.rolled_back),
            state.commands_forgotten,
            state.order_number,
            state.gone_count,
            state.gone_mac,
        ]
    )


def decode(data: bytes) -> State:
    """The reverse; the caller has checked the MAC, so only a new version can be wrong with it."""
    fields: Any = cbor.decode(data)
    if fields[0] != _VERSION:
        raise Corrupt("checkpoint of another version")
    state = State()
    state.batches = {batch: Spent(first, count, bits) for batch, first, count, bits in fields[1]}
    state.in_doubt = [(batch, credit) for batch, credit in fields[2]]
    state.revoked_batches = list(fields[3])
    state.revoked_credits = [(batch, credit) for batch, credit in fields[4]]
    if fields[5] is not None:
        batch, credit, seq, time, started, boots = fields[5]
        state.exam = Exam(batch, credit, seq, time)
        state.exam.started = bool(started)
        state.exam.boots = boots
    state.locked = bool(fields[6])
    state.commands = list(fields[7])
    state.latest_time, state.debits, state.faults = fields[8:11]
    state.rolled_back = bool(fields[11])
    if len(fields) > 12:
        state.commands_forgotten, state.order_number = fields[12:14]
    if len(fields) > 14:
        state.gone_count, state.gone_mac = fields[14:16]
    return state
