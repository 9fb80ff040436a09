"""PINs: what one may be, and how often a wrong one may be tried."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, SecretStr
from sqlmodel import Session

from backoffice.authority import sealing
from backoffice.errors import HashingBusy, PinLocked
from backoffice.hashing import HashingLine
from backoffice.models import PinGuard

PIN_CHARS_MIN, PIN_CHARS_MAX = 6, 64
FREE_FAILURES = 5
FIRST_LOCK_S = 15 * 60
LOCK_MAX_S = 24 * 3600
DOUBLINGS_MAX = 8

Pin = Annotated[SecretStr, Field(min_length=PIN_CHARS_MIN, max_length=PIN_CHARS_MAX)]
Begin = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True)
class Sealed:
    """What a card's PIN protects, and whose it is."""

    level: str
    """master, white or batch."""
    subject_id: int
    value: bytes
    context: bytes


def unseal(begin: Begin, hashing: HashingLine, sealed: Sealed, now: int, pin: SecretStr) -> bytes:
    """What the PIN protects. The attempt is on record before it is made, so that no crash makes it free, and no two at
    once count as one. Raises WrongPin, PinLocked, HashingBusy.
    """
    with begin() as session:
        wait_s = _count_attempt(_guard(session, sealed), now)
    if wait_s > 0:
        raise PinLocked(f"the PIN was wrong too often: wait {wait_s} s", retry_after_s=wait_s)
    try:
        value = hashing.do(sealing.open_, pin.get_secret_value(), sealed.value, sealed.context)
    except HashingBusy:
        with begin() as session:
            _take_back(_guard(session, sealed))
        raise
    with begin() as session:
        guard = _guard(session, sealed)
        guard.failures, guard.locked_until = 0, 0
    return value


def _count_attempt(guard: PinGuard, now: int) -> int:
    """Count it as failed, or say how long to wait."""
    guard.locked_until = min(guard.locked_until, now + LOCK_MAX_S)  # the clock may have been far ahead
    if now < guard.locked_until:
        return guard.locked_until - now
    guard.failures += 1
    if guard.failures >= FREE_FAILURES:
        guard.locked_until = now + min(FIRST_LOCK_S << min(guard.failures - FREE_FAILURES, DOUBLINGS_MAX), LOCK_MAX_S)
    return 0


def _take_back(guard: PinGuard) -> None:
    """Nothing was tried after all."""
    guard.failures = max(0, guard.failures - 1)
    if guard.failures < FREE_FAILURES:
        guard.locked_until = 0


def _guard(session: Session, sealed: Sealed) -> PinGuard:
    guard = session.get(PinGuard, (sealed.level, sealed.subject_id))
    if guard is None:
        guard = PinGuard(level=sealed.level, subject_id=sealed.subject_id)
        session.add(guard)
    return guard
