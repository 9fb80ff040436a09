"""What new journal entries mean: debits become usage, intents without an end are in doubt."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from protocol import journal, uplink
from protocol.journal import Entry

from backoffice.alerts.kinds import Kind
from backoffice.clock import day_at
from backoffice.commands.results import Result
from backoffice.ingest import health, orders, repository
from backoffice.ingest.group import Debit, Group
from backoffice.ingest.incoming import Incoming

CLOCK_AHEAD_MAX_S = 86_400
EARLIEST_TIME = 1_767_225_600
"""2026-01-01: no machine existed before."""
DECIDED = (journal.DEBIT, journal.ABANDONED)
EVENT_FIELDS = ("batch", "credit", "time", "day", "seq", "disputed", "institution_id")


@dataclass
class Exams:
    """What a run of new entries of one machine says."""

    debits: list[Entry] = field(default_factory=list)
    in_doubt: dict[int, Entry] = field(default_factory=dict)
    """By credit: intents that were not decided within the run."""
    decided: set[int] = field(default_factory=set)
    """Credits that were decided and whose intent came before the run."""
    answers: list[orders.Answer] = field(default_factory=list)
    """What became of orders of the back office."""


def note(group: Group, incoming: Incoming, entries: list[Entry], *, other_history: bool) -> None:
    """Note what new entries of a report say; ``write_usage`` and ``write_in_doubt`` store it."""
    found = read_exams(entries)
    group.debits += [Debit(incoming, entry, other_history) for entry in found.debits]
    group.decided += [(incoming.machine_id, credit) for credit in found.decided]
    group.in_doubt_rows += [_in_doubt_row(group, incoming, entry) for entry in found.in_doubt.values()]
    orders.take_answers(group, incoming, found.answers)
    for trouble in health.troubles(entries):
        group.alert(incoming, trouble.kind, trouble.message, subject=trouble.subject)
    kinds = sorted({entry.kind for entry in entries} - {journal.DEBIT})
    if kinds:
        group.tell(incoming, "journal", kinds=kinds, seq=entries[-1].seq)


def read_exams(entries: list[Entry]) -> Exams:
    """Go through entries in order."""
    found = Exams()
    for entry in entries:
        if entry.kind == journal.INTENT:
            found.in_doubt[entry.credit] = entry
        elif entry.kind in DECIDED:
            _decide(found, entry.credit)
        if entry.kind == journal.DEBIT:
            found.debits.append(entry)
        elif entry.kind == journal.COMMAND:
            _read_command(found, entry)
    return found


def _decide(found: Exams, credit: int) -> None:
    if found.in_doubt.pop(credit, None) is None:
        found.decided.add(credit)


def _read_command(found: Exams, entry: Entry) -> None:
    answer = orders.read_answer(entry)
    if answer is None:
        return
    found.answers.append(answer)
    if answer.kind == uplink.REFUND_CREDIT and answer.result is Result.DONE:
        _decide(found, entry.credit)


def moment_of(entry: Entry, received_at: int) -> tuple[int, str]:
    """When it happened, and how well that is known. Without a clock, the arrival is the latest it can have been."""
    plausible = EARLIEST_TIME <= entry.time <= received_at + CLOCK_AHEAD_MAX_S
    if plausible and entry.clock == journal.CLOCK_TRUSTED:
        return entry.time, "trusted"
    if plausible and entry.clock == journal.CLOCK_HINT:
        return entry.time, "hint"
    return received_at, "estimated"


def write_usage(group: Group) -> None:
    """One row a debit. The second debit of a credit is an alarm; on the same machine it is not a second row."""
    before: dict[int, set[tuple[int, int]]] = defaultdict(set)
    for credit, batch, machine_id in repository.usages_of_credits(group.session, _credits(group)):
        before[credit].add((batch, machine_id))
    rows: list[dict[str, Any]] = []
    for debit in group.debits:
        places = before[debit.entry.credit]
        place = debit.entry.batch, debit.incoming.machine_id
        if places:
            _alert_double(group, debit, places)
        if place not in places:
            rows.append(_usage_row(group, debit, disputed=debit.other_history or bool(places)))
            group.tell(debit.incoming, "debit", **{name: rows[-1][name] for name in EVENT_FIELDS})
            places.add(place)
    repository.add_usages(group.session, rows)


def write_in_doubt(group: Group) -> None:
    """Intents without an end, unless the end arrived before them."""
    rows = [row for row in group.in_doubt_rows if not repository.decided_later(group.session, row, DECIDED)]
    repository.add_in_doubt(group.session, rows)
    repository.delete_in_doubt(group.session, group.decided)


def _credits(group: Group) -> set[int]:
    return {debit.entry.credit for debit in group.debits}


def _alert_double(group: Group, debit: Debit, places: set[tuple[int, int]]) -> None:
    entry = debit.entry
    machines = sorted({machine_id for _batch, machine_id in places})
    message = f"Credit {entry.credit} was debited before, on machine {', '.join(str(number) for number in machines)}."
    detail = {"batch": entry.batch, "credit": entry.credit, "seq": entry.seq, "machines": machines}
    group.alert(debit.incoming, Kind.DOUBLE_CREDIT, message, subject=str(entry.credit), detail=detail)


def _usage_row(group: Group, debit: Debit, *, disputed: bool) -> dict[str, Any]:
    _machine, institution = group.machines[debit.incoming.machine_id]
    time_s, quality = moment_of(debit.entry, group.now)
    return {
        "machine_id": debit.incoming.machine_id,
        "epoch": debit.incoming.epoch,
        "seq": debit.entry.seq,
        "institution_id": institution.id if institution else None,
        "batch": debit.entry.batch,
        "credit": debit.entry.credit,
        "time": time_s,
        "time_quality": quality,
        "day": day_at(time_s, institution.timezone if institution else "UTC"),
        "disputed": disputed,
        "received_at": group.now,
    }


def _in_doubt_row(group: Group, incoming: Incoming, entry: Entry) -> dict[str, Any]:
    return {
        "machine_id": incoming.machine_id,
        "credit": entry.credit,
        "batch": entry.batch,
        "epoch": incoming.epoch,
        "seq": entry.seq,
        "time": moment_of(entry, group.now)[0],
        "received_at": group.now,
    }
