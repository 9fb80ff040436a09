"""Entries in groups: a beginning of them is written as its entries would be, and the work comes in slices."""

from protocol import entries, journal, report_writer, uplink
from protocol.grouping import Groups, entries_in
from protocol.journal import Entry
from protocol.slices import finished

from tests.firmware.protocol import samples
from tests.firmware.protocol.support import Source


def some_entries(source: Source, count: int) -> list[Entry]:
    """Exams that end, run on, are cut; clocks and batches that change; what the machine notes besides."""
    found: list[Entry] = []
    time, clock, credit = 1795400000, 2, 1000
    while len(found) < count:
        time += source.below(2000)
        credit += 1 if source.below(4) else source.below(50)
        if not source.below(9):
            clock = source.below(3)
        kinds = (
            (journal.REFUSED,) if not source.below(5) else (2, 3, 4, 5)[: 4 if source.below(4) else 1 + source.below(3)]
        )
        for kind in kinds:
            time += 0 if source.below(3) else source.below(60)
            found.append(Entry(len(found) + 1, kind, time, clock, 7, credit))
    return found[:count]


def test_beginnings() -> None:
    for seed in range(20):
        found = some_entries(Source(seed), 30)
        groups = entries.gathered(found)
        assert len(groups) == 30
        for count in range(31):
            assert finished(entries.encoding(groups.first(count))) == entries.encode(found[:count])


def test_every_entry_is_in_one_group() -> None:
    for seed in range(20):
        found = some_entries(Source(seed), 41)
        groups = Groups()
        for number, entry in enumerate(found, 1):
            groups.add(entry)
            assert sum([entries_in(group) for group in groups.closed()]) == number


def test_slices_make_the_same_report() -> None:
    found = some_entries(Source(1), 80)
    report = uplink.Report(3, 1, bytes(8), found, bytes(8), {uplink.HEALTH_EPOCH: 1})
    steps = report_writer.sealing(samples.MACHINE_KEY, report, entries.gathered(found))
    assert finished(steps) == report_writer.seal_report(samples.MACHINE_KEY, report)
    groups = entries.gathered(found)
    for max_bytes in (60, 100, 140, 266, 1000):
        fits = finished(report_writer.fitting(groups, max_bytes, None, 1))
        assert fits == report_writer.entries_that_fit(found, max_bytes)


def test_no_slice_does_all_of_it() -> None:
    found = some_entries(Source(2), 80)
    slices = 0
    for _ in report_writer.sealing(
        samples.MACHINE_KEY, uplink.Report(3, 1, bytes(8), [], bytes(8)), entries.gathered(found)
    ):
        slices += 1
    assert slices >= 5
