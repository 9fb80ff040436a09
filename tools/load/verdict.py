"""What was promised to honest ones, compared with what is stored, by plain SQL; and the goals."""

import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from protocol import journal

from tools.load.records import Entry, Report

STORED_WITHIN_S: Final = 60.0
HEALTH_TIMES_MAX: Final = 10.0
MEMORY_MAX_MB: Final = 600.0
ABOUT_ENTRIES: Final = frozenset({"gap", "fork", "chain_broken", "double_credit", "forged_card"})
"""Alerts that no honest report may raise."""


@dataclass(frozen=True)
class Stored:
    """What the database holds at the end."""

    entries: dict[int, dict[int, Entry]]
    """By machine and number."""
    used: Counter[tuple[int, int]]
    """Debits by batch and credit."""
    forked: int
    """Entries of other histories: nobody honest made any."""
    alerts: list[str]


@dataclass(frozen=True)
class Evidence:
    """All that the verdict is made of. ``end_s`` = when the last look was taken."""

    reports: list[Report]
    stored: Stored
    end_s: float
    health_idle_ms: float
    health_ms: float
    health_failures: int
    report_ms: float
    peak_mb: float
    frozen: list[str] = field(default_factory=list)
    """Phases in which not one page came, although somebody asked."""
    troubles: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Verdict:
    """``misses`` = every goal that was missed, in words."""

    honest_lost: int
    evidence: Evidence
    misses: list[str]

    def line(self) -> dict[str, float]:
        """For programs."""
        return {
            "honest_lost": self.honest_lost,
            "health_p99_ms": round(self.evidence.health_ms, 1),
            "health_idle_p99_ms": round(self.evidence.health_idle_ms, 1),
            "report_p99_ms": round(self.evidence.report_ms, 1),
            "rss_mb": round(self.evidence.peak_mb, 1),
        }


def stored(database: Path) -> Stored:
    """What plain SQL finds."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as rows:
        entries: dict[int, dict[int, Entry]] = defaultdict(dict)
        for machine_id, *entry in rows.execute("SELECT machine_id, seq, kind, batch, credit FROM journal_entry"):
            entries[machine_id][entry[0]] = (entry[0], entry[1], entry[2], entry[3])
        used = Counter(rows.execute("SELECT batch, credit FROM usage").fetchall())
        forked = rows.execute("SELECT count(*) FROM journal_fork").fetchone()[0]
        alerts = [kind for (kind,) in rows.execute("SELECT kind FROM alert ORDER BY kind")]
    return Stored(dict(entries), used, forked, alerts)


def judge(evidence: Evidence, health_times_max: float = HEALTH_TIMES_MAX) -> Verdict:
    """Compare, and name what was missed."""
    held = evidence.stored
    missing = [report for report in evidence.reports if not _is_stored(report, held)]
    late = [report for report in evidence.reports if _seconds(report, evidence.end_s) > STORED_WITHIN_S]
    doubled = sorted(credit for credit, count in held.used.items() if count > 1)
    foreign = _foreign(evidence.reports, held)
    slowest_s = max((_seconds(report, evidence.end_s) for report in late), default=0.0)
    times = evidence.health_ms / evidence.health_idle_ms if evidence.health_idle_ms else float("inf")
    of_entries = sorted({kind for kind in held.alerts if kind in ABOUT_ENTRIES})
    wrong = {
        f"{len(missing)} reports of honest machines are not stored as they were written, the first "
        f"{_name(missing)}": missing,
        f"{len(late)} reports took more than {STORED_WITHIN_S:.0f} s, the slowest {slowest_s:.0f} s": late,
        f"{len(doubled)} debits are counted more than once, the first batch and credit {doubled[:1]}": doubled,
        f"{foreign} entries or debits are stored that no machine wrote": foreign,
        f"{held.forked} entries are kept as another history": held.forked,
        f"alerts about honest entries: {', '.join(of_entries)}": of_entries,
        f"health took {evidence.health_ms:.1f} ms (p99), {times:.1f} times its idle {evidence.health_idle_ms:.1f} ms; "
        f"the goal is {health_times_max:g} times": times > health_times_max,
        f"health did not answer well {evidence.health_failures} times": evidence.health_failures,
        f"the server held {evidence.peak_mb:.0f} MB; the goal is {MEMORY_MAX_MB:.0f}": (
            evidence.peak_mb >= MEMORY_MAX_MB
        ),
        f"not one page came during: {', '.join(evidence.frozen)}": evidence.frozen,
    }
    lost = {report.key for report in (*missing, *late)}
    misses = [words for words, is_wrong in wrong.items() if is_wrong]
    return Verdict(len(lost) + len(doubled), evidence, [*misses, *evidence.troubles])


def _is_stored(report: Report, held: Stored) -> bool:
    of_machine = held.entries.get(report.machine_id, {})
    debits = [(batch, credit) for _seq, kind, batch, credit in report.entries if kind == journal.DEBIT]
    return all(of_machine.get(entry[0]) == entry for entry in report.entries) and all(
        held.used[debit] for debit in debits
    )


def _foreign(reports: list[Report], held: Stored) -> int:
    written = {(report.machine_id, entry[0]) for report in reports for entry in report.entries}
    known = {(machine_id, seq) for machine_id, entries in held.entries.items() for seq in entries}
    debits = {
        (batch, credit) for report in reports for _seq, kind, batch, credit in report.entries if kind == journal.DEBIT
    }
    return len(known - written) + len(held.used.keys() - debits)


def _seconds(report: Report, end_s: float) -> float:
    return (end_s if report.acked_s is None else report.acked_s) - report.written_s


def _name(reports: list[Report]) -> str:
    return f"machine {reports[0].machine_id} entry {reports[0].entries[0][0]}" if reports else ""
