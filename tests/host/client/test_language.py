"""The client speaks the person's language: every sentence that it says has a Chinese one, with the same places."""

import ast
import string

import pytest

from client import words
from client.chinese import SENTENCES
from client.language import is_chinese
from tools.flash.build import ROOT


def said() -> set[str]:
    """What stands in a call of say(), and what is said for a reason."""
    calls = (
        node
        for path in (ROOT / "client").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say"
    )
    literal = {one.args[0].value for one in calls if isinstance(one.args[0], ast.Constant)}
    return {str(sentence) for sentence in literal} | set(words.REASONS.values()) | {words.CALL_SUPPORT}


def places(sentence: str) -> set[str | None]:
    return {name for _text, name, _form, _conversion in string.Formatter().parse(sentence)} - {None}


def test_every_sentence_has_a_chinese_one_and_none_is_left_over() -> None:
    assert set(SENTENCES) == said()


def test_translations_have_the_same_places() -> None:
    assert [one for one, other in SENTENCES.items() if places(one) != places(other)] == []


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        ({"LANG": "en_GB.UTF-8"}, False),
        ({"LANG": "zh_CN.UTF-8"}, True),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, False),
        ({"LC_ALL": "", "LC_MESSAGES": "zh_CN.UTF-8", "LANG": "C"}, True),
    ],
)
def test_the_first_variable_that_is_set_decides(environment: dict[str, str], wanted: bool) -> None:
    assert is_chinese(environment) == wanted


def test_a_refusal_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert words.of_reason("used") == "此卡已使用过。"
    assert words.of_notification("tap", {"reason": "used", "credit": 4}) == "刷卡：此卡已使用过。 (卡号 4)"
