"""Debits become usage: one row a credit, batch and machine, and a mark of how it fits what was issued.

A claim that does not fit never stands in the way of one that does: whoever reports first, the machine to which the
batch is bound has the exam that counts.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from backoffice.alerts.kinds import Kind
from backoffice.ingest import repository, revocations
from backoffice.ingest.group import Debit, Group
from backoffice.ingest.issued import Issued, Verdict
from backoffice.ingest.moments import day_of, moment_of
from backoffice.usage.standing import Standing

EVENT_FIELDS = ("batch", "credit", "time", "day", "seq", "disputed", "standing", "institution_id")
Place = tuple[int, int]
"""(batch, machine): with the credit, one row of usage."""


@dataclass(frozen=True)
class Claim:
    """What is known of a credit at one place."""

    standing: str
    epoch: int
    seq: int

    @property
    def counts(self) -> bool:
        """Whether it is income."""
        return self.standing == Standing.COUNTED.value


@dataclass
class Books:
    """The usage of a group's credits, before and with what is added."""

    claims: dict[int, dict[Place, Claim]]
    """By credit."""
    new: dict[tuple[int, Place], dict[str, Any]] = field(default_factory=dict)
    better: dict[tuple[int, Place], dict[str, Any]] = field(default_factory=dict)
    """Rows that take the place of a stored one that did not count."""

    def put(self, credit: int, place: Place, row: dict[str, Any], *, is_new: bool) -> None:
        """A row to write; one that is not new takes the place of what is there."""
        key = credit, place
        rows = self.new if is_new or key in self.new else self.better
        rows[key] = row


def write_usage(group: Group) -> None:
    """Store what the group's debits are, and raise the alerts that follow."""
    if not group.debits:
        return
    issued = Issued.of(group.session, [debit.entry for debit in group.debits])
    books = Books(_claims(group))
    misfits: dict[tuple[int, str], list[tuple[Debit, Verdict]]] = defaultdict(list)
    for debit in group.debits:
        verdict = issued.verdict(
            debit.reporter, debit.entry, moment_of(debit.entry, debit.received_at, group.time.machine_ahead_max_s)[0]
        )
        if _enter(group, books, debit, verdict) and verdict.standing is not Standing.COUNTED:
            misfits[debit.reporter.machine_id, verdict.standing.value].append((debit, verdict))
    repository.add_usages(group.session, list(books.new.values()))
    repository.replace_usages(group.session, list(books.better.values()))
    for found in misfits.values():
        _alert_misfits(group, found)
    revocations.look_at_debits(group)


def _claims(group: Group) -> dict[int, dict[Place, Claim]]:
    found: dict[int, dict[Place, Claim]] = defaultdict(dict)
    for row in repository.usages_of_credits(group.session, {debit.entry.credit for debit in group.debits}):
        found[row.credit][row.batch, row.machine_id] = Claim(row.standing, row.epoch, row.seq)
    return found


def _enter(group: Group, books: Books, debit: Debit, verdict: Verdict) -> bool:
    """Add a debit to the books; False when this very debit is in them already."""
    entry, reporter = debit.entry, debit.reporter
    place, known = (entry.batch, reporter.machine_id), books.claims[entry.credit]
    claim, before = Claim(verdict.standing.value, reporter.epoch, entry.seq), known.get(place)
    if before is not None and (before.epoch, before.seq) == (claim.epoch, claim.seq):
        return False
    rivals = [other for other in known.values() if other.counts or not claim.counts]
    if rivals:
        _alert_double(group, debit, {machine_id for _batch, machine_id in known})
    if before is None or (claim.counts and not before.counts):
        disputed = debit.other_history or not claim.counts or bool(rivals)
        row = _row(group, debit, claim, disputed=disputed)
        books.put(entry.credit, place, row, is_new=before is None)
        known[place] = claim
        group.tell(reporter, "debit", **{name: row[name] for name in EVENT_FIELDS})
    return True


def _alert_double(group: Group, debit: Debit, machine_ids: set[int]) -> None:
    entry, machines = debit.entry, sorted(machine_ids)
    message = f"Credit {entry.credit} was debited before, on machine {', '.join(str(number) for number in machines)}."
    detail = {"batch": entry.batch, "credit": entry.credit, "seq": entry.seq, "machines": machines}
    group.alert(debit.reporter, Kind.DOUBLE_CREDIT, message, subject=str(entry.credit), detail=detail)


def _alert_misfits(group: Group, found: list[tuple[Debit, Verdict]]) -> None:
    """One alert a machine and kind of misfit, however many a group brings."""
    debit, verdict = found[-1]
    entry = debit.entry
    message = f"Not counted: batch {entry.batch}, card {entry.credit}: {verdict.why}."
    detail = {"batch": entry.batch, "credit": entry.credit, "epoch": debit.reporter.epoch, "seq": entry.seq}
    detail["debits"] = len(found)
    group.alert(debit.reporter, Kind.DEBIT_UNISSUED, message, subject=verdict.standing.value, detail=detail)


def _row(group: Group, debit: Debit, claim: Claim, *, disputed: bool) -> dict[str, Any]:
    institution = group.institution_of(debit.reporter)
    time_s, quality = moment_of(debit.entry, debit.received_at, group.time.machine_ahead_max_s)
    day, provisional = day_of(group, institution, time_s)
    return {
        "machine_id": debit.reporter.machine_id,
        "epoch": claim.epoch,
        "seq": claim.seq,
        "institution_id": institution.id if institution else None,
        "batch": debit.entry.batch,
        "credit": debit.entry.credit,
        "time": time_s,
        "time_quality": quality,
        "day": day,
        "day_provisional": provisional,
        "disputed": disputed,
        "standing": claim.standing,
        "received_at": debit.received_at,
    }
