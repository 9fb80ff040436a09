"""What journal entries say about exams: debits, intents without an end, answers to orders."""

from dataclasses import dataclass, field

from protocol import journal, uplink
from protocol.journal import Entry

from backoffice.commands.results import Result
from backoffice.ingest import orders

DECIDED = (journal.DEBIT, journal.ABANDONED)


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
