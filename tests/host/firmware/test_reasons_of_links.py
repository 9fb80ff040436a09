"""The firmware says its reasons as plain texts, because protocol.links has no place in its heap: each must be known."""

import ast
from pathlib import Path

from protocol import links

FIRMWARE = Path(__file__).parents[3] / "firmware"
FILES = sorted(FIRMWARE.glob("*.py"))


def test_what_is_raised() -> None:
    raised = {
        argument.value
        for path in FILES
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "TransportError"
        for argument in call.args[:1]
        if isinstance(argument, ast.Constant)
    }
    assert {"no_wifi", "not_configured", "no_answer", "sms_cap_reached", "gprs_refused"} <= raised
    assert raised <= set(links.REASONS)


def test_what_the_rule_names() -> None:
    """The constants of the rule, and what the modem's errors are called."""
    named = {
        node.value.args[0].value
        for node in ast.parse((FIRMWARE / "links.py").read_text()).body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.args[0], ast.Constant)
        and isinstance(node.value.args[0].value, str)
    }
    assert {"no_answer", "better_link_back", "trial"} <= named
    assert named - set(links.LINKS) <= set(links.REASONS)
    assert set(_texts("modem_trouble.py")) & set(links.REASONS) >= {"no_sim", "pin_wrong", "modem_silent", "no_server"}
    assert {text for text in _texts("modem_trouble.py") if text.islower() and "_" in text} <= set(links.REASONS)
    assert {"urgent_event", "returned_from_trial"} <= set(_texts("uplink_step.py")) & set(links.REASONS)


def _texts(name: str) -> list[str]:
    tree = ast.parse((FIRMWARE / name).read_text())
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
