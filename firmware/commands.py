"""What the back office orders. A command that this firmware knows ends as a COMMAND entry with its result, once; one
that comes again after that is not done again. One that it does not know is left to a later firmware. Borrowed code.

An answer to a report is fresh. A push (an SMS, a service card) may be old and come twice: it obeys only what is newer
than all that the machine has forgotten, and never sets the clock.
"""

import asyncio

from borrowed import Borrowed, in_turns
from clock import Clock
from config import Config, checked_settings
from errors import Refused
from journal import Journal
from protocol import command_kinds as kinds
from protocol import journal as codec
from protocol.results import BAD_ARGUMENTS, DONE, FAILED, FULL, STALE, TOO_LATE
from state import MAX_REVOKED

KNOWN = (
    kinds.REVOKE_BATCH,
    kinds.REVOKE_CREDIT,
    kinds.REFUND_CREDIT,
    kinds.SETTINGS,
    kinds.LOCK,
    kinds.UNLOCK,
    kinds.SET_TIME,
)
LATER = -1  # not answered yet
_SIGNED = (kinds.LOCK, kinds.UNLOCK)


async def run(loop: "Uplink") -> None:
    """All that the uplink's answers brought, one after the other."""
    obey = Obey(loop.config, loop.journal, loop.device.clock, loop.device.settings_changed)
    while loop.orders:
        command, bound = loop.orders.pop(0)
        name = "signed_order" if command.kind in _SIGNED else "trial" if command.kind == kinds.SETTINGS else ""
        if name:
            with await in_turns(name):  # here when it is asked for, which is within one turn
                await obey(command, bound)
        else:
            await obey(command, bound)


class Obey:
    """Carries commands out."""

    def __init__(self, config: Config, journal: Journal, clock: Clock, changed: "Callable[[], None]") -> None:
        """``changed`` hears when the settings are others."""
        self._config = config
        self._journal = journal
        self._clock = clock
        self._changed = changed
        self._number = 0  # of the order that was found good last

    async def __call__(self, command: "Command", bound: bool = True) -> None:
        """Do it and journal it, in slices, so that a card which is tapped meanwhile does not wait."""
        for _ in self.steps(command, bound):
            await asyncio.sleep_ms(0)

    def steps(self, command: "Command", bound: bool) -> "Iterator[None]":
        """The same for a caller that waits for nobody; the entry is there when the iteration has come to its end.

        What the journal has no room for stays with the back office, which sends it again. ``bound``: it came in the
        answer to a report of ours, not in a push.
        """
        state = self._journal.state
        if command.kind not in KNOWN or command.id in state.commands:
            return
        if state.has_obeyed(command.id) and not bound:
            return  # the entry of long ago may well have been its own
        batch, credit = _subject(command)
        result = STALE if state.has_obeyed(command.id) else (yield from self._do(command, batch, credit, bound))
        # A signature takes a second, in which the same order may have come another way.
        if result == LATER or command.id in state.commands:
            return
        detail = command.id.to_bytes(4, "big") + bytes([command.kind, result])
        if command.kind in _SIGNED and result == DONE:
            detail += self._number.to_bytes(4, "big")
        try:
            self._journal.append(codec.COMMAND, batch, credit, detail)
            if command.kind == kinds.REFUND_CREDIT and result == DONE:
                self._journal.note(codec.ABANDONED, batch, credit)
        except Refused:
            return

    def _do(self, command: "Command", batch: int, credit: int, bound: bool) -> "Generator[None, None, int]":
        kind = command.kind
        if kind in _SIGNED:
            return (yield from self._order(command))
        if kind == kinds.REVOKE_BATCH:
            return self._revoke_batch(batch)
        if kind == kinds.REVOKE_CREDIT:
            return self._revoke(batch, credit)
        if kind == kinds.REFUND_CREDIT:
            return self._refund(batch, credit)
        if kind == kinds.SETTINGS:
            return self._settings(command)
        return self._set_time(command.args, bound)

    def _order(self, command: "Command") -> "Generator[None, None, int]":
        """LOCK or UNLOCK: the entry itself is what holds, here as with credits: one entry, no half-way."""
        with Borrowed("signed_order") as code:
            result: int
            result, self._number = yield from code.check(self._config, self._journal.state, command)
        if result == DONE and command.kind == kinds.LOCK:
            with Borrowed("lock_text") as code:
                code.keep(self._config.directory(), str(command.args[2]))
        return result

    def _revoke_batch(self, batch: int) -> int:
        if not batch:
            return BAD_ARGUMENTS
        revoked = self._journal.state.revoked_batches
        return DONE if batch in revoked or len(revoked) < MAX_REVOKED else FULL

    def _revoke(self, batch: int, credit: int) -> int:
        if not batch or not credit:
            return BAD_ARGUMENTS
        state = self._journal.state
        known = state.batches.get(batch)  # one that has not come yet may lose a card before it comes
        if known is not None and not known.holds(credit):
            return BAD_ARGUMENTS
        if (batch, credit) in state.revoked_credits:
            return DONE
        if state.is_spent((batch, credit)) or self._journal.is_gone(batch, credit):
            return TOO_LATE
        return DONE if len(state.revoked_credits) < MAX_REVOKED else FULL

    def _refund(self, batch: int, credit: int) -> int:
        """The credit is given up: this card will never pay here, so the back office may make it good elsewhere."""
        state = self._journal.state
        spent = state.batches.get(batch)
        known = spent.holds(credit) if spent is not None else self._journal.is_gone(batch, credit)
        if not known:
            return BAD_ARGUMENTS
        if (batch, credit) in state.revoked_credits:
            return DONE  # it never paid: a revoked credit is one that was not debited before
        return TOO_LATE if spent is None or spent.is_spent(credit) else DONE

    def _settings(self, command: "Command") -> int:
        if len(command.args) != 1 or not isinstance(command.args[0], dict):
            return BAD_ARGUMENTS
        try:
            wanted = checked_settings(command.args[0])
        except ValueError:
            return BAD_ARGUMENTS
        with Borrowed("trial") as code:
            outcome = code.begin(self._config, wanted, command.id)
            if outcome == code.FAILED:
                return FAILED
            if outcome == code.BUSY:
                return LATER
            self._changed()
            return LATER if outcome == code.TRIED else DONE

    def _set_time(self, args: list[object], bound: bool) -> int:
        if len(args) != 1 or type(args[0]) is not int or not 0 < args[0] <= 0xFFFFFFFF:
            return BAD_ARGUMENTS
        if not bound:
            return LATER  # nobody knows how long it was on its way: the next answer brings it again
        self._clock.trust(args[0])
        return DONE


def _subject(command: "Command") -> tuple[int, int]:
    """(batch, credit) of the commands that are about them; 0 where there is none or it is no such number."""
    if command.kind not in (kinds.REVOKE_BATCH, kinds.REVOKE_CREDIT, kinds.REFUND_CREDIT):
        return 0, 0
    numbers = [value if type(value) is int and 0 <= value <= 0xFFFFFFFF else 0 for value in command.args[:2]]
    numbers += [0] * (2 - len(numbers))
    return numbers[0], numbers[1]


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from protocol.uplink import Command
    from uplink import Uplink
