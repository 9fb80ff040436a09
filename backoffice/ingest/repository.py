"""Statements of the ingest writer: whole groups of rows at once."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from protocol.journal import Entry
from sqlalchemy import bindparam, delete, insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, SQLModel, col, select, tuple_

from backoffice.ingest.merge import Chain
from backoffice.models import (
    InDoubt,
    Institution,
    JournalChain,
    JournalEntry,
    JournalFork,
    Machine,
    MachineKey,
    Usage,
)

Row = dict[str, Any]
PARAMETERS_MAX = 500
WALK_ENTRIES_MAX = 2048
KEYS_TRIED_MAX = 8


def _table(model: type[SQLModel]) -> Any:
    return SQLModel.metadata.tables[str(model.__tablename__)]


def machine_keys(session: Session, machine_id: int) -> Sequence[MachineKey]:
    """A machine's sealed keys, newest epoch first."""
    query = select(MachineKey).where(MachineKey.machine_id == machine_id)
    return session.exec(query.order_by(col(MachineKey.epoch).desc()).limit(KEYS_TRIED_MAX)).all()


def machines(session: Session, machine_ids: Iterable[int]) -> dict[int, tuple[Machine, Institution | None]]:
    """Machines and their institutions."""
    found: dict[int, tuple[Machine, Institution | None]] = {}
    for chunk in _chunks(machine_ids):
        query = select(Machine, Institution).join(Institution, isouter=True).where(col(Machine.id).in_(chunk))
        for machine, institution in session.exec(query):
            found[machine.id] = (machine, institution)
    return found


def chains(session: Session, keys: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Chain]:
    """Where these journals (machine, epoch) stand; those never reported are left out."""
    table = _table(JournalChain)
    found: dict[tuple[int, int], Chain] = {}
    for chunk in _chunks(keys):
        rows = session.connection().execute(table.select().where(tuple_(table.c.machine_id, table.c.epoch).in_(chunk)))
        for row in rows:
            found[row.machine_id, row.epoch] = Chain(
                row.machine_id, row.epoch, row.contiguous_seq, row.contiguous_mac, row.highest_seq, row.forked
            )
    return found


def save_chains(session: Session, rows: Sequence[Chain]) -> None:
    """Store where journals stand."""
    statement = sqlite_insert(_table(JournalChain))
    changed = {name: statement.excluded[name] for name in ("contiguous_seq", "contiguous_mac", "highest_seq", "forked")}
    statement = statement.on_conflict_do_update(index_elements=["machine_id", "epoch"], set_=changed)
    _many(session, statement, [vars(row) for row in rows])


def stored_macs(session: Session, machine_id: int, epoch: int, first_seq: int, last_seq: int) -> dict[int, bytes]:
    """The chain's MACs that are stored in a stretch of a journal."""
    table = _table(JournalEntry)
    query = select(table.c.seq, table.c.mac).where(
        table.c.machine_id == machine_id, table.c.epoch == epoch, table.c.seq.between(first_seq, last_seq)
    )
    return {row.seq: row.mac for row in session.connection().execute(query)}


def entries_after(session: Session, chain: Chain) -> list[tuple[Entry, bytes]]:
    """The next stored entries beyond the complete part of a journal, bounded."""
    table = _table(JournalEntry)
    query = (
        table.select()
        .where(
            table.c.machine_id == chain.machine_id,
            table.c.epoch == chain.epoch,
            table.c.seq > chain.contiguous_seq,
        )
        .order_by(table.c.seq)
        .limit(WALK_ENTRIES_MAX)
    )
    return [(_entry(row), row.mac) for row in session.connection().execute(query)]


def decided_later(session: Session, intent: Row, kinds: Sequence[int]) -> bool:
    """Whether a later entry of one of these kinds about the intent's credit is stored already."""
    table = _table(JournalEntry)
    query = select(table.c.seq).where(
        table.c.machine_id == intent["machine_id"],
        table.c.epoch == intent["epoch"],
        table.c.seq > intent["seq"],
        table.c.credit == intent["credit"],
        table.c.kind.in_(kinds),
    )
    return session.connection().execute(query.limit(1)).first() is not None


def add_entries(session: Session, rows: Sequence[Row]) -> None:
    """Add entries to journals."""
    _many(session, insert(_table(JournalEntry)), rows)


def fork_linked(session: Session, machine_id: int, epoch: int, seq: int, mac: bytes) -> bool | None:
    """Whether the other history with this entry is complete; None when there is no such entry."""
    row = session.get(JournalFork, (machine_id, epoch, seq, mac))
    return None if row is None else row.linked


def forks_between(
    session: Session, machine_id: int, epoch: int, first_seq: int, last_seq: int
) -> dict[tuple[int, bytes], JournalFork]:
    """What is kept of other histories in a stretch, by (seq, mac)."""
    query = select(JournalFork).where(
        JournalFork.machine_id == machine_id,
        JournalFork.epoch == epoch,
        col(JournalFork.seq).between(first_seq, last_seq),
    )
    return {(row.seq, row.mac): row for row in session.exec(query)}


def incomplete_forks_at(session: Session, machine_id: int, epoch: int, seq: int) -> Sequence[JournalFork]:
    """Entries of other histories with this number whose history has a hole so far."""
    query = select(JournalFork).where(
        JournalFork.machine_id == machine_id,
        JournalFork.epoch == epoch,
        JournalFork.seq == seq,
        col(JournalFork.linked).is_(False),
    )
    return session.exec(query).all()


def add_forks(session: Session, rows: Sequence[Row]) -> None:
    """Keep entries of another history."""
    _many(session, insert(_table(JournalFork)), rows)


def usages_of_credits(session: Session, credits: Iterable[int]) -> set[tuple[int, int, int]]:  # noqa: A002
    """(credit, batch, machine) of every debit of these credits so far."""
    table = _table(Usage)
    found: set[tuple[int, int, int]] = set()
    for chunk in _chunks(credits):
        query = select(table.c.credit, table.c.batch, table.c.machine_id).where(table.c.credit.in_(chunk))
        found.update((row.credit, row.batch, row.machine_id) for row in session.connection().execute(query))
    return found


def add_usages(session: Session, rows: Sequence[Row]) -> None:
    """Add debits."""
    _many(session, insert(_table(Usage)), rows)


def add_in_doubt(session: Session, rows: Sequence[Row]) -> None:
    """Note intents without a debit."""
    _many(session, sqlite_insert(_table(InDoubt)).on_conflict_do_nothing(), rows)


def delete_in_doubt(session: Session, rows: Sequence[tuple[int, int]]) -> None:
    """Forget intents (machine, credit) that were decided."""
    table = _table(InDoubt)
    statement = delete(table).where(table.c.machine_id == bindparam("machine"), table.c.credit == bindparam("spent"))
    _many(session, statement, [{"machine": machine, "spent": credit} for machine, credit in rows])


def _entry(row: Any) -> Entry:
    return Entry(row.seq, row.kind, row.time, row.clock, row.batch, row.credit, row.detail)


def _many(session: Session, statement: Any, rows: Sequence[Row]) -> None:
    if rows:
        session.connection().execute(statement, list(rows))


def _chunks(items: Iterable[Any]) -> Iterable[list[Any]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, PARAMETERS_MAX)):
        yield chunk
