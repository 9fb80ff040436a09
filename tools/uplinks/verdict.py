"""What arrived, judged from outside: cards, flash and database are compared credit by credit and entry by entry."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from protocol import journal

from emulator.cards.classic import ClassicCard
from tools.demo.sides import (
    Told,
    differences,
    double_credits,
    is_burnt,
    journal_findings,
    lost_credits,
    one_sided,
    records,
    stored,
)

ABOUT_ENTRIES: Final = frozenset({"gap", "fork", "chain_broken", "double_credit", "forged_card"})
"""Alerts that must not be raised by any disturbance of a link. A late clock or a silent hour may well be."""


@dataclass(frozen=True)
class Carried:
    """What the link itself counted. ``what_happened`` = its faults, by their names."""

    wire_bytes: int = 0
    sms: int = 0
    what_happened: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Outcome:
    """Of one way of delivering the same debits."""

    way: str
    debits: int
    delivered: int
    lost: int
    double: int
    findings: list[str]
    carried: Carried
    seconds_virtual: int
    seconds_real: float = 0.0

    @property
    def good(self) -> bool:
        return not (self.findings or self.lost or self.double) and self.delivered == self.debits

    def line(self) -> dict[str, object]:
        """For programs."""
        return {
            "delivered": self.delivered,
            "lost": self.lost,
            "double": self.double,
            "bytes_per_debit": round(self.carried.wire_bytes / self.debits, 1),
            "sms_per_100_debits": round(100 * self.carried.sms / self.debits, 1),
            "seconds_virtual": self.seconds_virtual,
        }


@dataclass(frozen=True)
class Evidence:
    """Where to look. ``acked`` = the number up to which the machine holds its entries for delivered."""

    cards: list[ClassicCard]
    told: Told
    database: Path
    machine_id: int
    acked: int
    alerts: list[str]
    kills_wanted: int
    kills_done: int


def judge(way: str, debits: int, evidence: Evidence, carried: Carried, seconds_virtual: int) -> Outcome:
    """Compare all sides."""
    written = records(evidence.cards)
    burnt = records(card for card in evidence.cards if is_burnt(card))
    debited = Counter((entry.batch, entry.credit) for entry in evidence.told.of(journal.DEBIT))
    held = stored(evidence.database, evidence.machine_id)
    stored_debits = Counter((batch, credit) for kind, batch, credit in held.entries.values() if kind == journal.DEBIT)
    findings = [
        *differences("cards were tapped", debits, "were debited", sum(debited.values())),
        *one_sided("burnt on its card", burnt, "debited in the journal", debited),
        *one_sided("debited in the journal", debited, "counted in the database", held.used),
        *one_sided("reported to the database", stored_debits, "counted in the database", held.used),
        *journal_findings(evidence.told, held, evidence.acked),
        *(f"the back office raised the alert {kind}" for kind in evidence.alerts if kind in ABOUT_ENTRIES),
        *differences("times the server was to be killed", evidence.kills_wanted, "times it was", evidence.kills_done),
    ]
    return Outcome(
        way=way,
        debits=debits,
        delivered=len(debited.keys() & held.used.keys()),
        lost=lost_credits(burnt, debited, held.used),
        double=double_credits(written, debited, held.used, stored_debits),
        findings=findings,
        carried=carried,
        seconds_virtual=seconds_virtual,
    )
