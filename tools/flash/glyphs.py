"""The screen's words and the wide glyphs they need, as data files of the board's flash.

The glyphs are rasterised from Noto Sans SC (SIL Open Font License 1.1) as the package pylopdf-fonts-zh-cn ships it:
only the characters that the words use, 16 x 16, one bit a pixel. Neither the font nor its pixels are in the
repository; the generated file stays under the font's licence. Without the package the board speaks English.
"""

import hashlib
import importlib.util
import logging
from functools import cache
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

log = logging.getLogger(__name__)

ROOT: Final = Path(__file__).resolve().parents[2]
TEXTS: Final = ROOT / "firmware" / "texts"
KEPT: Final = ROOT / "build" / "glyphs"
FONT_PACKAGE: Final = "pylopdf_fonts_zh_cn"
FONT_FILE: Final = "NotoSansSC-Regular.otf"
SIDE_PX: Final = 16  # firmware/lib/display/glyphs.py has the format
FONT_PX: Final = 15  # leaves one pixel between two characters
MAGIC: Final = b"GLY1"


def glyph_files() -> dict[str, bytes]:
    """Board path -> content: the words of every language, and the glyphs where the font is installed."""
    files = {f"texts/{path.name}": path.read_bytes() for path in sorted(TEXTS.glob("*.txt"))}
    font = font_path()
    if font is None:
        log.warning("no font: pip install pylopdf-fonts-zh-cn, or the board's screen speaks English only")
        return files
    files["glyphs.bin"] = _kept_glyphs(wide_characters(), font)
    return files


def font_path() -> Path | None:
    """Of the installed font, without importing its package."""
    found = importlib.util.find_spec(FONT_PACKAGE)
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).with_name(FONT_FILE)
    return path if path.is_file() else None


def wide_characters() -> str:
    """Every character beyond ASCII that a screen may show, in ascending order."""
    words = "".join(path.read_text(encoding="utf-8") for path in sorted(TEXTS.glob("*.txt")))
    return "".join(sorted({character for character in words if ord(character) > 127}))


def encode_glyphs(characters: str, font: Path) -> bytes:
    """The file that the board reads."""
    face = ImageFont.truetype(str(font), FONT_PX)
    index = b"".join(ord(character).to_bytes(2, "big") for character in characters)
    pictures = b"".join(rasterise(character, face) for character in characters)
    return MAGIC + len(characters).to_bytes(2, "big") + index + pictures


def rasterise(character: str, face: ImageFont.FreeTypeFont) -> bytes:
    """One glyph, 32 bytes: rows from the top, most significant bit left."""
    image = Image.new("1", (SIDE_PX, SIDE_PX), 0)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"
    draw.text((0, SIDE_PX - 2), character, font=face, fill=1, anchor="ls")
    return image.tobytes()


@cache
def _kept_glyphs(characters: str, font: Path) -> bytes:
    """Rasterised once for the same characters, font and code; kept in build/."""
    code = Path(__file__).read_bytes()
    key = hashlib.sha256(b"\0".join((characters.encode(), font.read_bytes(), code))).hexdigest()[:32]
    kept = KEPT / f"{key}.bin"
    if kept.is_file():
        return kept.read_bytes()
    content = encode_glyphs(characters, font)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(content)
    return content
