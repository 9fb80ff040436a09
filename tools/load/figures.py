"""What a person gets to see of the figures: a sentence a phase, a table at the end."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from tools.load.ledger import Ledger, Stretch, percentile
from tools.load.records import HEALTH, PAGE, SIGN_IN, STREAM

HEADINGS: Final = ["during", "hits/s", "health", "report", "worst", "pages", "ill", "in", "MB"]
LEGEND: Final = (
    "hits/s: answers that attackers got. health, pages (ms), report (s): 99 of 100 took no longer; worst (s): the"
    " slowest report. ill: pages and streams that did not come, of all. in: sign-ins that worked, of all."
)


@dataclass(frozen=True)
class Phase:
    """One part of the course, and how the server looked from outside. ``answered`` = answers that attackers got."""

    name: str
    stretch: Stretch
    peak_mb: float
    files: int
    answered: int


def sentence(ledger: Ledger, phase: Phase) -> str:
    """When a phase is over."""
    took_ms = ledger.took_ms(HEALTH, phase.stretch)
    health = f"health p99 {percentile(took_ms, 99):.0f} ms" if took_ms else "health: no answer yet"
    return f"{health}, {phase.peak_mb:.0f} MB, {phase.files} files{_not_well(ledger, phase.stretch)}"


def _not_well(ledger: Ledger, during: Stretch) -> str:
    """What honest ones did not get, by what they got instead."""
    failed = {what: words_of(ledger.failures(what, during)) for what in (HEALTH, PAGE, STREAM, SIGN_IN)}
    return "".join(f"; {what}: {words}" for what, words in failed.items() if words)


def row(ledger: Ledger, phase: Phase, now_s: float) -> list[str]:
    """Of the table; reports that are under way count as if they came now."""
    during = phase.stretch
    reports_ms = ledger.reports_ms(during, now_s)
    came = ledger.well(PAGE, during) + ledger.well(STREAM, during)
    ill = ledger.failures(PAGE, during).total() + ledger.failures(STREAM, during).total()
    signed_in, refused = ledger.well(SIGN_IN, during), ledger.failures(SIGN_IN, during).total()
    return [
        phase.name,
        f"{phase.answered / during.seconds:.0f}",
        f"{percentile(ledger.took_ms(HEALTH, during), 99):.0f}",
        f"{percentile(reports_ms, 99) / 1000:.1f}",
        f"{max(reports_ms, default=0.0) / 1000:.1f}",
        f"{percentile(ledger.took_ms(PAGE, during), 99):.0f}",
        f"{ill}/{ill + came}",
        f"{signed_in}/{signed_in + refused}",
        f"{phase.peak_mb:.0f}",
    ]


def words_of(happened: Counter[str]) -> str:
    """Most often first."""
    return ", ".join(f"{count} {what}" for what, count in happened.most_common())
