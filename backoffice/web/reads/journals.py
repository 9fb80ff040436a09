"""A machine's journal as a log, with its holes."""

from collections.abc import Sequence

from protocol import journal
from protocol.reasons import NAMES
from sqlmodel import Session, col, select

from backoffice.models import JournalChain, JournalEntry, JournalGap
from backoffice.web.reads import exams
from backoffice.web.views import LogRow


def chains(session: Session, machine_id: int) -> Sequence[JournalChain]:
    """The machine's journals, newest first."""
    query = select(JournalChain).where(JournalChain.machine_id == machine_id)
    return session.exec(query.order_by(col(JournalChain.epoch).desc()).limit(100)).all()


def log(
    session: Session, machine_id: int, epoch: int, limit: int, below_seq: int | None, kinds: Sequence[int]
) -> list[LogRow]:
    """Entries of one epoch, newest first; between two that are not neighbours the hole is a row of its own.

    A log of some kinds only shows no holes: what it leaves out is not missing.
    """
    query = select(JournalEntry).where(JournalEntry.machine_id == machine_id, JournalEntry.epoch == epoch)
    if below_seq is not None:
        query = query.where(JournalEntry.seq < below_seq)
    if kinds:
        query = query.where(col(JournalEntry.kind).in_(kinds))
    entries = session.exec(query.order_by(col(JournalEntry.seq).desc()).limit(limit)).all()
    if not entries:
        return []
    usage_ids = exams.ids_by_entry(session, machine_id, epoch, entries[-1].seq, entries[0].seq)
    rows = [_row(entry, usage_ids.get(entry.seq)) for entry in entries]
    if kinds:
        return rows
    return _with_holes(rows, _accepted(session, machine_id, epoch), reaches_start=len(entries) < limit)


def _with_holes(rows: list[LogRow], accepted: dict[int, str], *, reaches_start: bool) -> list[LogRow]:
    shown: list[LogRow] = []
    older: list[LogRow | None] = [*rows[1:], None]
    for row, next_older in zip(rows, older, strict=True):
        shown.append(row)
        if next_older is None and not reaches_start:
            break
        first_missing = (next_older.seq if next_older else 0) + 1
        if first_missing < row.seq:
            reason = accepted.get(first_missing)
            kind = "gap" if reason is None else "accepted_gap"
            shown.append(LogRow(kind, first_missing, row.seq - 1, detail=reason or ""))
    return shown


def _accepted(session: Session, machine_id: int, epoch: int) -> dict[int, str]:
    query = select(JournalGap).where(JournalGap.machine_id == machine_id, JournalGap.epoch == epoch)
    return {gap.first_seq: gap.reason for gap in session.exec(query.limit(1000))}


def around(session: Session, machine_id: int, epoch: int, credit: int) -> dict[int, JournalEntry]:
    """The entries of one exam by kind: its intent, debit, start and end."""
    query = select(JournalEntry).where(
        JournalEntry.machine_id == machine_id, JournalEntry.epoch == epoch, JournalEntry.credit == credit
    )
    found = session.exec(query.order_by(col(JournalEntry.seq)).limit(50)).all()
    return {entry.kind: entry for entry in found}


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
        received_at=entry.received_at,
        usage_href=f"/usage/{usage_id}" if usage_id is not None else "",
    )


def detail_words(kind: int, detail: bytes) -> str:
    """An entry's detail as protocol.journal describes it; what is not described is shown as hex."""
    if not detail:
        return ""
    if kind == journal.REFUSED:
        reason = NAMES[detail[0]] if detail[0] < len(NAMES) else str(detail[0])
        return f"{reason} {detail[1:].hex()}".strip()
    if kind == journal.FAULT:
        return detail.decode("utf-8", "replace")
    if kind == journal.PROVISIONED:
        return str(int.from_bytes(detail, "big"))
    return detail.hex()
