"""A 128x64 panel on I2C (Solomon Systech SSD1306 data sheet): a frame buffer, sent by the page where it changed.

A panel that is not there, or that fell off its bus, is no error: drawing goes on and show() tries again.
"""

from framebuf import MONO_VLSB, FrameBuffer
from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import I2C

WIDTH = const(128)
HEIGHT = const(64)
PAGES = const(8)  # of eight rows each
_COMMANDS = const(0x00)
_DATA = const(0x40)
_ALL_PAGES = const(0xFF)

# Data sheet chapter 9 and the application example of its chapter 4.
_START = bytes(
    (
        _COMMANDS,
        0xAE,  # off while it is set up
        0x20,
        0x00,  # the address runs along a page, then to the next page
        0x40,  # first line
        0xA1,  # column 127 is left
        0xA8,
        0x3F,  # 64 rows
        0xC8,  # row 63 is on top
        0xD3,
        0x00,  # no vertical shift
        0xDA,
        0x12,  # how the rows are wired
        0xD5,
        0x80,  # clock
        0xD9,
        0xF1,  # precharge
        0xDB,
        0x30,  # level of the unselected rows
        0x81,
        0x7F,  # contrast
        0xA4,  # show the memory
        0xA6,  # 1 is light
        0x8D,
        0x14,  # charge pump on
        0xAF,  # on
    )
)


class Ssd1306:
    """`frame` is the picture; mark() what was drawn on and show() it. `present`: the panel answered last time."""

    def __init__(self, i2c: "I2C", address: int) -> None:
        self._i2c = i2c
        self._address = address
        self._pixels = bytearray(WIDTH * PAGES)
        self._view = memoryview(self._pixels)
        self._window = bytearray((_COMMANDS, 0x21, 0, WIDTH - 1, 0x22, 0, PAGES - 1))
        self._line = bytearray(WIDTH + 1)
        self._line[0] = _DATA
        self._dirty = _ALL_PAGES
        self.frame = FrameBuffer(self._pixels, WIDTH, HEIGHT, MONO_VLSB)
        self.present = False

    def mark(self, top: int, height: int) -> None:
        """These rows changed."""
        for page in range(top >> 3, (top + height + 7) >> 3):
            self._dirty |= 1 << page

    def show(self) -> bool:
        """Send what changed. False: the panel does not answer."""
        try:
            if not self.present:
                self._i2c.writeto(self._address, _START)
                self._dirty = _ALL_PAGES
            for page in range(PAGES):
                if self._dirty >> page & 1:
                    self._send(page)
        except OSError:
            self.present = False
            return False
        self.present = True
        return True

    def _send(self, page: int) -> None:
        self._window[5] = page
        self._i2c.writeto(self._address, self._window)
        self._line[1:] = self._view[page * WIDTH : (page + 1) * WIDTH]
        self._i2c.writeto(self._address, self._line)
        self._dirty &= ~(1 << page)
