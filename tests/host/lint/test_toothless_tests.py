"""Every test can fail, and the lint finds one that cannot."""

from pathlib import Path

import pytest

from tools.lint.toothless_tests import findings

ROOT = Path(__file__).resolve().parents[3]
HEAD = """
from backoffice import service
from contextlib import suppress
PLACES = ("a", "b")
def checked(answer):
    assert answer
def listed():
    return ["x", "y"]
class Shop:
    def refused(self):
        checked(self)
"""


def test_every_test_can_fail() -> None:
    assert findings(ROOT) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def test_x():\n    service.upgrade()", "test_x asserts nothing"),
        ("def test_x():\n    service.checked(1)", "test_x asserts nothing"),
        ("def test_x(checked):\n    len(checked)", "test_x asserts nothing"),
        ("class TestX:\n    def test_x(self):\n        pass", "test_x asserts nothing"),
        ("def test_x():\n    for row in service.rows():\n        assert row", "loops that may have nothing"),
        ("def test_x():\n    for row in service.rows():\n        checked(row)", "loops that may have nothing"),
        ("def test_x():\n    for row in ():\n        assert row", "loops that may have nothing"),
        (
            "def test_x():\n    for a in PLACES:\n        for b in service.of(a):\n            assert b",
            "loops that may",
        ),
        ("def test_x(found):\n    assert found == 1 if found else True", "holds whatever happens"),
        ("def test_x(found):\n    assert found or True", "holds whatever happens"),
        ("def test_x(found):\n    assert len(found) >= 0", "holds whatever happens"),
        ("def test_x(found):\n    assert found == found", "holds whatever happens"),
        ("def test_x(found):\n    assert (found, 'words')", "holds whatever happens"),
        ("def test_x(page):\n    assert 'nobody says this' not in page", "is missing everywhere"),
        ("def test_x():\n    try:\n        assert 0\n    except AssertionError:\n        pass", "swallows"),
        ("def test_x():\n    try:\n        assert 0\n    except (OSError, Exception):\n        return", "swallows"),
        ("def test_x():\n    with suppress(Exception):\n        assert 0", "swallows"),
        ("from unittest import mock", "stands in for code"),
        ("from unittest.mock import Mock", "stands in for code"),
        ("def test_x(m):\n    m.setattr(service, 'pay', int)\n    assert m", "our own backoffice.service.pay"),
        ("def test_x(m):\n    m.setattr('backoffice.x.pay', int)\n    assert m", "our own backoffice.x.pay"),
    ],
)
def test_each_rule_catches_its_breach(tmp_path: Path, code: str, words: str) -> None:
    assert [words in finding for finding in _findings_in(tmp_path, code)] == [True]


@pytest.mark.parametrize(
    "code",
    [
        "def test_x():\n    checked(1)",
        "def test_x(shop):\n    shop.refused()",
        "def test_x(tried):\n    tried(1, with_=checked)",
        "def test_x(found):\n    found.raise_for_status()",
        "def test_x():\n    for place in PLACES:\n        assert place",
        "def test_x():\n    for number, place in enumerate(listed()):\n        checked(place)",
        "def test_x():\n    here = [1, 2]\n    for place in here:\n        assert place",
        "def test_x():\n    rows = service.rows()\n    assert rows\n    for row in rows:\n        assert row",
        "def test_x(found):\n    with found:\n        assert found.get() == found.get()",
        "def test_x(page):\n    assert 'checked(answer)' not in page",
        "def test_x():\n    try:\n        assert 0\n    except Exception as error:\n        raise OSError from error",
        "def test_x(m):\n    m.setattr(service, 'WAIT_S', 0)\n    assert m",
        "def helper():\n    pass",
    ],
)
def test_what_can_fail_is_left_alone(tmp_path: Path, code: str) -> None:
    assert _findings_in(tmp_path, code) == []


def _findings_in(root: Path, code: str) -> list[str]:
    (root / "tests").mkdir()
    (root / "tests" / "test_it.py").write_text(HEAD + code)
    return findings(root)
