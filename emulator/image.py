"""The flash image of a board: its files in littlefs, as an ESP32 with MicroPython holds them."""

import hashlib
from pathlib import PurePosixPath
from typing import Final

from littlefs import LittleFS

from emulator.flash import BLOCK_BYTES, BLOCK_COUNT, SIZE_BYTES
from tools.flash.build import ROOT, STAY_SOURCE, compile_source, firmware_files, replace_file

# MicroPython's VfsLfs2 defaults; the cache is four times the larger of both.
READ_BYTES: Final = 32
PROGRAM_BYTES: Final = 32
CACHE_BYTES: Final = 128
LOOKAHEAD_BYTES: Final = 32
ERASED: Final = b"\xff"


def build_image(files: dict[str, str | bytes] | None = None) -> bytes:
    """The firmware's image, or one of these files alone: text that ends in .py is compiled like the firmware."""
    contents = firmware_files() if files is None else dict(_compiled(path, text) for path, text in files.items())
    digest = hashlib.sha256(repr(sorted(contents.items())).encode()).hexdigest()
    kept = ROOT / "build" / "images" / f"{digest}.img"
    if not kept.is_file():
        replace_file(kept, _file_system(contents).rstrip(ERASED))  # most of it is erased
    return kept.read_bytes().ljust(SIZE_BYTES, ERASED)


def read_files(image: bytes) -> dict[str, bytes]:
    """Every file of an image, for checkers that look at the flash from outside."""
    file_system = _mounted(image)
    found = {}
    for folder, _, names in file_system.walk("/"):
        for name in names:
            path = str(PurePosixPath(folder, name))
            with file_system.open(path, "rb") as file:
                found[path] = bytes(file.read())
    return found


def _compiled(path: str, text: str | bytes) -> tuple[str, bytes]:
    path = path.lstrip("/")
    data = text.encode() if isinstance(text, str) else text
    if path.endswith(".py") and path not in STAY_SOURCE:
        return str(PurePosixPath(path).with_suffix(".mpy")), compile_source(data, path)
    return path, data


def _file_system(contents: dict[str, bytes]) -> bytes:
    file_system = _volume()
    file_system.format()
    file_system.mount()
    for path, data in sorted(contents.items()):
        file_system.makedirs(str(PurePosixPath("/", path).parent), exist_ok=True)
        with file_system.open("/" + path, "wb") as file:
            file.write(data)
    return bytes(file_system.context.buffer)


def _mounted(image: bytes) -> LittleFS:
    file_system = _volume()
    file_system.context.buffer = bytearray(image)
    file_system.mount()
    return file_system


def _volume() -> LittleFS:
    return LittleFS(
        mount=False,
        block_size=BLOCK_BYTES,
        block_count=BLOCK_COUNT,
        read_size=READ_BYTES,
        prog_size=PROGRAM_BYTES,
        cache_size=CACHE_BYTES,
        lookahead_size=LOOKAHEAD_BYTES,
    )
