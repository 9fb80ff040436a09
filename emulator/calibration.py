"""What the seam itself costs a board's process in CPU time, so that the bench can take it off.

On an ESP32 a call of machine.SPI goes to silicon; here it goes through a stand-in and a pipe. The cost is measured
on the same host, in the same kind of process: a loop that does it, less the same loop that does nothing. The unit is
the reference loop (board/_reference.py), which runs between: a host that is slow at the moment is slow for both.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from emulator.frames import Op, TurnMark
from emulator.image import build_image
from emulator.standins import SOURCES
from emulator.world import World

BOARDS: Final = 5  # the least of them counts: a process may have its pages and caches badly all its life
PIECES: Final = 60  # of each kind, on each
CALLS: Final = 60  # in a piece
PIECE_KINDS: Final = 4  # loop, nothing, requests, outputs: in turn
FIRMWARE: Final = f"""
import _link
from machine import Pin, SPI
from reference import loop

spi = SPI(2, 4_000_000)
data = bytearray(18)

def nothing():
    for _ in range({CALLS}):
        len(data)

def requests():
    for _ in range({CALLS}):
        spi.write_readinto(data, data)

def outputs():
    for _ in range({CALLS}):
        spi.write(data)

for _ in range({PIECES}):
    for piece in (loop, nothing, requests, outputs):
        _link.call({Op.SYNC:d}, {TurnMark.ENDS:d})
        piece()
        _link.call({Op.SYNC:d}, {TurnMark.LOOPED:d})
        _link.call({Op.SYNC:d}, {TurnMark.ASKED:d})
Pin(25, Pin.OUT, value=1)
"""


class SeamCost(NamedTuple):
    """In reference loops, for one of each."""

    request_loops: float
    output_loops: float

    def of(self, requests: int, outputs: int) -> float:
        return requests * self.request_loops + outputs * self.output_loops


def undisturbed(times: Sequence[float]) -> float:
    """Of many times that the same work took, the one below which a tenth lies: whatever else the host does only adds;
    and now and then the kernel gives the end of a piece to the next one.
    """
    return sorted(times)[len(times) // 10]


def measure_seam() -> SeamCost:
    """Of whoever runs on the cores that this process may have (benchmarks/interpreter.py)."""
    costs = [_measure_once() for _ in range(BOARDS)]
    return SeamCost(min(cost.request_loops for cost in costs), min(cost.output_loops for cost in costs))


def _measure_once() -> SeamCost:
    files: dict[str, str | bytes] = {"main.py": FIRMWARE, "reference.py": (SOURCES / "_reference.py").read_text()}
    with World() as world:
        board = world.board("calibration", build_image(files))
        board.power_on()
        world.run_until(lambda: board.relay)
        loop_us, nothing_us, requests_us, outputs_us = (
            undisturbed(board.loops_us[kind::PIECE_KINDS]) for kind in range(PIECE_KINDS)
        )
        unit_us = loop_us - undisturbed(board.questions_us)
    return SeamCost((requests_us - nothing_us) / CALLS / unit_us, (outputs_us - nothing_us) / CALLS / unit_us)
