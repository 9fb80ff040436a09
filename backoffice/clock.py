"""Time as the back office counts it: unix seconds in UTC, and the calendar day at a place."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

Clock = Callable[[], int]
"""Returns now as unix seconds. Tests pass their own."""

ZONES_KEPT = 256


def system_clock() -> int:
    """The computer's time."""
    return int(time.time())


@lru_cache(maxsize=ZONES_KEPT)
def zone(name: str) -> tzinfo:
    """The time zone of that IANA name; raises ValueError when there is none."""
    if name == "UTC":
        return UTC  # known even where no time zone files are installed
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as error:
        raise ValueError(f"unknown time zone {name!r}") from error


def day_at(time_s: int, zone_name: str) -> str:
    """The calendar day of a moment at a place: ``2026-11-23``."""
    return datetime.fromtimestamp(time_s, zone(zone_name)).date().isoformat()
