"""Entries that are stored and acknowledged, while something else was in the way of what they mean.

Each such stretch is a row; it goes in the transaction that counts its entries. A debit that was counted before is known
by its place in the journal, so working a stretch out twice changes nothing.
"""

from dataclasses import dataclass

from protocol.journal import Entry
from sqlalchemy import Engine
from sqlmodel import Session

from backoffice import logs
from backoffice.alerts import service as alerts
from backoffice.alerts.kinds import Kind
from backoffice.db import transaction
from backoffice.events.broker import Broker
from backoffice.ingest import meaning, repository
from backoffice.ingest.group import Group
from backoffice.ingest.journals import Kept
from backoffice.models import Deferred
from backoffice.timekeeping.rule import Believed

log = logs.get(__name__)

STRETCHES_A_ROUND = 50
ERROR_MAX_CHARS = 80


@dataclass(frozen=True)
class Stretch:
    """A deferred stretch, as a reporter of its entries."""

    id: int
    machine_id: int
    epoch: int
    first_seq: int
    last_seq: int
    other_history: bool


def defer(session: Session, kept: Kept, now: int) -> list[int]:
    """Put the new entries of a report on record as deferred; the ids of the stretches."""
    found = []
    for entries, other_history in ((kept.fresh, False), (kept.other, True)):
        if entries:
            row = Deferred(
                machine_id=kept.incoming.machine_id,
                epoch=kept.incoming.epoch,
                first_seq=entries[0].seq,
                last_seq=entries[-1].seq,
                other_history=other_history,
                since=now,
                tried_at=now,
            )
            found.append(repository.add_deferred(session, row))
    return found


def work_out_some(engine: Engine, broker: Broker, time: Believed) -> None:
    """Try stretches again, those first that waited longest for it."""
    with transaction(engine, first=True) as session:
        numbers = repository.deferred_ids(session, STRETCHES_A_ROUND)
    for number in numbers:
        work_out(engine, broker, number, time)


def work_out(engine: Engine, broker: Broker, number: int, time: Believed) -> bool:
    """Count a stretch's entries and strike it off, in one transaction; False when something is still in the way."""
    try:
        with transaction(engine, first=True) as session:
            _count(session, broker, number, time)
    except Exception as error:
        log.error("meaning_deferred", stretch=number, exc_info=error)
        _note_failure(engine, broker, number, error, time)
        return False
    return True


def _count(session: Session, broker: Broker, number: int, time: Believed) -> None:
    row = repository.deferred(session, number)
    if row is None:
        return
    stretch = Stretch(number, row.machine_id, row.epoch, row.first_seq, row.last_seq, bool(row.other_history))
    group = Group.open(session, broker, {stretch.machine_id}, time)
    for received_at, entries in _by_arrival(session, stretch).items():
        meaning.note_entries(group, stretch, entries, received_at, other_history=stretch.other_history)
    meaning.finish(group)
    repository.strike_off(session, number)
    if not repository.is_deferred(session, stretch.machine_id):
        group.settle(stretch, Kind.MEANING_DEFERRED)


def _by_arrival(session: Session, stretch: Stretch) -> dict[int, list[Entry]]:
    """The entries in their order, by when they arrived."""
    found: dict[int, list[Entry]] = {}
    place = stretch.machine_id, stretch.epoch, stretch.first_seq, stretch.last_seq
    for row in repository.entries_between(session, *place, other_history=stretch.other_history):
        found.setdefault(row.received_at, []).append(repository.entry_of(row))
    return found


def _note_failure(engine: Engine, broker: Broker, number: int, error: Exception, time: Believed) -> None:
    """Say what was in the way, as far as that is possible: the one must not hang on the other."""
    words = type(error).__name__[:ERROR_MAX_CHARS]

    def note(session: Session) -> None:
        repository.note_attempt(session, number, time.now, words)

    def alert(session: Session) -> None:
        _alert(session, broker, number, words, time.now)

    for step in (note, alert):
        try:
            with transaction(engine, first=True) as session:
                step(session)
        except Exception as another:
            log.error("deferral_not_noted", stretch=number, exc_info=another)


def _alert(session: Session, broker: Broker, number: int, words: str, now: int) -> None:
    row = repository.deferred(session, number)
    if row is None:
        return
    message = f"Entries {row.first_seq} to {row.last_seq} are stored but not counted yet: {words}. It is tried again."
    detail = {"epoch": row.epoch, "first_seq": row.first_seq, "last_seq": row.last_seq, "error": words}
    alerts.raise_alert(session, broker, Kind.MEANING_DEFERRED, message, now, machine_id=row.machine_id, detail=detail)
