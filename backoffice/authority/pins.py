"""PINs: what one may be, and how often a wrong one may be tried."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Annotated

from pydantic import Field, SecretStr
from sqlmodel import Session

from backoffice.authority import sealing
from backoffice.errors import PinLocked
from backoffice.models import PinGuard

PIN_CHARS_MIN, PIN_CHARS_MAX = 6, 64
FREE_FAILURES = 5
FIRST_LOCK_S = 15 * 60
LOCK_MAX_S = 24 * 3600

Pin = Annotated[SecretStr, Field(min_length=PIN_CHARS_MIN, max_length=PIN_CHARS_MAX)]
Begin = Callable[[], AbstractContextManager[Session]]


def unseal(begin: Begin, level: str, subject_id: int, now: int, pin: SecretStr, sealed: bytes, context: bytes) -> bytes:
    """What a card's PIN protects. The attempt is on record before it is made, so that no crash makes it free."""
    with begin() as session:
        _count_attempt(session, level, subject_id, now)
    value = sealing.open_(pin.get_secret_value(), sealed, context)
    with begin() as session:
        guard = _guard(session, level, subject_id)
        guard.failures, guard.locked_until = 0, 0
    return value


def _count_attempt(session: Session, level: str, subject_id: int, now: int) -> None:
    guard = _guard(session, level, subject_id)
    if now < guard.locked_until:
        raise PinLocked(retry_after_s=guard.locked_until - now)
    guard.failures += 1
    if guard.failures >= FREE_FAILURES:
        guard.locked_until = now + min(FIRST_LOCK_S << (guard.failures - FREE_FAILURES), LOCK_MAX_S)


def _guard(session: Session, level: str, subject_id: int) -> PinGuard:
    guard = session.get(PinGuard, (level, subject_id))
    if guard is None:
        guard = PinGuard(level=level, subject_id=subject_id)
        session.add(guard)
    return guard
