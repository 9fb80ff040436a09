"""Every file below tests/firmware also runs on the interpreter of the board: the real MicroPython, unix port."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MICROPYTHON = Path(sys.executable).with_name("micropython")
RUNNER = ROOT / "tests" / "firmware" / "run.py"
FILES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests" / "firmware").rglob("test_*.py"))
TIMEOUT_S = 120
# As much as a 32-bit board of so many KiB has. For the protocol: enough for the vectors, too little for a decoder
# that trusts a length it read. Elsewhere: room for a whole flash chip in memory.
PROTOCOL_HEAP = "heapsize=384wK"
HEAP = "heapsize=8192wK"


@pytest.mark.parametrize("path", FILES)
def test_on_micropython(path: str) -> None:
    heap = PROTOCOL_HEAP if "/protocol/" in path else HEAP
    command = [str(MICROPYTHON), "-X", heap, str(RUNNER), str(ROOT / path)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, cwd=ROOT)
    assert run.returncode == 0, run.stdout + run.stderr
    assert " 0 failed" in run.stdout
