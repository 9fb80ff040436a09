"""What a debit costs on the wire, from the sealed report to the bytes that leave the machine's socket."""

import random

from protocol import journal, uplink
from protocol.journal import Entry

from benchmarks.figure import Figure

GROUP = "Bytes of a debit on the wire (INTENT, DEBIT, STARTED, ENDED; minutes apart, consecutive credits)"
KEY = bytes(32)
SEED = 1
FIRST_TIME = 1_795_400_000
DAYS = 200


def figures() -> list[Figure]:
    one, ten, sixty = (_sealed(exams, random.Random(SEED)) for exams in (1, 10, 60))  # noqa: S311
    least = min(_exams_in_sms(random.Random(seed)) for seed in range(DAYS))  # noqa: S311
    return [
        Figure(GROUP, "report of one exam", one, "bytes", "sealed COSE_Encrypt0 message, health left out"),
        Figure(GROUP, "one debit among ten", ten / 10, "bytes", "sealed report of ten exams / 10"),
        Figure(GROUP, "one debit among sixty", sixty / 60, "bytes", "sealed report of sixty exams / 60"),
        Figure(GROUP, "one debit more", (sixty - ten) / 50, "bytes", "difference of the two / 50"),
        Figure(
            GROUP,
            "debits in 140 bytes",
            least,
            "debits",
            f"fewest of {DAYS} seeded days that fit into one SMS",
            "at least 12",
            least >= 12,
        ),
    ]


def _sealed(exams: int, chance: random.Random) -> int:
    entries: list[Entry] = []
    now = FIRST_TIME
    for number in range(exams):
        now += chance.randint(240, 1800)
        credit = 1000 + number
        for kind, delay_s in (
            (journal.INTENT, 0),
            (journal.DEBIT, 0),
            (journal.STARTED, 0),
            (journal.ENDED, chance.randint(120, 900)),
        ):
            now += delay_s
            entries.append(Entry(len(entries) + 1, kind, now, journal.CLOCK_TRUSTED, 7, credit))
    report = uplink.Report(1, 1, bytes(8), entries, bytes(8))
    return len(uplink.seal_report(KEY, report))


def _exams_in_sms(chance: random.Random) -> int:
    seed = chance.getrandbits(32)
    count = 0
    while _sealed(count + 1, random.Random(seed)) <= uplink.SMS_BYTES:  # noqa: S311
        count += 1
    return count
