"""Entries in groups: a beginning of them is written as its entries would be, and the work comes in slices."""

from protocol import cbor, entries, journal, report_entries, report_payload, report_seal, report_writer, uplink
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


def test_steps_make_the_same_report() -> None:
    found = some_entries(Source(1), 80)
    report = uplink.Report(3, 1, bytes(8), found, bytes(8), {uplink.HEALTH_EPOCH: 1})
    stream = finished(report_entries.encoding(entries.gathered(found)))
    health = cbor.encode(report.health)
    sealed = report_seal.sealed_report(samples.MACHINE_KEY, 3, 1, bytes(16), stream, health)
    assert sealed == report_writer.seal_report(samples.MACHINE_KEY, report)
    assert len(sealed) == report_payload.report_bytes(1, len(stream), len(health))
    groups = entries.gathered(found)
    for max_bytes in (60, 100, 140, 266, 1000):
        fits = finished(report_entries.fitting(groups, max_bytes, 0, 1))
        assert fits == report_writer.entries_that_fit(found, max_bytes)


def test_sizes_are_those_of_the_reports() -> None:
    for count in (0, 1, 9, 41, 90):
        found = some_entries(Source(count), count)
        for first_seq in (1, 23, 24, 256, 65536, 0xFFFFFF00):
            for number, entry in enumerate(found):
                entry.seq = first_seq + number
            for health in ({}, {uplink.HEALTH_EPOCH: 1, uplink.HEALTH_FIRMWARE: "0.1.0"}):
                report = uplink.Report(3, first_seq, bytes(8), found, bytes(8), dict(health))
                sealed = report_writer.seal_report(samples.MACHINE_KEY, report)
                assert len(sealed) == finished(
                    report_entries.measuring(
                        entries.gathered(found), len(cbor.encode(health)) if health else 0, first_seq
                    )
                )
                if found:
                    assert len(sealed) == report_writer.report_bytes(found, dict(health))


def test_no_slice_does_all_of_it() -> None:
    found = some_entries(Source(2), 80)
    slices = 0
    for _ in report_entries.encoding(entries.gathered(found)):
        slices += 1
    assert slices >= 4
