"""What the interpreter takes of an ESP32, counted in loops that are always the same.

CPU time of the host is weather: another clock, a busy neighbour, a full cache, and the same tap took 44 to 205 ms. So
the board's process runs a reference loop behind every turn of its event loop, and work is measured in such loops: what
makes one slower makes the other slower. Of many loops, and of several runs that do exactly the same, only the quick
ones count (emulator/calibration.py).

Board and emulator share one core meanwhile. On two, the board sleeps at each question, is charged for waking its core
(up to half of a tap, less on a busy host), and its clock may lag by the moment in which it falls asleep.

What one loop takes of an ESP32 is fixed here. It stands on a published ratio and not on a board of ours, and is the
same for all figures: they can be compared with each other and over time, whatever they are worth in absolute terms.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from emulator.calibration import undisturbed
from emulator.device import Board

PC_LOOP_US: Final = 117  # CPU time of the reference loop on an idle core of the PC to which the ratio belongs
ESP32_RATIO: Final = 43  # an ESP32 at 160 MHz against this build on a PC, published benchmark
ESP32_LOOP_MS: Final = PC_LOOP_US * ESP32_RATIO / 1000
METHOD: Final = f"CPU time in reference loops of the same process, x {ESP32_LOOP_MS:.2f} ms"


@contextmanager
def one_core() -> Iterator[None]:
    """This process and those that it starts take turns on one core."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def loop_us(board: Board) -> float:
    """CPU time of the reference loop in this run, undisturbed, without the question that ends it."""
    return undisturbed(board.loops_us) - undisturbed(board.questions_us)


def spread(values: Sequence[float]) -> str:
    """How far runs of the same work lie apart, in words."""
    return f"runs {100 * (max(values) / min(values) - 1):.1f} % apart"
