"""Statements of the ingest writer: whole groups of rows at once.

What is needed to keep a report (journals, their chains and forks) is read with casts: whatever a damaged row holds, it
comes as a number or as bytes, and no reading of it can fail a report that is genuine.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from protocol.journal import Entry
from sqlalchemy import BigInteger, LargeBinary, bindparam, cast, delete, exists, func, insert, literal, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, SQLModel, col, select, tuple_

from backoffice.ingest.merge import Chain
from backoffice.models import (
    Batch,
    Card,
    Deferred,
    InDoubt,
    Institution,
    JournalChain,
    JournalEntry,
    JournalFork,
    JournalGap,
    Machine,
    MachineCommand,
    MachineKey,
    Usage,
)

Row = dict[str, Any]
StoredRow = Any
"""A row of journal_entry or journal_fork as ``entries_after`` and ``incomplete_forks_at`` give it."""
PARAMETERS_MAX = 500
WALK_ENTRIES_MAX = 2048
KEYS_TRIED_MAX = 8
U32_MAX = 0xFFFFFFFF


def _table(model: type[SQLModel]) -> Any:
    return SQLModel.metadata.tables[str(model.__tablename__)]


def machine_keys(session: Session, machine_id: int) -> Sequence[tuple[int, bytes, bool]]:
    """A machine's keys (epoch, sealed key, committed): the one in use, those that it may have taken, old ones.

    The bound cuts at the oldest: the key in use is always among them.
    """
    table, machine = _table(MachineKey), _table(Machine)
    in_use = select(cast(machine.c.epoch, BigInteger)).where(machine.c.id == machine_id).scalar_subquery()
    query = select(
        table.c.epoch,
        cast(table.c.sealed_key, LargeBinary).label("sealed_key"),
        _number(table.c.committed, "committed"),
    ).where(table.c.machine_id == machine_id)
    query = query.order_by((table.c.epoch == in_use).desc(), table.c.committed, table.c.epoch.desc())
    rows = session.connection().execute(query.limit(KEYS_TRIED_MAX))
    return [(row.epoch, row.sealed_key or b"", bool(row.committed)) for row in rows]


def machine_exists(session: Session, machine_id: int) -> bool:
    """Whether the machine is registered, whatever its row says."""
    return session.connection().execute(select(exists().where(col(Machine.id) == machine_id))).scalar_one()


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
    columns = (
        table.c.machine_id,
        table.c.epoch,
        _number(table.c.contiguous_seq),
        cast(table.c.contiguous_mac, LargeBinary).label("contiguous_mac"),
        _number(table.c.highest_seq),
        _number(table.c.forked, "forked"),
    )
    found: dict[tuple[int, int], Chain] = {}
    for chunk in _chunks(keys):
        query = select(*columns).where(tuple_(table.c.machine_id, table.c.epoch).in_(chunk))  # type: ignore[call-overload]
        for row in session.connection().execute(query):
            found[row.machine_id, row.epoch] = Chain(
                row.machine_id,
                row.epoch,
                _seq(row.contiguous_seq),
                row.contiguous_mac or b"",
                _seq(row.highest_seq),
                bool(row.forked),
            )
    return found


def mac_at(session: Session, chain: Chain) -> bytes | None:
    """The MAC that is stored at the end of the complete part; None when that entry is not there."""
    stored = stored_macs(session, chain.machine_id, chain.epoch, chain.contiguous_seq, chain.contiguous_seq)
    return stored.get(chain.contiguous_seq)


def find_anew(session: Session, chain: Chain) -> None:
    """Where a journal stands by its entries and the gaps that people accepted; what the chain said is of no account.

    ``chain`` comes with the beginning: no entry, the first MAC.
    """
    chain.highest_seq = 0
    for first, last in _stretches(session, chain):
        chain.highest_seq = last
        if first == chain.contiguous_seq + 1 or _is_accepted(session, chain, first - 1):
            chain.contiguous_seq = last
    mac = mac_at(session, chain)
    if mac is not None:
        chain.contiguous_mac = mac
    table = _table(JournalFork)
    forked = exists().where(table.c.machine_id == chain.machine_id, table.c.epoch == chain.epoch)
    chain.forked = session.connection().execute(select(forked)).scalar_one()


def _stretches(session: Session, chain: Chain) -> list[tuple[int, int]]:
    """First and last number of every stretch that is stored without a hole."""
    table = _table(JournalEntry)
    island = (table.c.seq - func.row_number().over(order_by=table.c.seq)).label("island")
    numbered = (
        select(table.c.seq, island)
        .where(table.c.machine_id == chain.machine_id, table.c.epoch == chain.epoch)
        .subquery()
    )
    first = func.min(numbered.c.seq)
    query = select(first, func.max(numbered.c.seq)).group_by(numbered.c.island).order_by(first)
    return [(start, end) for start, end in session.connection().execute(query)]


def _is_accepted(session: Session, chain: Chain, last_seq: int) -> bool:
    """Whether a person accepted that nothing comes between the complete part and this number."""
    table = _table(JournalGap)
    accepted = exists().where(
        table.c.machine_id == chain.machine_id,
        table.c.epoch == chain.epoch,
        table.c.first_seq == chain.contiguous_seq + 1,
        table.c.last_seq == last_seq,
    )
    return session.connection().execute(select(accepted)).scalar_one()


def save_chains(session: Session, rows: Sequence[Chain]) -> None:
    """Store where journals stand."""
    statement = sqlite_insert(_table(JournalChain))
    changed = {name: statement.excluded[name] for name in ("contiguous_seq", "contiguous_mac", "highest_seq", "forked")}
    statement = statement.on_conflict_do_update(index_elements=["machine_id", "epoch"], set_=changed)
    _many(session, statement, [vars(row) for row in rows])


def stored_macs(session: Session, machine_id: int, epoch: int, first_seq: int, last_seq: int) -> dict[int, bytes]:
    """The chain's MACs that are stored in a stretch of a journal."""
    table = _table(JournalEntry)
    query = select(table.c.seq, cast(table.c.mac, LargeBinary).label("mac")).where(
        table.c.machine_id == machine_id, table.c.epoch == epoch, table.c.seq.between(first_seq, last_seq)
    )
    return {row.seq: row.mac or b"" for row in session.connection().execute(query)}


def entries_after(session: Session, chain: Chain) -> Sequence[StoredRow]:
    """The next stored entries beyond the complete part of a journal, bounded."""
    table = _table(JournalEntry)
    query = (
        select(*_entry_columns(table))
        .where(
            table.c.machine_id == chain.machine_id,
            table.c.epoch == chain.epoch,
            table.c.seq > chain.contiguous_seq,
        )
        .order_by(table.c.seq)
        .limit(WALK_ENTRIES_MAX)
    )
    return session.connection().execute(query).all()


def entry_of(row: StoredRow) -> Entry:
    """The entry of a stored row. What a damaged one holds may be no entry at all: ``encode`` tells."""
    return Entry(row.seq, row.kind, row.time, row.clock, row.batch, row.credit, row.detail or b"")


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
    table = _table(JournalFork)
    query = select(_number(table.c.linked, "linked")).where(
        table.c.machine_id == machine_id, table.c.epoch == epoch, table.c.seq == seq, table.c.mac == mac
    )
    row = session.connection().execute(query).first()
    return None if row is None else bool(row.linked)


def forks_between(
    session: Session, machine_id: int, epoch: int, first_seq: int, last_seq: int
) -> set[tuple[int, bytes]]:
    """What is kept of other histories in a stretch: (seq, mac)."""
    table = _table(JournalFork)
    query = select(table.c.seq, cast(table.c.mac, LargeBinary).label("mac")).where(
        table.c.machine_id == machine_id, table.c.epoch == epoch, table.c.seq.between(first_seq, last_seq)
    )
    return {(row.seq, row.mac) for row in session.connection().execute(query)}


def incomplete_forks_at(session: Session, machine_id: int, epoch: int, seq: int) -> Sequence[StoredRow]:
    """Entries of other histories with this number whose history has a hole so far."""
    table = _table(JournalFork)
    query = select(*_entry_columns(table)).where(
        table.c.machine_id == machine_id, table.c.epoch == epoch, table.c.seq == seq, table.c.linked == 0
    )
    return session.connection().execute(query).all()


def link_fork(session: Session, machine_id: int, epoch: int, seq: int, mac: bytes) -> None:
    """The history of this entry is complete now."""
    table = _table(JournalFork)
    place = (table.c.machine_id == machine_id, table.c.epoch == epoch, table.c.seq == seq, table.c.mac == mac)
    session.connection().execute(update(table).where(*place).values(linked=True))


def add_forks(session: Session, rows: Sequence[Row]) -> None:
    """Keep entries of another history."""
    _many(session, insert(_table(JournalFork)), rows)


def batches(session: Session, batch_ids: Iterable[int]) -> dict[int, tuple[int, int, int, int, str]]:
    """(machine, epoch, first credit, count, state) of these batches."""
    table = _table(Batch)
    columns = (table.c.machine_id, table.c.epoch, table.c.first_credit, table.c.count, table.c.state)
    found: dict[int, tuple[int, int, int, int, str]] = {}
    for chunk in _chunks(batch_ids):
        query = select(table.c.id, *columns).where(table.c.id.in_(chunk))  # type: ignore[call-overload]
        found.update((row[0], tuple(row[1:])) for row in session.connection().execute(query))
    return found


def one_time_cards(session: Session, credits: Iterable[int]) -> Iterable[tuple[int, int, str, int]]:  # noqa: A002
    """(batch, credit, state, changed at) of every one-time card that was planned for these credits."""
    table = _table(Card)
    columns = (table.c.batch_id, table.c.credit, table.c.state, table.c.changed_at)
    for chunk in _chunks(credits):
        query = select(*columns).where(table.c.credit.in_(chunk), table.c.level == "one_time")
        for row in session.connection().execute(query):
            yield tuple(row)


def usages_of_credits(session: Session, credits: Iterable[int]) -> Sequence[Any]:  # noqa: A002
    """credit, batch, machine_id, epoch, seq and standing of every debit of these credits so far."""
    table = _table(Usage)
    columns = (table.c.credit, table.c.batch, table.c.machine_id, table.c.epoch, table.c.seq, table.c.standing)
    found: list[Any] = []
    for chunk in _chunks(credits):
        query = select(*columns).where(table.c.credit.in_(chunk))  # type: ignore[call-overload]
        found += session.connection().execute(query)
    return found


def replace_usages(session: Session, rows: Sequence[Row]) -> None:
    """Put debits in the place of what was stored for the same credit, batch and machine."""
    table = _table(Usage)
    place = ("credit", "batch", "machine_id")
    statement = update(table).where(*(table.c[name] == bindparam(f"at_{name}") for name in place))
    values = [{f"at_{name}": row[name] for name in place} | row for row in rows]
    _many(session, statement, values)


def obeyed_revocations(session: Session, machine_ids: Iterable[int], kinds: Sequence[int]) -> Sequence[Any]:
    """machine_id, sent_epoch, args and answer_seq of revocations that these machines carried out.

    How many there can be is bounded by what a machine has room to remember.
    """
    table = _table(MachineCommand)
    columns = (table.c.machine_id, table.c.sent_epoch, table.c.args, table.c.answer_seq)
    found: list[Any] = []
    for chunk in _chunks(machine_ids):
        query = select(*columns).where(
            table.c.machine_id.in_(chunk),
            table.c.state == "done",
            table.c.kind.in_(kinds),
            table.c.answer_seq.is_not(None),
        )
        found += session.connection().execute(query)
    return found


def debit_after(
    session: Session, machine_id: int, epoch: int, seq: int, args: Sequence[int]
) -> tuple[int, int, int] | None:
    """The first debit (batch, credit, seq) of a batch, or of one credit of it, beyond an entry of the same journal."""
    table = _table(Usage)
    query = select(table.c.batch, table.c.credit, table.c.seq).where(
        table.c.machine_id == machine_id,
        table.c.epoch == epoch,
        table.c.seq > seq,
        *(column == value for column, value in zip((table.c.batch, table.c.credit), args, strict=False)),
    )
    row = session.connection().execute(query.order_by(table.c.seq).limit(1)).first()
    return None if row is None else (row.batch, row.credit, row.seq)


def add_usages(session: Session, rows: Sequence[Row]) -> None:
    """Add debits."""
    _many(session, insert(_table(Usage)), rows)


def add_deferred(session: Session, row: Deferred) -> int:
    """Put a stretch on record; its id."""
    session.add(row)
    session.flush()
    return row.id or 0


def deferred_ids(session: Session, limit: int) -> Sequence[int]:
    """Stretches to try again, the one first that was tried longest ago."""
    table = _table(Deferred)
    return (
        session.connection()
        .execute(select(table.c.id).order_by(table.c.tried_at, table.c.id).limit(limit))
        .scalars()
        .all()
    )


def deferred(session: Session, number: int) -> Any:
    """machine_id, epoch, first_seq, last_seq and other_history of a stretch; None once it is worked out."""
    table = _table(Deferred)
    names = ("machine_id", "epoch", "first_seq", "last_seq", "other_history")
    query = select(*(_number(table.c[name], name) for name in names)).where(table.c.id == number)
    return session.connection().execute(query).first()


def is_deferred(session: Session, machine_id: int) -> bool:
    """Whether any stretch of the machine waits."""
    query = select(exists().where(_table(Deferred).c.machine_id == machine_id))
    return session.connection().execute(query).scalar_one()


def strike_off(session: Session, number: int) -> None:
    """The stretch is worked out."""
    table = _table(Deferred)
    session.connection().execute(delete(table).where(table.c.id == number))


def note_attempt(session: Session, number: int, now: int, error: str) -> None:
    """An attempt to work a stretch out failed."""
    table = _table(Deferred)
    values = {"tried_at": now, "attempts": table.c.attempts + 1, "error": error}
    session.connection().execute(update(table).where(table.c.id == number).values(values))


def entries_between(
    session: Session, machine_id: int, epoch: int, first_seq: int, last_seq: int, *, other_history: bool
) -> Sequence[StoredRow]:
    """What is stored of a stretch of a journal, or of other histories of it, in order."""
    table = _table(JournalFork if other_history else JournalEntry)
    query = select(*_entry_columns(table)).where(
        table.c.machine_id == machine_id, table.c.epoch == epoch, table.c.seq.between(first_seq, last_seq)
    )
    return session.connection().execute(query.order_by(table.c.seq)).all()


def places_with_provisional_days(session: Session) -> Sequence[tuple[int, str]]:
    """(institution, time zone) where days are counted in UTC for the time being."""
    table, place = _table(Usage), _table(Institution)
    query = select(table.c.institution_id, place.c.timezone).join(place, place.c.id == table.c.institution_id)
    rows = session.connection().execute(query.where(table.c.day_provisional).distinct())
    return [tuple(row) for row in rows]


def provisional_days(session: Session, institution_id: int, limit: int) -> Sequence[tuple[int, int]]:
    """(usage id, time) of debits whose day is to be counted again."""
    table = _table(Usage)
    query = select(table.c.id, table.c.time).where(table.c.institution_id == institution_id, table.c.day_provisional)
    return [tuple(row) for row in session.connection().execute(query.limit(limit))]


def set_days(session: Session, days: Sequence[tuple[int, str]]) -> None:
    """The days (usage id, day) at the place itself."""
    table = _table(Usage)
    statement = (
        update(table).where(table.c.id == bindparam("number")).values(day=bindparam("on"), day_provisional=False)
    )
    _many(session, statement, [{"number": number, "on": day} for number, day in days])


def add_in_doubt(session: Session, rows: Sequence[Row]) -> None:
    """Note intents without a debit."""
    _many(session, sqlite_insert(_table(InDoubt)).on_conflict_do_nothing(), rows)


def delete_in_doubt(session: Session, rows: Sequence[tuple[int, int]]) -> None:
    """Forget intents (machine, credit) that were decided."""
    table = _table(InDoubt)
    statement = delete(table).where(table.c.machine_id == bindparam("machine"), table.c.credit == bindparam("spent"))
    _many(session, statement, [{"machine": machine, "spent": credit} for machine, credit in rows])


def _entry_columns(table: Any) -> tuple[Any, ...]:
    numbers = (_number(table.c[name], name) for name in ("seq", "kind", "time", "clock", "batch", "credit"))
    blobs = (cast(table.c[name], LargeBinary).label(name) for name in ("detail", "mac"))
    return (*numbers, *blobs, _number(table.c.received_at))


def _number(column: Any, name: str = "") -> Any:
    """The column as a number, whatever it holds."""
    return func.coalesce(cast(column, BigInteger), literal(0)).label(name or column.name)


def _seq(value: int) -> int:
    """A number of an entry, within what entries can have."""
    return min(max(value, 0), U32_MAX)


def _many(session: Session, statement: Any, rows: Sequence[Row]) -> None:
    if rows:
        session.connection().execute(statement, list(rows))


def _chunks(items: Iterable[Any]) -> Iterable[list[Any]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, PARAMETERS_MAX)):
        yield chunk
