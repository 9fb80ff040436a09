"""What a board's firmware took of its heap: by module at import, and the most that was live at any moment."""

from dataclasses import dataclass, field


@dataclass
class HeapReport:
    """Bytes of the 64-bit unix port.

    `-X heapsize=<n>wK` counts words: the heap is as much larger than an ESP32's as a word is. Objects grow with the
    word too, but bytecode, text and buffers do not, so for these the ESP32 has half the room that this suggests.
    """

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
