"""One mutant: the change is made in a copy, the tests that enter the place run, and the first failure kills it."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tools.mutants.reach import Reach, Reached
from tools.mutants.sites import Site, diff, mutated
from tools.mutants.workshop import Workshop

BUDGET_S: Final = 45.0  # of recorded time, for one mutant's tests
PATIENCE: Final = 4.0  # times the recorded time: a busy machine, and a mutant that loops for ever
GRACE_S: Final = 40.0  # above HANG_LIMIT_S of emulator/process.py
SUSPECTS: Final = 3  # tests that fail without the change too, before the mutant counts as not tried


class Fate(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    LATE = "late"  # counts as killed
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"  # reviewed


@dataclass
class Trial:
    """What came of one site."""

    site: Site
    fate: Fate
    by: str | None = None  # the test that failed
    tests: list[str] = field(default_factory=list)  # that were run
    left_over: int = 0  # tests that enter the place and were not run, for the budget
    seconds: float = 0.0
    diff: str = ""


class Witnesses:
    """Which tests come first, and which are to be believed. Shared by the threads that try."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._lock = threading.Lock()
        self._kills: Counter[tuple[str, str]] = Counter()  # (module, test)
        self._sound: set[str] = set()
        self._unsound: set[str] = set()

    def order(self, site: Site) -> tuple[list[str], int]:
        """What to run, the likeliest and cheapest first, within the budget; and how many that leaves out."""
        found = self._reach.tests_of(site.module, site.function)
        with self._lock:
            kills, unsound = dict(self._kills), set(self._unsound)
        able = [name for name in found if name not in unsound]
        able.sort(key=lambda name: (-kills.get((site.module, name), 0), _price(found[name]), name))
        chosen: list[str] = []
        spent = 0.0
        for name in able:
            if spent + found[name].seconds > BUDGET_S and chosen:
                continue
            chosen.append(name)
            spent += found[name].seconds
        return chosen, len(able) - len(chosen)

    def seconds(self, site: Site, names: list[str]) -> float:
        found = self._reach.tests_of(site.module, site.function)
        return sum(found[name].seconds for name in names)

    def believe(self, test: str, site: Site) -> None:
        with self._lock:
            self._sound.add(test)
            self._kills[site.module, test] += 1

    def doubt(self, test: str) -> None:
        with self._lock:
            self._unsound.add(test)

    def is_sound(self, test: str) -> bool:
        with self._lock:
            return test in self._sound


def try_site(workshop: Workshop, witnesses: Witnesses, site: Site, grace_s: float = GRACE_S) -> Trial:
    """A test that fails is no witness until it passed once without a change.

    Raises: WorkshopError; LookupError, the site's module has no such change.
    """
    source = (workshop.root / site.module).read_text(encoding="utf-8")
    changed = mutated(source, site)
    if changed is None:
        raise LookupError(f"{site.module} has no {site.operator} number {site.occurrence}")
    trial = Trial(site, Fate.SURVIVED, diff=diff(source, changed, site.module))
    for _ in range(SUSPECTS):
        trial.tests, trial.left_over = witnesses.order(site)
        if not trial.tests:
            break
        limit = grace_s + PATIENCE * witnesses.seconds(site, trial.tests)
        with workshop.changed(site.module, changed):
            run = workshop.run(trial.tests, limit)
        trial.seconds += run.seconds
        trial.fate, trial.by = _judge(run.passed, run.late), run.failed_test
        doubtful = run.failed_test or (None if run.passed else trial.tests[0])
        if doubtful is None or witnesses.is_sound(doubtful) or _passes_unchanged(workshop, witnesses, doubtful, site):
            if doubtful is not None:
                witnesses.believe(doubtful, site)
            break
        witnesses.doubt(doubtful)
        trial.fate, trial.by = Fate.SURVIVED, None
    return trial


def _judge(passed: bool, late: bool) -> Fate:
    if passed:
        return Fate.SURVIVED
    return Fate.LATE if late else Fate.KILLED


def _passes_unchanged(workshop: Workshop, witnesses: Witnesses, test: str, site: Site) -> bool:
    return workshop.run([test], GRACE_S + PATIENCE * witnesses.seconds(site, [test])).passed


def _price(one: Reached) -> float:
    """A test that enters little says more about each place, and a quick one says it sooner."""
    return (0.2 + one.seconds) * (20 + len(one.entered))
