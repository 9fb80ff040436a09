"""The judgement: per module and in all, every survivor with the tests that ran, and one line of JSON at the end."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tools.mutants.equivalents import Equivalent
from tools.mutants.trying import Fate, Trial

SHOWN_TESTS = 12


@dataclass
class Score:
    """Counts of one module, or of all."""

    killed: int = 0
    equivalent: int = 0
    survived: int = 0

    @property
    def mutants(self) -> int:
        return self.killed + self.equivalent + self.survived

    @property
    def score(self) -> float:
        """Killed of what is not equivalent; 1.0 where nothing is left to kill."""
        tried = self.killed + self.survived
        return self.killed / tried if tried else 1.0

    def count(self, fate: Fate) -> None:
        self.killed += fate in {Fate.KILLED, Fate.LATE}
        self.equivalent += fate is Fate.EQUIVALENT
        self.survived += fate is Fate.SURVIVED


@dataclass
class Verdict:
    """What a run came to."""

    total: Score
    modules: dict[str, Score]
    floors_missed: list[str]
    stale: list[Equivalent]
    untried: int

    @property
    def code(self) -> int:
        """Of the process: 0 when every floor is kept, every reviewed entry holds and every mutant was tried."""
        return 1 if self.floors_missed or self.stale or self.untried else 0

    def as_json(self) -> str:
        total = self.total
        return json.dumps(
            {
                "mutants": total.mutants,
                "killed": total.killed,
                "equivalent": total.equivalent,
                "survived": total.survived,
                "score": round(total.score, 4),
                "floors_missed": self.floors_missed,
            }
        )


def judge(trials: Iterable[Trial], floors: dict[str, float], stale: list[Equivalent], untried: int) -> Verdict:
    total = Score()
    modules: dict[str, Score] = {}
    for trial in trials:
        for score in (total, modules.setdefault(trial.site.module, Score())):
            score.count(trial.fate)
    missed = [module for module, score in modules.items() if score.score < floors[module]]
    return Verdict(total, modules, missed, stale, untried)


def show(verdict: Verdict, trials: list[Trial], say: Callable[[str], None]) -> None:
    """The JSON comes last."""
    for trial in trials:
        if trial.fate is Fate.SURVIVED:
            say(_survivor(trial))
    say("killed equivalent survived  score  module")
    for module, score in sorted(verdict.modules.items()):
        mark = "  below its floor" if module in verdict.floors_missed else ""
        say(f"{score.killed:6}{score.equivalent:11}{score.survived:9}{score.score:7.2f}  {module}{mark}")
    for entry in verdict.stale:
        say(f"stale: {entry.module} {entry.function} has no {entry.operator} on the line: {entry.line}")
    if verdict.untried:
        say(f"{verdict.untried} mutants were not tried in the time; the same command goes on with them.")
    say(verdict.as_json())


def _survivor(trial: Trial) -> str:
    site = trial.site
    heading = f"survived: {site.module}:{site.line} {site.function}, {site.operator} number {site.occurrence}"
    tests = [f"    {name}" for name in trial.tests[:SHOWN_TESTS]] or ["    none: no test enters this place"]
    more = len(trial.tests) - SHOWN_TESTS
    tests += [f"    and {more} more"] if more > 0 else []
    tests += [f"    ({trial.left_over} others enter it too and would take too long)"] if trial.left_over else []
    return "\n".join([heading, trial.diff, "  tests that ran:", *tests, ""])
