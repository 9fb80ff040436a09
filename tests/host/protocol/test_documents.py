"""The documents that are made from code say what the code says now."""

import sys
import types
from pathlib import Path

import pytest

from tools.docs import errors, formats, source


def test_formats_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert formats.main(["--check"]) == 0, capsys.readouterr().out


def test_errors_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert errors.main(["--check"]) == 0, capsys.readouterr().out


def test_check_notices_a_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "page.md"
    assert source.write_or_check(path, "one", check=True) == 1
    assert source.write_or_check(path, "one", check=False) == 0
    assert source.write_or_check(path, "one", check=True) == 0
    assert source.write_or_check(path, "two", check=True) == 1
    assert "page.md differs" in capsys.readouterr().out


def test_a_field_without_its_meaning_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "sample.py"
    path.write_text('FIELDS = (\n    ("a", "u", 1),  # first\n    ("b", "u", 1),\n)\n')
    module = types.ModuleType("sample")
    module.__file__ = str(path)
    with pytest.raises(ValueError, match="has no comment"):
        source.meanings(module, "FIELDS")
    assert sys.modules.get("sample") is not module
