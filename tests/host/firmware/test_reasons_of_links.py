"""The firmware says its reasons as plain texts, because protocol.links has no place in its heap: each must be known."""

import ast
from pathlib import Path

from protocol import links

FIRMWARE = Path(__file__).parents[3] / "firmware"
FILES = sorted([*FIRMWARE.glob("transport*.py"), *FIRMWARE.glob("server_*.py"), *FIRMWARE.glob("uplink*.py")])
RULE = ("links.py", "link_state.py", "modem_trouble.py", "uplink_step.py")
NOT_REASONS = {"wifi", "gprs", "sms", "sent", "stuck"}  # links, and what uplink_step.py is told besides failures


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
    """Every text in the modules of the rule that looks like a reason is one."""
    for name in RULE:
        texts = {
            node.value
            for node in ast.walk(ast.parse((FIRMWARE / name).read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "_" in node.value
        }
        reasons = {text for text in texts if text.replace("_", "").isalpha() and text.islower()}
        settings = {"sms_min_entries", "sms_gather_s", "report_s", "uplink_round", "uplink_inbox", "uplink_orders"}
        assert reasons - settings - {"modem_rest"} - NOT_REASONS <= set(links.REASONS), name
