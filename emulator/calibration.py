"""What the seam itself costs a board's process in CPU time, so that the bench can take it off.

On an ESP32 a call of machine.SPI goes to silicon; here it goes through a stand-in and a pipe. The cost is measured
on the same host, in the same kind of process: a loop that does it, less the same loop that does nothing.
"""

from typing import Final, NamedTuple

from emulator.image import build_image
from emulator.world import World

ROUNDS: Final = 4000
CALLS: Final = {
    "nothing": "len(data)",
    "request": "spi.write_readinto(data, data)",
    "output": "spi.write(data)",
}
FIRMWARE: Final = """
from machine import Pin, SPI

spi = SPI(2, 4_000_000)
data = bytearray(18)
for _ in range({rounds}):
    {call}
Pin(25, Pin.OUT, value=1)
"""


class SeamCost(NamedTuple):
    """CPU time of the host, in us, for one of each."""

    request_us: float
    output_us: float

    def of(self, requests: int, outputs: int) -> float:
        return requests * self.request_us + outputs * self.output_us


def measure_seam() -> SeamCost:
    nothing_us, request_us, output_us = (_loop_us(call) for call in CALLS.values())
    return SeamCost((request_us - nothing_us) / ROUNDS, (output_us - nothing_us) / ROUNDS)


def _loop_us(call: str) -> int:
    image = build_image({"main.py": FIRMWARE.format(rounds=ROUNDS, call=call)})
    with World() as world:
        board = world.board("calibration", image)
        board.power_on()
        world.run_until(lambda: board.relay)
        return board.cpu_us
