"""The board's layering holds, and its lint finds a breach when there is one."""

from pathlib import Path

import pytest

from tools.lint.firmware_layers import findings

ROOT = Path(__file__).resolve().parents[3]


def test_the_tree_keeps_the_layers() -> None:
    assert findings(ROOT) == []


@pytest.mark.parametrize(
    ("file", "code", "words"),
    [
        ("shared/protocol/bad.py", "import socket\n", "protocol must not import socket"),
        ("shared/protocol/bad.py", "from tap import Tap\n", "protocol must not import tap"),
        ("shared/gsm/bad.py", "import time\n", "gsm must not import time"),
        ("shared/gsm/bad.py", "from protocol.mac import equal\n", "gsm must not import protocol.mac"),
        ("firmware/lib/bad.py", "from protocol.mac import equal\n", "a driver must not import protocol.mac"),
        ("firmware/lib/bad.py", "x = 'debit'\n", "business word in a driver: debit"),
        ("firmware/bad.py", "EMULATED = True\n", "the firmware must not know: emulat"),
    ],
)
def test_each_rule_catches_its_breach(tmp_path: Path, file: str, code: str, words: str) -> None:
    for folder in ("shared/protocol", "shared/gsm", "firmware/lib"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "firmware/tap.py").write_text("")
    (tmp_path / file).write_text(code)
    assert any(words in finding for finding in findings(tmp_path))
