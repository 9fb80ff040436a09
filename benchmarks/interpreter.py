"""What the interpreter takes of an ESP32, counted in loops that are always the same.

CPU time of the host is weather: another clock, a busy neighbour, a full cache, and the same tap took 44 to 205 ms. So
the board's process runs a reference loop behind every turn of its event loop, and work is measured in such loops: what
makes one slower makes the other slower. Of many loops, and of several runs that do exactly the same, the least counts,
since a disturbance only ever adds.

What one loop takes of an ESP32 is fixed here. It stands on a published ratio and not on a board of ours, and is the
same for all figures: they can be compared with each other and over time, whatever they are worth in absolute terms.
"""

from collections.abc import Sequence
from typing import Final

from emulator.device import Board

PC_LOOP_US: Final = 117  # CPU time of the reference loop on an idle core of the PC to which the ratio belongs
ESP32_RATIO: Final = 43  # an ESP32 at 160 MHz against this build on a PC, published benchmark
ESP32_LOOP_MS: Final = PC_LOOP_US * ESP32_RATIO / 1000
METHOD: Final = f"CPU time in reference loops of the same process, x {ESP32_LOOP_MS:.2f} ms"


def loop_us(board: Board) -> float:
    """CPU time of the reference loop in this run, at its least, without the question that ends it."""
    return min(board.loops_us) - min(board.questions_us)


def spread(values: Sequence[float]) -> str:
    """How far runs of the same work lie apart, in words."""
    return f"runs {100 * (max(values) / min(values) - 1):.1f} % apart"
