"""The clock that certificates are held against.

On an ESP32 mbedtls compares a certificate's dates with the real-time clock (MBEDTLS_HAVE_TIME_DATE), which is in the
year 2000 after power-up: no certificate would be valid yet. So the clock is moved forward to the best that is known,
and at least to the first day of the CA, which was there when somebody provisioned it. It is never moved back, nothing
but TLS looks at it, and a clock that is behind only fails to notice that a certificate has expired.
"""

import time

from gsm.timestamp import unix_seconds
from micropython import const

_UNIX_TO_2000_S = const(946684800)
_SEQUENCE, _INTEGER, _VERSION = const(0x30), const(0x02), const(0xA0)
_UTC_TIME = const(0x17)
_LONG_FORM = const(0x80)


def set_clock(unix_s: int, ca_der: bytes = b"") -> None:
    """It is at least as late as this, and the CA is valid."""
    offset_s = _UNIX_TO_2000_S if time.gmtime(0)[0] == 2000 else 0
    wanted_s = max(unix_s, not_before(ca_der))
    if wanted_s <= time.time() + offset_s:
        return
    from machine import RTC

    year, month, day, hour, minute, second, weekday, _ = time.gmtime(wanted_s - offset_s)
    RTC().datetime((year, month, day, weekday, hour, minute, second, 0))


def not_before(certificate: bytes) -> int:
    """The first second of a DER certificate (RFC 5280 4.1.2.5); 0 if there is none to be found."""
    try:
        at, _ = _content(certificate, 0, _SEQUENCE)
        at, _ = _content(certificate, at, _SEQUENCE)
        if certificate[at] == _VERSION:
            at = _content(certificate, at, _VERSION)[1]
        at = _content(certificate, at, _INTEGER)[1]
        at = _content(certificate, at, _SEQUENCE)[1]  # signature algorithm
        at = _content(certificate, at, _SEQUENCE)[1]  # issuer
        at, _ = _content(certificate, at, _SEQUENCE)  # validity
        start, end = _content(certificate, at, _UTC_TIME)
        digits = certificate[start : end - 1].decode()
        year, month, day, hour, minute, second = [int(digits[place : place + 2]) for place in range(0, 12, 2)]
        return unix_seconds(year, month, day, hour, minute, second, 0)
    except (IndexError, ValueError):
        return 0


def _content(data: bytes, at: int, kind: int) -> tuple[int, int]:
    """Where the value of the element begins and where it ends (ITU-T X.690 8.1)."""
    if data[at] != kind:
        raise ValueError("not such an element")
    length = data[at + 1]
    at += 2
    if length & _LONG_FORM:
        count = length & 0x7F
        length = int.from_bytes(data[at : at + count], "big")
        at += count
    if at + length > len(data):
        raise ValueError("cut short")
    return at, at + length
