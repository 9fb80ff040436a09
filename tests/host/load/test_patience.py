"""Honest machines wait as the firmware does: the same figures as in its source, and the pauses that its rule makes."""

import ast
import random

import pytest

from tools.flash.build import ROOT
from tools.load.honest import journal, patience
from tools.load.honest.patience import Patience

SAME = [
    ("transport_wifi.py", "_CONNECT_MS", patience.CONNECT_MS),
    ("server_transport.py", "_EXCHANGE_MS", patience.EXCHANGE_MS),
    ("uplink.py", "_GATHER_MS", patience.GATHER_MS),
    ("uplink_round.py", "_EXCHANGES_MAX", patience.EXCHANGES_MAX),
    ("uplink_round.py", "_ENTRIES_MAX", journal.ENTRIES_MAX),
    ("uplink_round.py", "_MESSAGE_BYTES", journal.MESSAGE_MAX_BYTES),
    ("links.py", "_BACKOFF_MIN_MS", patience.BACKOFF_MIN_MS),
    ("links.py", "_BACKOFF_MAX_MS", patience.BACKOFF_MAX_MS),
    ("links.py", "_DOUBLINGS_MAX", patience.DOUBLINGS_MAX),
]


def constants(name: str) -> dict[str, int]:
    """NAME = const(NUMBER) at the top of a module of the firmware."""
    found: dict[str, int] = {}
    for node in ast.parse((ROOT / "firmware" / name).read_text()).body:
        match node:
            case ast.Assign([ast.Name(constant)], ast.Call(ast.Name("const"), [ast.Constant(int(number))])):
                found[constant] = number
    return found


@pytest.mark.parametrize(("module", "name", "ours"), SAME)
def test_the_firmwares_own_figures(module: str, name: str, ours: int) -> None:
    assert constants(module)[name] == ours


def test_pauses_double_half_of_each_is_random_and_an_answer_ends_them() -> None:
    tried = Patience(random.Random(1))  # noqa: S311 (a play, not a secret)
    whole_s = [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
    for most_s in whole_s:
        assert most_s / 2 <= tried.pause_s() <= most_s
    tried.worked()
    assert tried.pause_s() <= 5
    assert len({tried.pause_s() for _ in range(5)}) == 5
