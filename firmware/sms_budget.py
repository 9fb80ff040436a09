"""How many short messages a day may cost. The count is on flash, so that a machine which restarts all day does not send
all day. Borrowed code.

A day here is 24 hours of uptime since its first message; time without power does not count, as nobody knows how long it
was. Urgent messages have a small number of their own.

Law of the file: seconds into the day, ordinary messages, urgent messages, each four bytes, most significant first.
Numbers are only ever appended.
"""

import os
from errno import ENOENT

from micropython import const
from transport import TransportError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from uplink import Uplink

URGENT_PER_DAY = const(5)
LOOK_S = const(1800)  # so much of a day may be forgotten when the power goes
_DAY_S = const(86400)
_FILE_BYTES = const(12)


class SmsBudget:
    """Of one machine; ``uptime_s`` is now."""

    def __init__(self, path: str, per_day: int, uptime_s: int, began_s: int | None) -> None:
        """``began_s``: the uptime at which the day began, None when that was before the power went."""
        self._path = path
        self._per_day = per_day
        self._uptime_s = uptime_s
        into_day_s, self.sent, self.urgent = _read(path)
        self.began_s = uptime_s - into_day_s if began_s is None else began_s
        if uptime_s - self.began_s >= _DAY_S:
            self.began_s, self.sent, self.urgent = uptime_s, 0, 0

    def allows(self, urgent: bool) -> bool:
        """Whether one more may be sent."""
        return self.sent < self._per_day or (urgent and self.urgent < URGENT_PER_DAY)

    def ends_s(self) -> int:
        """The uptime at which the next day begins."""
        return self.began_s + _DAY_S

    def take(self, urgent: bool) -> None:
        """One is about to be sent: counted before, because a power cut must not make it free. Raises OSError."""
        if urgent and self.urgent < URGENT_PER_DAY:
            self.urgent += 1
        else:
            self.sent += 1
        self.keep()

    def look_s(self) -> int:
        """The uptime at which to see again: the day's end, or before that to write down how far the day has come."""
        return min(self.ends_s(), self._uptime_s + LOOK_S)

    def keep(self) -> None:
        """On flash. Raises OSError."""
        numbers = (self._uptime_s - self.began_s, self.sent, self.urgent)
        with open(self._path + ".new", "wb") as file:
            file.write(b"".join([number.to_bytes(4, "big") for number in numbers]))
            file.flush()
        os.rename(self._path + ".new", self._path)


def _read(path: str) -> tuple[int, int, int]:
    try:
        with open(path, "rb") as file:
            content = file.read(_FILE_BYTES)
    except OSError as error:
        if error.errno == ENOENT:
            return 0, 0, 0
        raise
    if len(content) < _FILE_BYTES:
        return 0, 0, 0
    into_day_s, sent, urgent = [int.from_bytes(content[place : place + 4], "big") for place in (0, 4, 8)]
    return into_day_s, sent, urgent


def count(loop: "Uplink", take: bool) -> None:
    """Is one more allowed today; ``take``: it goes now. Raises TransportError."""
    urgent = loop.load.urgent_ms is not None
    try:
        path = loop.config.directory() + "/sms"
        budget = SmsBudget(path, loop.config.number("sms_per_day"), loop.now_ms() // 1000, loop.day_began_s)
        loop.day_began_s = budget.began_s
        if not budget.allows(urgent):
            budget.keep()
            raise TransportError("sms_cap_reached", "", budget.look_s() * 1000)
        if take:
            budget.take(urgent)
    except OSError as error:
        raise TransportError("sms_cap_reached", repr(error)) from None  # what cannot be counted is not sent
