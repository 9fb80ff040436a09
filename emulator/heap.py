"""The heap of a board: how much of the 64-bit port's is as tight as an ESP32's, and what its firmware took of it.

An ESP32 has 32-bit words. Here references are twice as long, but bytecode, texts and buffers are not, so a heap of
twice the bytes would be kinder than the chip's: the firmware's busiest moment on Wi-Fi takes 86,700 bytes of a 32-bit
build of the interpreter and 160,600 of this one, 1.85 times as much; over GPRS with TLS 102,100 and 181,200, which is
1.77 times. Boards get a little less than the smaller of these.

MicroPython's ESP32 port grows its heap as far as the chip has memory. Without external memory public logs of the port's
own figure ("max new split") come to some 142 KB with Wi-Fi on and 174 KB without, TLS apart. Of these the firmware may
take WIFI_KIB with the radio on and MODEM_KIB with it off; docs/decisions/0058-two-heaps.md has the rest.
"""

from dataclasses import dataclass, field
from typing import Final

WIFI_KIB: Final = 96  # as an ESP32 counts: Wi-Fi and TLS on it
MODEM_KIB: Final = 128  # the same over GPRS, with the radio of Wi-Fi off
STAND_INS_BYTES: Final = 16 * 1024  # of this port: what the emulator's own modules take; on an ESP32 they are C
BYTES_PER_WORD_K: Final = 2048  # of "-X heapsize=<n>wK": the port doubles what it is told


def words_k(kib: int) -> int:
    """For `-X heapsize=<n>wK`: a heap as tight as so many KiB of an ESP32, and the stand-ins on top."""
    return (kib * 1024 * 7 // 4 + STAND_INS_BYTES) // BYTES_PER_WORD_K


@dataclass
class HeapReport:
    """Bytes of the 64-bit unix port."""

    stand_ins: int = 0  # what the emulator's own side took before the firmware began
    size: int = 0
    peak: int = 0
    imports: dict[str, int] = field(default_factory=dict)

    def take(self, line: str) -> None:
        kind, *values = line.split()
        if kind == "stand_ins":
            self.stand_ins = int(values[0])
            self.size = sum(map(int, values))
            self.peak = 0
            self.imports = {}
        elif kind == "import":
            self.imports[values[0]] = self.imports.get(values[0], 0) + int(values[1])
        elif kind == "peak":
            self.peak = max(self.peak, int(values[0]))

    @property
    def firmware_peak(self) -> int:
        return max(0, self.peak - self.stand_ins)
