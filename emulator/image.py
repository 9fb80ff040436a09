"""The flash image of a board, as an ESP32 with MicroPython and a partition table of ours holds it.

The first part is the file system (littlefs): boot.py, main.py, data, and all that the firmware writes. The rest is the
partition "romfs" with the compiled modules. MicroPython maps it into memory and runs bytecode from there in place, so
that code costs no heap but for its function and class objects.
"""

import hashlib
import zlib
from pathlib import PurePosixPath
from typing import Final

from littlefs import LittleFS

from emulator.flash import BLOCK_BYTES, BLOCK_COUNT, SIZE_BYTES
from emulator.rom import make_rom
from tools.flash.build import ROOT, STAY_SOURCE, compile_source, firmware_files, lies_in_rom, replace_file

# MicroPython's VfsLfs2 defaults; the cache is four times the larger of both.
READ_BYTES: Final = 32
PROGRAM_BYTES: Final = 32
CACHE_BYTES: Final = 128
LOOKAHEAD_BYTES: Final = 32
ERASED: Final = b"\xff"

ROM_BLOCKS: Final = 96  # of the chip's end; emulator/board/esp32.py says the same
FILE_BLOCKS: Final = BLOCK_COUNT - ROM_BLOCKS
ROM_OFFSET: Final = FILE_BLOCKS * BLOCK_BYTES


def build_image(files: dict[str, str | bytes] | None = None) -> bytes:
    """The firmware's image, or one of these files alone: text that ends in .py is compiled like the firmware."""
    contents = firmware_files() if files is None else dict(_compiled(path, text) for path, text in files.items())
    digest = hashlib.sha256(repr(sorted(contents.items())).encode()).hexdigest()
    kept = ROOT / "build" / "images" / f"{digest}.img.z"
    if not kept.is_file():
        replace_file(kept, zlib.compress(_partitions(contents), 1))
    return zlib.decompress(kept.read_bytes())


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


def _partitions(contents: dict[str, bytes]) -> bytes:
    modules = {path: data for path, data in contents.items() if lies_in_rom(path)}
    rom = make_rom(modules) if modules else b""
    if len(rom) > ROM_BLOCKS * BLOCK_BYTES:
        raise ValueError(f"{len(rom)} bytes of modules do not fit the partition")
    files = _file_system({path: data for path, data in contents.items() if path not in modules})
    return (files + rom).ljust(SIZE_BYTES, ERASED)


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
    file_system.context.buffer = bytearray(image[:ROM_OFFSET])
    file_system.mount()
    return file_system


def _volume() -> LittleFS:
    return LittleFS(
        mount=False,
        block_size=BLOCK_BYTES,
        block_count=FILE_BLOCKS,
        read_size=READ_BYTES,
        prog_size=PROGRAM_BYTES,
        cache_size=CACHE_BYTES,
        lookahead_size=LOOKAHEAD_BYTES,
    )
