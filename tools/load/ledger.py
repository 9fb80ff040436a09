"""Everything that was told, kept by what it is about, and asked about stretches of time."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from tools.load.records import ANSWERED, WELL, Deed, Message, Report, Sample, Trouble


@dataclass(frozen=True)
class Stretch:
    """From one moment to another."""

    begin_s: float
    end_s: float

    @property
    def seconds(self) -> float:
        """How long."""
        return self.end_s - self.begin_s

    def holds(self, moment_s: float) -> bool:
        """The end is no part of it."""
        return self.begin_s <= moment_s < self.end_s


@dataclass
class Ledger:
    """Of one play."""

    samples: dict[str, list[Sample]] = field(default_factory=lambda: defaultdict(list))
    reports: dict[tuple[int, int], Report] = field(default_factory=dict)
    deeds: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    troubles: list[Trouble] = field(default_factory=list)

    def note(self, messages: Iterable[Message]) -> None:
        """As they come."""
        for message in messages:
            match message:
                case Sample():
                    self.samples[message.what].append(message)
                case Report():
                    self.reports[message.key] = message
                case Deed():
                    self.deeds[message.kind] += message.happened
                case Trouble():
                    self.troubles.append(message)

    def took_ms(self, what: str, during: Stretch) -> list[float]:
        """How long each of these took that began then, whatever came of it."""
        return [1000 * sample.took_s for sample in self.samples[what] if during.holds(sample.begun_s)]

    def failures(self, what: str, during: Stretch) -> Counter[str]:
        """Those that did not end well, by how they ended."""
        ended = [sample.outcome for sample in self.samples[what] if during.holds(sample.begun_s)]
        return Counter(outcome for outcome in ended if outcome != WELL)

    def well(self, what: str, during: Stretch) -> int:
        """How many did."""
        return sum(sample.outcome == WELL for sample in self.samples[what] if during.holds(sample.begun_s))

    def works(self, what: str, during: Stretch) -> bool:
        """Some of these ended well then, or nobody asked."""
        return bool(self.well(what, during)) or not self.failures(what, during)

    def reports_ms(self, during: Stretch, now_s: float) -> list[float]:
        """From the moment in which each was written to its acknowledgement, or to now."""
        return [
            1000 * ((now_s if report.acked_s is None else report.acked_s) - report.written_s)
            for report in self.reports.values()
            if during.holds(report.written_s)
        ]

    @property
    def answered(self) -> int:
        """Answers that attackers got."""
        happened = [item for of_kind in self.deeds.values() for item in of_kind.items()]
        return sum(count for what, count in happened if what.startswith(ANSWERED))

    @property
    def unacknowledged(self) -> int:
        """Reports under way."""
        return sum(report.acked_s is None for report in self.reports.values())


def percentile(values: Iterable[float], percent: float) -> float:
    """The value that so many percent of them do not exceed (nearest rank); 0 when there is none."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(rank) - 1)]
