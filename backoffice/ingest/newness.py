"""Is this report newer than what we know of its machine? A genuine report that is sent again, by whomever and however
much later, must not make a machine look alive, or well.

Within one epoch a journal only grows, and each power-up adds an entry to it. So the journal's end orders reports; with
the same end, the uptime does; an SMS, which has no room for the uptime, has the clock. A report with an earlier end
than the newest is new only if it shows a later clock than any before: then an old part of the journal was sent anew.
"""

from collections.abc import Mapping

from protocol import uplink

from backoffice.models import Machine


def is_newer(machine: Machine, last_seq: int, health: Mapping[int, object]) -> bool:
    """Whether nothing that the machine said before is as new as this."""
    clock, uptime = _number(health, uplink.HEALTH_CLOCK), _number(health, uplink.HEALTH_UPTIME_S)
    if machine.health_seq is None or last_seq > machine.health_seq:
        return True
    if last_seq < machine.health_seq:
        return bool(clock) and _above(clock, machine.health_clock_max)
    if uptime is not None and machine.health_uptime_s is not None:
        return uptime > machine.health_uptime_s
    return bool(clock) and _above(clock, machine.health_clock)


def remember(machine: Machine, last_seq: int, health: Mapping[int, object], now: int) -> None:
    """This report is the newest now. A clock that is ahead of ours counts as ours: it may be set back later."""
    clock, uptime = _number(health, uplink.HEALTH_CLOCK), _number(health, uplink.HEALTH_UPTIME_S)
    if machine.health_seq is None or last_seq > machine.health_seq:
        machine.health_seq, machine.health_uptime_s, machine.health_clock = last_seq, None, None
    if uptime is not None:
        machine.health_uptime_s = uptime
    if clock:
        machine.health_clock = min(clock, now)
        machine.health_clock_max = max(machine.health_clock_max or 0, machine.health_clock)


def _above(value: int | None, known: int | None) -> bool:
    return value is not None and (known is None or value > known)


def _number(health: Mapping[int, object], number: int) -> int | None:
    value = health.get(number)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 0xFFFFFFFF else None
