"""What the back office orders in its acknowledgements. A command that this firmware knows ends as a COMMAND entry
with its result, once; one that comes again after that is not done again. One that it does not know is left to a later
firmware.
"""

from clock import Clock
from config import Config, checked_settings
from errors import Refused
from journal import Journal
from protocol import journal as codec
from protocol import uplink
from state import COMMAND_DONE, MAX_REVOKED

BAD_ARGUMENTS = 1
TOO_LATE = 2  # the credit was debited before
FULL = 3  # no room to remember it
FAILED = 4  # the flash refused

KNOWN = (
    uplink.REVOKE_BATCH,
    uplink.REVOKE_CREDIT,
    uplink.REFUND_CREDIT,
    uplink.SETTINGS,
    uplink.LOCK,
    uplink.UNLOCK,
    uplink.SET_TIME,
)


class Obey:
    """Carries commands out."""

    def __init__(self, config: Config, journal: Journal, clock: Clock, changed: "Callable[[], None]") -> None:
        """``changed`` hears when the settings are others."""
        self._config = config
        self._journal = journal
        self._clock = clock
        self._changed = changed

    def __call__(self, command: uplink.Command) -> None:
        """Do it and journal it. What the journal has no room for stays with the back office, which sends it again."""
        if command.kind not in KNOWN or command.id in self._journal.state.commands:
            return
        batch, credit = _subject(command)
        result = self._do(command, batch, credit)
        detail = command.id.to_bytes(4, "big") + bytes([command.kind, result])
        try:
            self._journal.append(codec.COMMAND, batch, credit, detail)
            if command.kind == uplink.REFUND_CREDIT and result == COMMAND_DONE:
                self._journal.note(codec.ABANDONED, batch, credit)
        except Refused:
            return

    def _do(self, command: uplink.Command, batch: int, credit: int) -> int:
        kind = command.kind
        if kind in (uplink.LOCK, uplink.UNLOCK):
            return COMMAND_DONE  # the entry itself is what holds, here as with credits: one entry, no half-way
        if kind == uplink.REVOKE_BATCH:
            return COMMAND_DONE if batch else BAD_ARGUMENTS
        if kind == uplink.REVOKE_CREDIT:
            return self._revoke(batch, credit)
        if kind == uplink.REFUND_CREDIT:
            return self._refund(batch, credit)
        if kind == uplink.SETTINGS:
            return self._settings(command.args)
        return self._set_time(command.args)

    def _revoke(self, batch: int, credit: int) -> int:
        if not batch or not credit:
            return BAD_ARGUMENTS
        return COMMAND_DONE if len(self._journal.state.revoked_credits) < MAX_REVOKED else FULL

    def _refund(self, batch: int, credit: int) -> int:
        """The credit is given up: this card will never pay here, so the back office may make it good elsewhere."""
        state = self._journal.state
        spent = state.batches.get(batch)
        if spent is None or not spent.holds(credit):
            return BAD_ARGUMENTS
        return TOO_LATE if spent.is_spent(credit) else COMMAND_DONE

    def _settings(self, args: list[object]) -> int:
        if len(args) != 1 or not isinstance(args[0], dict):
            return BAD_ARGUMENTS
        try:
            wanted = checked_settings(args[0])
        except ValueError:
            return BAD_ARGUMENTS
        present = self._config.settings
        self._config.settings = dict(present)
        self._config.settings.update(wanted)
        try:
            self._config.save()
        except OSError:
            self._config.settings = present
            return FAILED
        self._changed()
        return COMMAND_DONE

    def _set_time(self, args: list[object]) -> int:
        if len(args) != 1 or type(args[0]) is not int or not 0 < args[0] <= 0xFFFFFFFF:
            return BAD_ARGUMENTS
        self._clock.trust(args[0])
        return COMMAND_DONE


def _subject(command: uplink.Command) -> tuple[int, int]:
    """(batch, credit) of the commands that are about them; 0 where there is none or it is no such number."""
    if command.kind not in (uplink.REVOKE_BATCH, uplink.REVOKE_CREDIT, uplink.REFUND_CREDIT):
        return 0, 0
    numbers = [value if type(value) is int and 0 <= value <= 0xFFFFFFFF else 0 for value in command.args[:2]]
    numbers += [0] * (2 - len(numbers))
    return numbers[0], numbers[1]


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
