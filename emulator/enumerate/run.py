"""Through all points of all scenarios, on every core, with progress; then the sum."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache, partial
from itertools import islice

from emulator.enumerate.batch import Batch
from emulator.enumerate.debit import Debit
from emulator.enumerate.disturbance import Disturbance, Tear
from emulator.enumerate.issue import Issue
from emulator.enumerate.outcome import Outcome, Tally

Scenario = Debit | Batch | Issue
SCENARIOS: dict[str, Callable[[int], Scenario]] = {"debit": Debit, "batch": Batch, "issue": Issue}
CHUNK = 4
Say = Callable[[str], None]


@dataclass(frozen=True)
class Point:
    """One run: which scenario, disturbed how."""

    scenario: str
    disturbance: Disturbance

    @property
    def torn(self) -> bool:
        return isinstance(self.disturbance, Tear)


def enumerate_all(names: list[str], seed: int, jobs: int, say: Say, every: int = 1) -> dict[str, Tally]:
    """Every (n-th) disturbance of every named scenario. Findings are said as they come, with what repeats them."""
    tallies = {name: Tally() for name in names}
    with ProcessPoolExecutor(jobs) as pool:
        for name in names:
            disturbances = islice(_scenario(name, seed).extent().disturbances(), every // 2, None, every)
            points = [Point(name, disturbance) for disturbance in disturbances]
            say(f"{name}: {len(points)} points")
            outcomes = pool.map(partial(_run, seed), points, chunksize=CHUNK)
            for done, (point, outcome) in enumerate(zip(points, outcomes, strict=True), start=1):
                tallies[name].add(outcome, torn=point.torn)
                for finding in outcome.findings():
                    say(f"  {finding}   [seed {seed}, {point.disturbance}]")
                if done % 50 == 0:
                    say(f"  {done} of {len(points)}")
    return tallies


def report(tallies: dict[str, Tally]) -> Iterator[str]:
    """A line for each scenario, then the sum of the invariants as the last line."""
    for name, tally in tallies.items():
        yield f"{name}: {json.dumps(asdict(tally))}"
    total = asdict(Tally.total(tallies.values()))
    spoiled = total.pop("spoiled")
    yield f"blank cards spoiled by a tear inside a sector trailer, each reported by the issuer: {spoiled}"
    yield json.dumps(total)


def _run(seed: int, point: Point) -> Outcome:
    return _scenario(point.scenario, seed).run(point.disturbance)


@cache
def _scenario(name: str, seed: int) -> Scenario:
    """Made once in each process: the undisturbed beginning is the same for all of its runs."""
    return SCENARIOS[name](seed)
