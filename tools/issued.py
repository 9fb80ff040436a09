"""What the issuing desk leaves in the database for one batch whose cards are all written, without the plastic.

For worlds whose cards are made elsewhere (the emulated authority, tests, benchmarks): the back office counts only
debits of what it knows to be issued.
"""

from dataclasses import dataclass

from sqlalchemy import insert
from sqlmodel import Session, col, func, select

from backoffice.models import Batch, Card, Master, White

EVERYTHING = 0xFFFFFFF0
KEY_BYTES = 64


@dataclass(frozen=True)
class IssuedBatch:
    """One batch, as its certificate says it."""

    batch_id: int
    first_credit: int
    count: int
    machine_id: int
    epoch: int = 1
    institution_code: int = 1


def record(session: Session, wanted: IssuedBatch, now: int) -> None:
    """Put the batch, its card and every one-time card on record as written; with a master and a white card above it."""
    white = _white(session, now)
    batch = Batch(
        id=wanted.batch_id,
        white_id=white.id,
        institution_code=wanted.institution_code,
        batch_number=wanted.batch_id,
        first_credit=wanted.first_credit,
        count=wanted.count,
        machine_id=wanted.machine_id,
        epoch=wanted.epoch,
        expires=0,
        state="signed",
        certificate=b"signed elsewhere",
        created_at=now,
    )
    session.add(batch)
    session.flush()
    session.add(
        Card(level="batch", batch_id=batch.id, white_id=white.id, state="written", created_at=now, changed_at=now)
    )
    session.flush()
    session.connection().execute(insert(Card), [_card(batch, credit, now) for credit in _credits(batch)])


def _credits(batch: Batch) -> range:
    return range(batch.first_credit, batch.first_credit + batch.count)


def _card(batch: Batch, credit: int, now: int) -> dict[str, object]:
    return {
        "level": "one_time",
        "white_id": batch.white_id,
        "batch_id": batch.id,
        "credit": credit,
        "attempt": 1,
        "uid": f"{batch.id:08x}{credit:08x}",
        "medium": "classic1k",
        "state": "written",
        "reason": "",
        "outcome": "",
        "warning": "weak_medium",
        "created_at": now,
        "changed_at": now,
    }


def _white(session: Session, now: int) -> White:
    """The white card under which all of them are; made with the first one."""
    white_id = session.exec(select(func.max(White.id))).one()
    if white_id is not None:
        return session.get_one(White, white_id)
    master = session.exec(select(Master).where(col(Master.current))).first() or _master(session, now)
    white = White(
        id=1,
        master_id=master.id,
        first_credit=1,
        quota=EVERYTHING,
        next_credit=EVERYTHING,
        expires=0,
        issuer_key=bytes(KEY_BYTES),
        certificate=b"signed elsewhere",
        created_at=now,
    )
    session.add(white)
    session.flush()
    return white


def _master(session: Session, now: int) -> Master:
    master = Master(id=1, state="active", authority_key=bytes(KEY_BYTES), kdf="none", created_at=now)
    session.add(master)
    session.flush()
    return master
