"""Four lines of text on the panel: 16 narrow (ASCII, the built-in 8 x 8 font) or 8 wide characters, or a mixture."""

from micropython import const

from display.glyphs import SIDE, Glyphs
from display.ssd1306 import HEIGHT, WIDTH, Ssd1306

LINES = const(4)
COLUMNS = const(16)
_LINE_HEIGHT = const(16)
_NARROW = const(8)
_NARROW_DROP = const(4)  # centres an 8-row character in its 16-row line


class TextScreen:
    """Shows lines; sends only those that changed."""

    def __init__(self, panel: Ssd1306, glyphs: Glyphs) -> None:
        self._panel = panel
        self._glyphs = glyphs
        self._shown = [""] * LINES

    @property
    def wide(self) -> bool:
        """Can it show other than ASCII?"""
        return self._glyphs.available

    def draws(self, text: str) -> bool:
        """Is there a picture of every character?"""
        return all(32 <= ord(character) < 127 or self._glyphs.holds(character) for character in text)

    def show(self, lines: list[str]) -> bool:
        """The first four lines, centred. False: the panel does not answer (the next call tries again)."""
        for number in range(LINES):
            line = lines[number] if number < len(lines) else ""
            if line != self._shown[number]:
                self._shown[number] = line
                self._draw(number, line)
        return self._panel.show()

    def _draw(self, number: int, line: str) -> None:
        frame = self._panel.frame
        top = number * _LINE_HEIGHT
        frame.fill_rect(0, top, WIDTH, _LINE_HEIGHT, 0)
        x = max(0, (WIDTH - width(line)) >> 1)
        for character in line:
            if x >= WIDTH:
                break
            if ord(character) < 128:
                frame.text(character, x, top + _NARROW_DROP, 1)
                x += _NARROW
            else:
                self._glyphs.draw(frame, character, x, top)
                x += SIDE
        self._panel.mark(top, min(_LINE_HEIGHT, HEIGHT - top))


def width(line: str) -> int:
    """In pixels."""
    total = 0
    for character in line:
        total += _NARROW if ord(character) < 128 else SIDE
    return total
