"""Marks tell what was entered, on every interpreter that runs the project, and change nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.image import build_image
from emulator.world import World
from tools.mutants.entries import ON_BOARD, Marks

SOURCE = '''"""Words."""

LIMIT = 3


class Till:
    """More words."""

    def pay(self, n):
        """And more."""

        def inner():
            return n + LIMIT

        return inner()

    def refund(self, n):
        return -n


def idle(): return 0


print(Till().pay(1), idle(), Till().pay(2))
'''
ENTERED = {"till.py:<module>", "till.py:Till.pay"}
OUTPUT = "4 0 5"


@pytest.fixture
def marks() -> Marks:
    return Marks()


def test_every_interpreter_tells_what_it_entered(marks: Marks, tmp_path: Path) -> None:
    (tmp_path / "till.py").write_text(marks.put("till.py", SOURCE))
    log = tmp_path / "entered"
    marks.write_modules(tmp_path, log)
    for interpreter in (sys.executable, str(Path(sys.executable).with_name("micropython"))):
        log.write_text("")
        done = subprocess.run([interpreter, "till.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == OUTPUT
        assert marks.read(log.read_text()) == ENTERED


def test_a_board_tells_it_too_and_its_time_goes_as_before(marks: Marks, tmp_path: Path) -> None:
    (tmp_path / ON_BOARD).parent.mkdir(parents=True)
    marked = marks.put("till.py", SOURCE)
    log = tmp_path / "entered"
    marks.write_modules(tmp_path, log)
    times = []
    for text in (SOURCE, marked):
        log.write_text("")
        main: dict[str, str | bytes] = {
            "main.py": "import till\n",
            "till.py": text,
            "_entered.py": (tmp_path / ON_BOARD).read_text(),
        }
        with World(seed=1) as world:
            board = world.board("b", build_image(main))
            board.power_on()
            world.run_for(1000)
            assert OUTPUT in board.crash_log
            times.append((world.now_us, board.counters.requests))
    assert marks.read(log.read_text()) == ENTERED
    assert times[0] == times[1]


def test_what_a_function_entered_is_told_once(marks: Marks, tmp_path: Path) -> None:
    (tmp_path / "till.py").write_text(marks.put("till.py", SOURCE))
    marks.write_modules(tmp_path, tmp_path / "entered")
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "till.py"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL, env=environment)
    assert len((tmp_path / "entered").read_text()) == 4 * len(ENTERED)


def test_a_future_import_stays_first(marks: Marks) -> None:
    text = marks.put("m.py", '"""Words."""\n\nfrom __future__ import annotations\n\nimport os\n\nA = os.sep\n')
    compile(text, "m.py", "exec")
    assert marks.names == ["m.py:<module>"]
