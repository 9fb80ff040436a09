"""SSD1306 screen at the level of its I2C commands (Solomon Systech SSD1306 data sheet 8, 9, 10)."""

import io
from typing import Final

from PIL import Image

WIDTH: Final = 128
HEIGHT: Final = 64
PAGES: Final = HEIGHT // 8
CONTROL_DATA: Final = 0x40
CONTINUATION: Final = 0x80
# Commands that take argument bytes, by their first byte (table 9-1).
ARGUMENTS: Final = {
    0x20: 1, 0x21: 2, 0x22: 2, 0x26: 6, 0x27: 6, 0x29: 5, 0x2A: 5, 0x81: 1, 0x8D: 1,
    0xA3: 2, 0xA8: 1, 0xD3: 1, 0xD5: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1,
}  # fmt: skip
HALF_BLOCKS: Final = " ▀▄█"


class Ssd1306:
    """Display memory, the three addressing modes, and what the glass shows of it."""

    def __init__(self) -> None:
        self.writes = 0
        self.power(True)

    def power(self, on: bool) -> None:  # noqa: ARG002 - either way the chip forgets everything
        self.memory = bytearray(WIDTH * PAGES)
        self.on = False
        self.charge_pump = False
        self.contrast = 0x7F
        self.inverted = False
        self.all_on = False
        self.flipped = False
        self._mode = 2  # page addressing
        self._columns = (0, WIDTH - 1)
        self._pages = (0, PAGES - 1)
        self._column = 0
        self._page = 0
        self._start_line = 0
        self._command: list[int] = []

    def write(self, data: bytes) -> None:
        """One I2C write: control bytes, each followed by one byte or by all that is left (8.1.5.2)."""
        self.writes += 1
        position = 0
        while position < len(data):
            control = data[position]
            position += 1
            end = position + 1 if control & CONTINUATION else len(data)
            for byte in data[position:end]:
                if control & CONTROL_DATA:
                    self._store(byte)
                else:
                    self._take_command(byte)
            position = end

    @property
    def pixels(self) -> list[list[bool]]:
        """Rows of what the glass shows."""
        if not self.on or not self.charge_pump:
            return [[False] * WIDTH for _ in range(HEIGHT)]
        return [[self._lit(x, y) for x in range(WIDTH)] for y in range(HEIGHT)]

    def png(self, scale: int = 4) -> bytes:
        image = Image.new("L", (WIDTH, HEIGHT))
        image.putdata([255 if lit else 0 for row in self.pixels for lit in row])
        output = io.BytesIO()
        image.resize((WIDTH * scale, HEIGHT * scale), Image.Resampling.NEAREST).save(output, "PNG")
        return output.getvalue()

    def text_art(self) -> str:
        """Two pixels a character, one above the other."""
        rows = self.pixels
        return "\n".join(
            "".join(HALF_BLOCKS[upper + 2 * lower] for upper, lower in zip(rows[y], rows[y + 1], strict=True)).rstrip()
            for y in range(0, HEIGHT, 2)
        )

    def _lit(self, x: int, y: int) -> bool:
        line = (y + self._start_line) % HEIGHT
        stored = bool(self.memory[line // 8 * WIDTH + x] >> line % 8 & 1)
        return self.all_on or stored != self.inverted

    def _store(self, byte: int) -> None:
        self.memory[self._page * WIDTH + self._column] = byte
        if self._mode == 2:
            self._column = (self._column + 1) % WIDTH
        elif self._mode == 1:
            self._page, wrapped = _step(self._page, self._pages)
            if wrapped:
                self._column, _ = _step(self._column, self._columns)
        else:
            self._column, wrapped = _step(self._column, self._columns)
            if wrapped:
                self._page, _ = _step(self._page, self._pages)

    def _take_command(self, byte: int) -> None:
        self._command.append(byte)
        if len(self._command) > ARGUMENTS.get(self._command[0], 0):
            command, *arguments = self._command
            self._command = []
            self._execute(command, arguments)

    def _execute(self, command: int, arguments: list[int]) -> None:
        if command == 0x20:
            self._mode = min(arguments[0] & 3, 2)
        elif command == 0x21:
            self._columns = (arguments[0] & 0x7F, arguments[1] & 0x7F)
            self._column = self._columns[0]
        elif command == 0x22:
            self._pages = (arguments[0] & 7, arguments[1] & 7)
            self._page = self._pages[0]
        elif command == 0x81:
            self.contrast = arguments[0]
        elif command == 0x8D:
            self.charge_pump = bool(arguments[0] & 4)
        elif command in (0xA4, 0xA5):
            self.all_on = command == 0xA5
        elif command in (0xA6, 0xA7):
            self.inverted = command == 0xA7
        elif command in (0xAE, 0xAF):
            self.on = command == 0xAF
        else:
            self._execute_by_range(command)

    def _execute_by_range(self, command: int) -> None:
        if command <= 0x0F:
            self._column = self._column & 0xF0 | command
        elif command <= 0x1F:
            self._column = self._column & 0x0F | (command & 7) << 4
        elif 0x40 <= command <= 0x7F:
            self._start_line = command & 0x3F
        elif 0xB0 <= command <= 0xB7:
            self._page = command & 7


def _step(value: int, window: tuple[int, int]) -> tuple[int, bool]:
    first, last = window
    return (first, True) if value >= last else (value + 1, False)
