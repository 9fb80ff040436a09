"""What a report means beyond its entries: usage, exams in doubt, orders, the machine's state, alerts.

All of it can be worked out again from what is stored, so whatever is in its way never costs a report (writer.py).
"""

from protocol import journal
from protocol.journal import Entry

from backoffice.ingest import debits, epochs, exams, health, orders, repository
from backoffice.ingest.group import Debit, Group, Reporter
from backoffice.ingest.journals import Finding, Kept
from backoffice.ingest.moments import moment_of


def note(group: Group, kept: Kept) -> None:
    """All that one report means. ``finish`` has to follow."""
    note_arrival(group, kept)
    note_entries(group, kept.incoming, kept.fresh, group.now, other_history=False)
    note_entries(group, kept.incoming, kept.other, group.now, other_history=True)


def note_arrival(group: Group, kept: Kept) -> None:
    """That it came, what the machine says of itself, and what is wrong with its journal."""
    epochs.begin(group, kept.incoming)
    health.note(group, kept.incoming)
    for finding in kept.findings:
        _tell(group, kept.incoming, finding)


def note_entries(
    group: Group, reporter: Reporter, entries: list[Entry], received_at: int, *, other_history: bool
) -> None:
    """What new entries say."""
    if not entries:
        return
    found = exams.read_exams(entries)
    group.debits += [Debit(reporter, entry, other_history, received_at) for entry in found.debits]
    group.decided += [(reporter.machine_id, credit) for credit in found.decided]
    group.in_doubt_rows += [_in_doubt_row(group, reporter, entry, received_at) for entry in found.in_doubt.values()]
    orders.take_answers(group, reporter, found.answers)
    for trouble in health.troubles(entries):
        group.alert(reporter, trouble.kind, trouble.message, subject=trouble.subject)
    kinds = sorted({entry.kind for entry in entries} - {journal.DEBIT})
    if kinds:
        group.tell(reporter, "journal", kinds=kinds, seq=entries[-1].seq)


def finish(group: Group) -> None:
    """Write what was noted."""
    debits.write_usage(group)
    _write_in_doubt(group)


def _tell(group: Group, reporter: Reporter, finding: Finding) -> None:
    if finding.cleared:
        group.settle(reporter, finding.kind, subject=finding.subject)
    else:
        group.alert(reporter, finding.kind, finding.message, subject=finding.subject, detail=finding.detail)


def _write_in_doubt(group: Group) -> None:
    """Intents without an end, unless the end arrived before them."""
    rows = [row for row in group.in_doubt_rows if not repository.decided_later(group.session, row, exams.DECIDED)]
    repository.add_in_doubt(group.session, rows)
    repository.delete_in_doubt(group.session, group.decided)


def _in_doubt_row(group: Group, reporter: Reporter, entry: Entry, received_at: int) -> dict[str, int]:
    return {
        "machine_id": reporter.machine_id,
        "credit": entry.credit,
        "batch": entry.batch,
        "epoch": reporter.epoch,
        "seq": entry.seq,
        "time": moment_of(entry, received_at, group.time.machine_ahead_max_s)[0],
        "received_at": received_at,
    }
