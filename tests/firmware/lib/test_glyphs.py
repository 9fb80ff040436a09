"""The glyph file on flash: found, drawn, missing, broken. On MicroPython's own framebuf."""

import os

from display.glyphs import Glyphs
from display.text import width
from framebuf import MONO_HLSB, FrameBuffer

PATH = f"/tmp/glyphs-{id(os)}.bin"  # noqa: S108 (a file of this process alone)
CODES = (0x4E00, 0x5361, 0x9FA5)


def glyph_file(codes, cut=0):
    index = b"".join([code.to_bytes(2, "big") for code in codes])
    bits = b"".join([bytes([number + 1] * 32) for number in range(len(codes))])
    data = b"GLY1" + len(codes).to_bytes(2, "big") + index + bits
    return data[: len(data) - cut]


def loaded(data):
    with open(PATH, "wb") as file:
        file.write(data)
    return Glyphs(PATH)


def drawn(glyphs, character):
    canvas = bytearray(32)
    glyphs.draw(FrameBuffer(canvas, 16, 16, MONO_HLSB), character, 0, 0)
    return bytes(canvas)


def box():
    canvas = bytearray(32)
    FrameBuffer(canvas, 16, 16, MONO_HLSB).rect(1, 1, 13, 14, 1)
    return bytes(canvas)


def test_each_glyph_is_found():
    glyphs = loaded(glyph_file(CODES))
    assert glyphs.available
    for number, code in enumerate(CODES):
        assert drawn(glyphs, chr(code)) == bytes([number + 1] * 32)
    os.remove(PATH)


def test_one_that_is_not_there_is_a_box():
    glyphs = loaded(glyph_file(CODES))
    for code in (0x4DFF, 0x4E01, 0x9FA6):
        assert drawn(glyphs, chr(code)) == box()
    os.remove(PATH)


def test_a_file_that_vanishes_or_breaks_later_is_a_box():
    glyphs = loaded(glyph_file(CODES))
    with open(PATH, "wb") as file:
        file.write(glyph_file(CODES, cut=8))
    assert drawn(glyphs, chr(CODES[2])) == box()
    os.remove(PATH)
    assert drawn(glyphs, chr(CODES[0])) == box()


def test_no_file_or_a_wrong_one_means_another_language():
    assert not Glyphs(PATH).available
    for data in (b"", b"GLY", b"GLY2\x00\x00", glyph_file(CODES)[:9], b"GLY1\xff\xff"):
        assert not loaded(data).available, data
    os.remove(PATH)


def test_width():
    assert width("Tap again") == 72
    assert width("剩余94次") == 64
