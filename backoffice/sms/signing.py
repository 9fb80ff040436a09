"""How requests of the webhook are signed, in both directions.

    X-Perscan-Timestamp: unix seconds
    X-Perscan-Signature: v1=HEX, HEX = HMAC-SHA256(secret, timestamp + "." + body)

The time is in the signature, so an old request cannot be sent again later; within the window the SMS's own id makes a
repeated one harmless.
"""

import hmac
from collections.abc import Mapping
from hashlib import sha256

from backoffice.errors import SmsNotAuthentic, SmsStale

TIMESTAMP_HEADER = "X-Perscan-Timestamp"
SIGNATURE_HEADER = "X-Perscan-Signature"
SCHEME = "v1="
WINDOW_S = 300
TIMESTAMP_MAX_CHARS = 12


def headers(secret: str, now: int, body: bytes) -> dict[str, str]:
    """The headers that prove who sends this body, and when."""
    return {TIMESTAMP_HEADER: str(now), SIGNATURE_HEADER: SCHEME + signature(secret, str(now), body)}


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The signature's hexadecimal digits."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()


def verify(secret: str, given: Mapping[str, str], body: bytes, now: int) -> None:
    """Raise SmsNotAuthentic unless the headers sign this body, SmsStale when they did so at another time."""
    timestamp, shown = given.get(TIMESTAMP_HEADER, ""), given.get(SIGNATURE_HEADER, "")
    expected = SCHEME + signature(secret, timestamp[:TIMESTAMP_MAX_CHARS], body)
    if not hmac.compare_digest(expected.encode(), shown.encode()):
        raise SmsNotAuthentic()
    if not timestamp.isascii() or not timestamp.isdigit() or abs(int(timestamp) - now) > WINDOW_S:
        raise SmsStale()
