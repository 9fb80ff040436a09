"""What the back office says, taken: time, how far it has the journal, commands, settings on trial. Borrowed code."""

from borrowed import in_turns
from errors import Refused
from protocol import journal as codec
from protocol.errors import ProtocolError
from slices import in_slices
from state import ROLLED_BACK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from protocol.acks import Ack
    from uplink import Uplink


async def take_answer(loop: "Uplink", sealed: bytes, answer: bytes, round_trip_ms: int) -> bool:
    """The answer to that report. Raises ProtocolError. False: it takes nothing further although there is something."""
    ack = await _read(await _opened(loop, sealed, answer))
    return await take_ack(loop, loop.carrier, ack, round_trip_ms)


async def take_unasked(loop: "Uplink", message: bytes) -> bool:
    """A message that came by itself: the answer to one of the latest short messages, or a push. False: neither."""
    try:
        place, content = await _opened_of(loop, message)
        ack = await _read(content)
    except ProtocolError:
        return False
    if place < 0:
        await take_ack(loop, "sms", ack, None)
    else:
        loop.outcome = ("sms", "", 0)
        await take_ack(loop, "sms", ack, loop.now_ms() - loop.requests[place][1])
    return True


# Functions of their own, so that no variable keeps the code that was given back.


async def _opened(loop: "Uplink", sealed: bytes, answer: bytes) -> bytes:
    with await in_turns("protocol.answer_opener") as code:
        content: bytes = code.opened(loop.config.machine_key, sealed, answer)
        return content


async def _opened_of(loop: "Uplink", message: bytes) -> tuple[int, bytes]:
    with await in_turns("protocol.answer_opener") as code:
        found: tuple[int, bytes] = code.opened_of(loop.config.machine_key, [iv for iv, _ in loop.requests], message)
        return found


async def _read(content: bytes) -> "Ack":
    with await in_turns("protocol.answers") as code:
        ack: Ack = code.decode_ack(content)
        return ack


async def take_ack(loop: "Uplink", name: str, ack: "Ack", round_trip_ms: int | None) -> bool:
    """``round_trip_ms`` is None for what nobody asked for: it may be old, so its time means nothing."""
    journal = loop.journal
    loop.last_error = ""
    if round_trip_ms is not None:
        _set_clock(loop, ack.server_time, round_trip_ms)
        loop.load.told_ms, loop.load.asked = loop.now_ms(), False
        loop.last_ack_time = ack.server_time
    if ack.ack_seq > journal.head_seq:
        _note_rollback(loop)
        return False
    acked_before, head_before = journal.acked_seq, journal.head_seq
    with await in_turns("journal_report") as code:
        if not await in_slices(code.acknowledging(journal, ack.ack_seq, ack.ack_mac)):
            _note_rollback(loop)
            return False
    if round_trip_ms is not None and loop.trial_until_ms:
        await _prove(loop, name)
    # Obeyed once this connection and its code are gone: an order's signature needs the heap for itself.
    waiting = [command.id for command, _ in loop.orders]
    loop.orders += [(command, round_trip_ms is not None) for command in ack.commands if command.id not in waiting]
    loop.device.link.notify("uplink", {"acked": journal.acked_seq, "pending": journal.pending()})
    return journal.acked_seq > acked_before or journal.head_seq > head_before or not journal.pending()


def _set_clock(loop: "Uplink", server_time: int, round_trip_ms: int) -> None:
    if not server_time:
        return
    shown_s = loop.device.clock.trust(server_time, round_trip_ms)
    if shown_s is None:
        return
    try:
        loop.journal.note(codec.CLOCK, detail=shown_s.to_bytes(4, "big"))
    except Refused:
        pass  # the flash ails; taps are refused for that


async def _prove(loop: "Uplink", name: str) -> None:
    """Settings on trial: one more link has shown that it works with them."""
    with await in_turns("trial") as code:
        if code.proven(loop.config, loop.journal, name):
            loop.trial_until_ms = 0
        loop.links.forced = code.links_on_trial(loop.config)


def _note_rollback(loop: "Uplink") -> None:
    """The back office knows later entries of ours: this flash is an old copy. No exam until that is mended."""
    loop.last_error = "the back office knows a later journal"
    if loop.journal.state.rolled_back:
        return
    try:
        loop.journal.append(codec.FAULT, detail=ROLLED_BACK)
    except Refused:
        pass  # said again by the next answer
