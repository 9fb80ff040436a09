"""What it costs a machine that entries wait to be reported: none, a week's, some months' without a network.

The firmware's journal alone, under MicroPython with a flash in memory (waiting_journal.py): start, one exam's four
entries, and a report with its answer, again and again while so many entries wait, in reference loops of the same run
(interpreter.py). Its code is at hand: what borrowing it costs is the same however much waits. What the chip takes to
write is in the tap's figures.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from benchmarks.figure import Figure
from benchmarks.interpreter import ESP32_LOOP_MS
from emulator.calibration import undisturbed
from emulator.standins import SOURCES
from tools.flash.build import ROOT

GROUP = "While entries wait to be reported"
SCRIPT: Final = Path(__file__).with_name("waiting_journal.py")
WAITING: Final = (0, 1000, 20000)
GROWTH_MAX: Final = 3  # opening a file costs more or less, as the directory's log happens to be long or short
PIECES: Final = {"start": "journal at start", "exam": "an exam's entries", "report": "a report and its answer"}
HEAP: Final = "heapsize=16M"
METHOD: Final = f"time in reference loops of the same process, x {ESP32_LOOP_MS:.2f} ms, undisturbed of many"


def figures() -> list[Figure]:
    costs = costs_ms(WAITING)
    return [
        Figure(GROUP, f"{words}, {waiting:,} waiting", cost, "ms", METHOD, *_goal(costs[0, name], cost, waiting))
        for name, words in PIECES.items()
        for waiting in WAITING
        for cost in (costs[waiting, name],)
    ]


def costs_ms(levels: tuple[int, ...]) -> dict[tuple[int, str], float]:
    """By (entries that wait, piece)."""
    folders = (".frozen", ROOT / "firmware", ROOT / "firmware" / "lib", ROOT / "shared")
    micropython, reference = Path(sys.executable).with_name("micropython"), SOURCES / "_reference.py"
    run = subprocess.run(
        [micropython, "-X", HEAP, SCRIPT, reference, *map(str, levels)],
        env={"MICROPYPATH": os.pathsep.join(map(str, folders))},
        capture_output=True,
        text=True,
        check=True,
    )
    times: dict[tuple[int, str], list[float]] = {}
    for line in run.stdout.splitlines():
        waiting, name, took_us = line.split()
        times.setdefault((int(waiting), name), []).append(float(took_us))
    loop_us = undisturbed([took_us for (_, name), all_us in times.items() if name == "loop" for took_us in all_us])
    return {place: undisturbed(all_us) / loop_us * ESP32_LOOP_MS for place, all_us in times.items()}


def _goal(idle_ms: float, cost_ms: float, waiting: int) -> tuple[str, bool | None]:
    return (f"at most x{GROWTH_MAX}", cost_ms <= GROWTH_MAX * idle_ms) if waiting else ("", None)
