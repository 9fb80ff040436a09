"""Whether the server's clock is to be believed. Pure.

The *newest believed time* is kept in the database. It only rises, with the server's clock while that goes on from it.
A clock that shows less was set back, one that shows very much more has lost its mind: neither is believed or handed on.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from protocol import journal
from protocol.journal import Entry

EARLIEST_TIME = 1_767_225_600
"""2026-01-01: no machine existed before."""
BACK_MAX_S = 120
"""A clock that is corrected by less is no wrong clock."""
LEAP_MAX_S = 400 * 86_400
"""A server may have been switched off for a year; what leaps further than that is to be confirmed by a person."""
CLOCK_AHEAD_MAX_S = 86_400
"""How far a machine's clock may be ahead of a server's clock that is believed."""
UNSURE_AHEAD_MAX_S = 31 * 86_400
"""The same where the server does not know how late it is: for so long it may have been wrong already."""
WITNESSES = 3
"""So many different machines have to show a later time before it is believed: one that lies moves nothing."""


@dataclass(frozen=True)
class Believed:
    """What the server counts with."""

    now: int
    """Unix seconds; never below the newest believed time."""
    sure: bool
    """False while the server's own clock is not believed."""

    @property
    def handed_out(self) -> int:
        """What machines are told: 0, no time at all, rather than a wrong one."""
        return self.now if self.sure else 0

    @property
    def machine_ahead_max_s(self) -> int:
        """How far beyond ``now`` a machine's trusted time is still plausible."""
        return CLOCK_AHEAD_MAX_S if self.sure else UNSURE_AHEAD_MAX_S


def believe(clock: int, newest: int) -> Believed:
    """What the clock is worth; ``newest`` is 0 before any time was believed."""
    sure = clock >= EARLIEST_TIME if not newest else newest - BACK_MAX_S <= clock <= newest + LEAP_MAX_S
    return Believed(max(clock, newest, EARLIEST_TIME) if sure else max(newest, EARLIEST_TIME), sure)


def shown_by(entries: list[Entry]) -> int:
    """The latest time of which a machine was sure; 0 when there is none."""
    return max((entry.time for entry in entries if entry.clock == journal.CLOCK_TRUSTED), default=0)


def attested(shown: Mapping[int, int], newest: int, by_clock: int) -> int:
    """The latest time that enough machines (by number: what it showed) have passed; at least ``newest``.

    ``by_clock``: what was last believed of the server's own clock. Machines that are in league get so far beyond, and
    no further, however often they report.
    """
    later = sorted((time for time in shown.values() if newest < time <= by_clock + UNSURE_AHEAD_MAX_S), reverse=True)
    return later[WITNESSES - 1] if len(later) >= WITNESSES else newest
