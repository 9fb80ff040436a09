"""Whole runs, small: one that goes well, as it is typed, and one with a server that forgets what it acknowledged."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tools.flash.build import ROOT
from tools.uplinks.run import run
from tools.uplinks.ways import WAYS
from tools.uplinks.ways.wifi import Wifi

DEBITS = 12
TIMEOUT_S = 300
KEYS = {"delivered", "lost", "double", "bytes_per_debit", "sms_per_100_debits", "seconds_virtual"}


@pytest.mark.parametrize(("way", "typed"), [("wifi", "perscan"), ("gprs", "module")])
def test_as_it_is_typed(way: str, typed: str, perscan: Path) -> None:
    """`perscan uplinks`, and what `make uplinks` runs."""
    start = [str(perscan), "uplinks"] if typed == "perscan" else [sys.executable, "-m", "tools.uplinks"]
    done = subprocess.run(
        [*start, "--once", "--debits", str(DEBITS), "--only", way],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'shared'}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *said, one, last = done.stdout.splitlines()
    verdict = json.loads(last)
    assert set(verdict) == {way}
    assert set(verdict[way]) == KEYS
    assert (verdict[way]["delivered"], verdict[way]["lost"], verdict[way]["double"]) == (DEBITS, 0, 0)
    assert verdict[way]["bytes_per_debit"] > 0
    told = json.loads(one)
    assert told["transport"] == way
    assert told["messages"]["server killed before its answer"] == 2
    assert sum("the server was killed" in line for line in said) == 2


class ForgetfulOffice(Wifi):
    """Sets its database back to what it was a few exams ago: as if it acknowledged before its disk had it."""

    name = "forgetful"
    kills_planned = ()

    def after(self, debits: int, of: int) -> None:
        office = self.stage.office
        kept = office.folder / "kept.db"
        if debits == of // 3:
            _copy(office.database, kept)
        elif debits == of - 2:
            office.stop()
            _copy(kept, office.database)
            office.start()


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def test_a_server_that_forgets_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WAYS, ForgetfulOffice.name, ForgetfulOffice)
    monkeypatch.setattr(ForgetfulOffice, "looks_max", 5)
    outcome = run(ForgetfulOffice.name, 1, DEBITS, tmp_path, lambda _words: None, lambda _made, _happened: None)
    assert not outcome.good
    assert outcome.lost > 0
    assert any("not counted in the database" in finding for finding in outcome.findings)
    assert any("differ" in finding for finding in outcome.findings)
    assert outcome.delivered < DEBITS
