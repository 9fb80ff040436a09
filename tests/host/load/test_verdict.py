"""The verdict can be bad: each goal that may be missed is missed by something that was recorded."""

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from protocol import journal

from tools.load.records import Entry, Report
from tools.load.verdict import Evidence, Stored, Verdict, judge, stored

MACHINE, BATCH = 5, 70
KINDS = (journal.INTENT, journal.DEBIT, journal.STARTED, journal.ENDED)


def exam(place: int, *, took_s: float | None = 0.6) -> Report:
    """The exam of credit ``place``, written at that second."""
    first = 1 + 4 * (place - 1)
    entries = tuple((first + after, kind, BATCH, place) for after, kind in enumerate(KINDS))
    return Report(MACHINE, entries, float(place), None if took_s is None else place + took_s, 1)


def held_of(reports: list[Report]) -> Stored:
    """All of it, once."""
    entries: dict[int, dict[int, Entry]] = {MACHINE: {entry[0]: entry for one in reports for entry in one.entries}}
    return Stored(entries, Counter((BATCH, one.entries[1][3]) for one in reports), 0, ["machine_silent"])


def good(reports: list[Report] | None = None) -> Evidence:
    reports = [exam(1), exam(2), exam(3)] if reports is None else reports
    return Evidence(reports, held_of(reports), 100.0, 3.0, 20.0, 0, 700.0, 250.0)


def missed(verdict: Verdict, words: str) -> bool:
    assert len(verdict.misses) == 1, verdict.misses
    return words in verdict.misses[0]


def test_all_is_well() -> None:
    verdict = judge(good())
    assert verdict.misses == []
    assert verdict.line() == {
        "honest_lost": 0,
        "health_p99_ms": 20.0,
        "health_idle_p99_ms": 3.0,
        "report_p99_ms": 700.0,
        "rss_mb": 250.0,
    }


def test_a_lost_report() -> None:
    evidence = good()
    for seq in (5, 6, 7, 8):
        del evidence.stored.entries[MACHINE][seq]
    del evidence.stored.used[BATCH, 2]
    verdict = judge(evidence)
    assert missed(
        verdict, "1 reports of honest machines are not stored as they were written, the first machine 5 entry 5"
    )
    assert verdict.honest_lost == 1


def test_a_report_that_was_acknowledged_and_not_counted() -> None:
    evidence = good()
    del evidence.stored.used[BATCH, 2]
    verdict = judge(evidence)
    assert missed(verdict, "not stored as they were written")
    assert verdict.honest_lost == 1


def test_an_altered_entry() -> None:
    evidence = good()
    evidence.stored.entries[MACHINE][6] = (6, journal.DEBIT, BATCH, 9)
    assert judge(evidence).honest_lost == 1


def test_a_doubled_debit() -> None:
    evidence = good()
    evidence.stored.used[BATCH, 3] += 1
    verdict = judge(evidence)
    assert missed(verdict, "1 debits are counted more than once")
    assert verdict.honest_lost == 1


@pytest.mark.parametrize("took_s", [60.1, None])
def test_a_report_that_came_too_late(took_s: float | None) -> None:
    verdict = judge(good([exam(1), exam(2, took_s=took_s), exam(3)]))
    assert missed(verdict, "1 reports took more than 60 s")
    assert verdict.honest_lost == 1


def test_a_report_that_is_neither_there_nor_in_time_is_one_that_is_lost() -> None:
    evidence = good([exam(1), exam(2, took_s=None)])
    evidence.stored.entries[MACHINE].clear()
    assert judge(evidence).honest_lost == 2


def test_an_entry_that_nobody_wrote() -> None:
    evidence = good()
    evidence.stored.entries[MACHINE][13] = (13, journal.DEBIT, BATCH, 4)
    evidence.stored.used[BATCH, 4] += 1
    assert missed(judge(evidence), "2 entries or debits are stored that no machine wrote")


def test_another_history_and_an_alert_about_entries() -> None:
    evidence = good()
    evidence = replace(evidence, stored=replace(evidence.stored, forked=2, alerts=["fork", "machine_silent"]))
    misses = judge(evidence).misses
    assert any("2 entries are kept as another history" in miss for miss in misses)
    assert any("alerts about honest entries: fork" in miss for miss in misses)


def test_a_slow_health() -> None:
    assert judge(replace(good(), health_ms=30.0)).misses == []
    assert missed(judge(replace(good(), health_ms=31.0)), "health took 31.0 ms (p99), 10.3 times its idle 3.0 ms")
    assert judge(replace(good(), health_ms=31.0), health_times_max=11).misses == []


def test_a_health_that_was_never_measured_is_no_good_one() -> None:
    assert judge(replace(good(), health_idle_ms=0.0)).misses


def test_a_health_that_did_not_answer() -> None:
    assert missed(judge(replace(good(), health_failures=2)), "health did not answer well 2 times")


def test_too_much_memory() -> None:
    assert missed(judge(replace(good(), peak_mb=600.0)), "the server held 600 MB")


def test_pages_that_stood_and_what_a_process_says() -> None:
    assert missed(judge(replace(good(), frozen=["cookies"])), "not one page came during: cookies")
    assert missed(judge(replace(good(), troubles=["machine 5: strange"])), "machine 5: strange")


def test_what_is_stored_is_read_from_the_tables(tmp_path: Path) -> None:
    database = tmp_path / "perscan.db"
    with closing(sqlite3.connect(database)) as rows, rows:
        rows.execute("CREATE TABLE journal_entry (machine_id, seq, kind, batch, credit)")
        rows.execute("CREATE TABLE usage (batch, credit)")
        rows.execute("CREATE TABLE journal_fork (seq)")
        rows.execute("CREATE TABLE alert (kind)")
        rows.executemany("INSERT INTO journal_entry VALUES (?, ?, ?, ?, ?)", [(5, *entry) for entry in exam(1).entries])
        rows.executemany("INSERT INTO usage VALUES (?, ?)", [(BATCH, 1), (BATCH, 1)])
        rows.execute("INSERT INTO alert VALUES ('gap')")
    found = stored(database)
    assert found == Stored(
        {5: {entry[0]: entry for entry in exam(1).entries}}, Counter({(BATCH, 1): 2}), forked=0, alerts=["gap"]
    )
