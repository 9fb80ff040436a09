"""Wide glyphs (16 x 16) from a file on flash, one at a time: the heap holds their index and one glyph.

File: the letters GLY1, u16 count, the code points as u16 in ascending order, then 32 bytes a glyph in the same order
(rows from the top, most significant bit left). Numbers are big-endian.
"""

from framebuf import MONO_HLSB, FrameBuffer
from micropython import const

SIDE = const(16)
_MAGIC = b"GLY1"
_HEAD_BYTES = const(6)
_GLYPH_BYTES = const(32)
_MAX_GLYPHS = const(1024)


class Glyphs:
    """`available` is False when the file is missing or broken: the caller then speaks another language."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._index = b""
        self._bits = bytearray(_GLYPH_BYTES)
        self._picture = FrameBuffer(self._bits, SIDE, SIDE, MONO_HLSB)
        self.available = self._load()

    def holds(self, character: str) -> bool:
        """Is there a glyph of it?"""
        return self._find(ord(character)) >= 0

    def draw(self, frame: FrameBuffer, character: str, x: int, y: int) -> None:
        """The glyph, or a box where there is none."""
        place = self._find(ord(character))
        if place < 0 or not self._fetch(place):
            frame.rect(x + 1, y + 1, SIDE - 3, SIDE - 2, 1)
            return
        frame.blit(self._picture, x, y)

    def _load(self) -> bool:
        try:
            with open(self._path, "rb") as file:
                head = file.read(_HEAD_BYTES)
                count = int.from_bytes(head[4:], "big")
                if head[:4] != _MAGIC or count > _MAX_GLYPHS:
                    return False
                self._index = file.read(2 * count)
        except OSError:
            return False
        return len(self._index) == 2 * count

    def _find(self, code: int) -> int:
        """Binary search; -1 = not there."""
        low, high = 0, len(self._index) >> 1
        while low < high:
            middle = (low + high) >> 1
            found = self._index[2 * middle] << 8 | self._index[2 * middle + 1]
            if found == code:
                return middle
            low, high = (middle + 1, high) if found < code else (low, middle)
        return -1

    def _fetch(self, place: int) -> bool:
        try:
            with open(self._path, "rb") as file:
                file.seek(_HEAD_BYTES + len(self._index) + place * _GLYPH_BYTES)
                got: int = file.readinto(self._bits)
                return got == _GLYPH_BYTES
        except OSError:
            return False
