"""A sample of the enumeration in every run of the tests (`make enumerate` goes through all points), and its command."""

import json
import random
import subprocess
import sys
from dataclasses import asdict

import pytest

from emulator.enumerate.batch import Batch
from emulator.enumerate.debit import Debit
from emulator.enumerate.outcome import Tally
from emulator.enumerate.run import SCENARIOS, enumerate_all, report
from tools.flash.build import ROOT

EVERY = 20
PAIRS = 12
SEED = 1


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_sample_of_all_points(name: str) -> None:
    said: list[str] = []
    tally = enumerate_all([name], SEED, 1, said.append, EVERY)[name]
    assert tally.whole, said
    assert tally.tears >= 3
    assert tally.cuts >= 1


@pytest.mark.parametrize("scenario", [Debit, Batch])
def test_disturbed_twice(scenario: type[Debit | Batch]) -> None:
    """The person tries again, and again something happens: pairs of points, drawn by the seed."""
    played = scenario(SEED)
    points = list(played.extent().disturbances())
    draw = random.Random(SEED)  # noqa: S311
    for _ in range(PAIRS):
        pair = draw.choice(points), draw.choice(points)
        assert played.run(*pair).findings() == [], pair


def test_a_sum_of_outcomes_is_whole_only_without_findings() -> None:
    tallies = {"debit": Tally(tears=3, cuts=2), "issue": Tally(tears=4, spoiled=1)}
    *_, last = report(tallies)
    assert json.loads(last) == {
        "tears": 7, "cuts": 2, "lost": 0, "double": 0, "granted_without_debit": 0, "bricked": 0
    }  # fmt: skip
    assert Tally.total(tallies.values()).whole
    for name in ("lost", "double", "granted_without_debit", "bricked"):
        assert not Tally(**{**asdict(Tally()), name: 1}).whole


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "emulator.enumerate", *arguments],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_command() -> None:
    done = command("issue", "--jobs", "1", "--every", "120", "--seed", "5")
    assert done.returncode == 0, done.stderr
    verdict = json.loads(done.stdout.splitlines()[-1])
    assert verdict.pop("tears") + verdict.pop("cuts") in (2, 3)
    assert verdict == {"lost": 0, "double": 0, "granted_without_debit": 0, "bricked": 0}


@pytest.mark.parametrize("arguments", [("teleport",), ("--every", "0"), ("--jobs", "0"), ("--seed", "x")])
def test_command_refuses_nonsense(arguments: tuple[str, ...]) -> None:
    done = command(*arguments)
    assert done.returncode == 2
    assert "usage:" in done.stderr
