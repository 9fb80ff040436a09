"""A small load as it is typed, against the real server: it ends well, and says so in one line."""

import json
import subprocess
from pathlib import Path

from tools.flash.build import ROOT

TIMEOUT_S = 240
KINDS = ("cookies", "half-head", "replay")
KEYS = ["honest_lost", "health_p99_ms", "health_idle_p99_ms", "report_p99_ms", "rss_mb"]


def test_as_it_is_typed(perscan: Path) -> None:
    """How fast health answers is for `make load` to judge, on a computer that does nothing else."""
    only = [word for kind in KINDS for word in ("--only", kind)]
    done = subprocess.run(
        [perscan, "load", "--scale", "0.03", "--health-times", "1000", *only],
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
    assert list(verdict) == KEYS
    assert verdict["honest_lost"] == 0
    assert verdict["health_idle_p99_ms"] > 0
    assert 0 < verdict["report_p99_ms"] < 60_000
    assert 50 < verdict["rss_mb"] < 600
    at_the_end = said[next(place for place, line in enumerate(said) if "The verdict" in line) :]
    table = [line.split()[0] for line in at_the_end if line.strip()]
    assert [name for name in table if name in KINDS] == list(KINDS)
    assert any("Every honest report is stored once" in line for line in said)
