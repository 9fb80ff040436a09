"""A machine's journal as a log, with its holes."""

from collections.abc import Sequence

from protocol import journal
from protocol.reasons import NAMES
from sqlalchemy import func
from sqlmodel import Session, col, select

from backoffice.models import JournalChain, JournalEntry, JournalGap
from backoffice.models.journal_entry import COMMON_KINDS, RARE
from backoffice.web.reads import exams
from backoffice.web.views import LogRow

AROUND_ENTRIES = 500
"""An exam's entries follow each other; what a machine writes between them is far less."""
CHAINS_SHOWN = 100


def chains(session: Session, machine_id: int) -> Sequence[JournalChain]:
    """The machine's journals, newest first."""
    query = select(JournalChain).where(JournalChain.machine_id == machine_id)
    return session.exec(query.order_by(col(JournalChain.epoch).desc()).limit(CHAINS_SHOWN)).all()


def chain_count(session: Session, machine_id: int) -> int:
    """How many it has."""
    return session.scalar(select(func.count()).where(JournalChain.machine_id == machine_id)) or 0


def log(
    session: Session, machine_id: int, epoch: int, limit: int, below_seq: int | None, kind: int | None
) -> list[LogRow]:
    """Entries of one epoch, newest first; between two that are not neighbours the hole is a row of its own.

    A log of one kind only shows no holes: what it leaves out is not missing.
    """
    query = select(JournalEntry).where(JournalEntry.machine_id == machine_id, JournalEntry.epoch == epoch)
    if below_seq is not None:
        query = query.where(JournalEntry.seq < below_seq)
    if kind is not None:
        query = query.where(JournalEntry.kind == kind, *([] if kind in COMMON_KINDS else [RARE]))
    entries = session.exec(query.order_by(col(JournalEntry.seq).desc()).limit(limit)).all()
    if not entries:
        return []
    usage_ids = exams.ids_by_entry(session, machine_id, epoch, entries[-1].seq, entries[0].seq)
    rows = [_row(entry, usage_ids.get(entry.seq)) for entry in entries]
    if kind is not None:
        return rows
    newest = below_seq if below_seq is not None else entries[0].seq + 1
    oldest = 1 if len(entries) < limit else entries[-1].seq
    return _with_holes(rows, _accepted(session, machine_id, epoch, oldest, newest), newest, oldest)


def _with_holes(rows: list[LogRow], accepted: dict[int, str], newest: int, oldest: int) -> list[LogRow]:
    """The rows from `newest` (not included) down to `oldest`, and a row for each stretch that is not there."""
    shown: list[LogRow] = []
    above = newest
    for row in rows:
        shown += _hole(row.seq + 1, above - 1, accepted)
        shown.append(row)
        above = row.seq
    return shown + _hole(oldest, above - 1, accepted)


def _hole(first: int, last: int, accepted: dict[int, str]) -> list[LogRow]:
    if first > last:
        return []
    reason = accepted.get(first)
    return [LogRow("gap" if reason is None else "accepted_gap", first, last, detail=reason or "")]


def _accepted(session: Session, machine_id: int, epoch: int, oldest: int, newest: int) -> dict[int, str]:
    """Why these holes were accepted, by the first entry that is missing: no more than there are entries shown."""
    query = select(JournalGap).where(
        JournalGap.machine_id == machine_id,
        JournalGap.epoch == epoch,
        col(JournalGap.first_seq).between(oldest, newest),
    )
    return {gap.first_seq: gap.reason for gap in session.exec(query)}


def around(session: Session, machine_id: int, epoch: int, credit: int, seq: int) -> dict[int, JournalEntry]:
    """The entries of one exam by kind: its intent, debit, start and end, as far as they are near its debit."""
    query = select(JournalEntry).where(
        JournalEntry.machine_id == machine_id,
        JournalEntry.epoch == epoch,
        JournalEntry.credit == credit,
        col(JournalEntry.seq).between(seq - AROUND_ENTRIES, seq + AROUND_ENTRIES),
    )
    return {entry.kind: entry for entry in session.exec(query.order_by(col(JournalEntry.seq)))}


def _row(entry: JournalEntry, usage_id: int | None) -> LogRow:
    return LogRow(
        kind=str(entry.kind),
        seq=entry.seq,
        last_seq=entry.seq,
        time=entry.time,
        clock=entry.clock,
        batch=entry.batch,
        credit=entry.credit,
        detail=detail_words(entry.kind, entry.detail),
        reason=refusal(entry.kind, entry.detail),
        received_at=entry.received_at,
        usage_href=f"/usage/{usage_id}" if usage_id is not None else "",
    )


def refusal(kind: int, detail: bytes) -> str:
    """Why a card was refused, as a reason's name."""
    if kind != journal.REFUSED or not detail:
        return ""
    return NAMES[detail[0]] if detail[0] < len(NAMES) else str(detail[0])


def detail_words(kind: int, detail: bytes) -> str:
    """An entry's detail as protocol.journal describes it; what is not described is shown as hex."""
    if not detail:
        return ""
    if kind == journal.REFUSED:
        return detail[1:].hex()
    if kind == journal.FAULT:
        return detail.decode("utf-8", "replace")
    if kind == journal.PROVISIONED:
        return str(int.from_bytes(detail, "big"))
    return detail.hex()
