"""`make demo ONCE=1` as it is typed: the thirteen steps, twenty exams, and three sides that agree."""

import json
import subprocess
import sys

from tools.flash.build import ROOT

STEPS = 13  # the method's first twelve are announced, the thirteenth is the day itself
TIMEOUT_S = 240
REFUSED = {"foreign", "other_batch", "removed_early", "used"}


def test_the_whole_way_of_a_card() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.demo", "--once"],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *said, last = done.stdout.splitlines()
    verdict = json.loads(last)
    assert set(verdict) == {"issued", "debited", "refused", "acked", "lost", "double"}
    assert (verdict["lost"], verdict["double"], verdict["debited"]) == (0, 0, 20)
    assert verdict["issued"] >= verdict["debited"]
    assert verdict["acked"] >= 4 * verdict["debited"]
    assert set(verdict["refused"]) >= REFUSED
    assert all(count > 0 for count in verdict["refused"].values())
    announced = [step for step in range(1, STEPS + 1) if any(f"Step {step:2} " in line for line in said)]
    assert announced[:11] == list(range(1, 12))
