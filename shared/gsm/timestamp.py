"""GSM's local times with a zone in quarter hours (3GPP TS 23.040 9.2.3.11, AT+CCLK) as Unix seconds."""

try:
    from micropython import const
except ImportError:
    from gsm.elsewhere import const

_FIRST_TRUE_YEAR = const(20)  # a modem that was never told the time says 04/01/01 or 80/01/06

_DAYS_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
_DAYS_IN = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_UNIX_DAYS_2000 = const(10957)
_MAX_ZONE = const(56)  # 14 hours


def unix_seconds(year: int, month: int, day: int, hour: int, minute: int, second: int, quarters: int) -> int:
    """Of a local time, the year without its century; 0 if there is no such time, or if the clock was never set."""
    if not (_FIRST_TRUE_YEAR <= year < 80 and 1 <= month <= 12 and 1 <= day <= _DAYS_IN[month - 1]):
        return 0
    if hour > 23 or minute > 59 or second > 59 or not -_MAX_ZONE <= quarters <= _MAX_ZONE:
        return 0
    leap = year % 4 == 0
    if month == 2 and day == 29 and not leap:
        return 0
    days: int = _UNIX_DAYS_2000 + year * 365 + (year + 3) // 4 + _DAYS_BEFORE[month - 1] + day - 1
    if leap and month > 2:
        days += 1
    return days * 86400 + hour * 3600 + minute * 60 + second - quarters * 900


def from_semi_octets(octets: bytes) -> int:
    """Seven of them, each digit pair swapped; bit 3 of the zone is its sign."""
    year, month, day, hour, minute, second = [(octet & 15) * 10 + (octet >> 4) for octet in octets[:6]]
    zone = octets[6]
    quarters = (zone & 7) * 10 + (zone >> 4)
    return unix_seconds(year, month, day, hour, minute, second, -quarters if zone & 8 else quarters)
