"""Whatever is typed, the modem lives on: it answers AT when the typing has stopped."""

from random import Random

import pytest

from .conftest import Desk, lines

LEFT_OUT = ("+CPOWD", "+CFUN", "+IPR", "Q")  # they rightly end the conversation
VALUES = (
    "",
    "0",
    "1",
    "2",
    "4",
    "-1",
    "99999999999",
    '"TCP"',
    '"internet"',
    '"',
    "x",
    '"26/13/45,99:99:99+99"',
    "²",
    ",",
)


def command(random: Random, names: list[str]) -> bytes:
    name, form = random.choice(names), random.choice(("", "?", "=?", "="))
    values = ",".join(random.choice(VALUES) for _ in range(random.randrange(4))) if form == "=" else ""
    return f"AT{name}{form}{values}\r".encode("latin-1", "replace")


def noise(random: Random, names: list[str]) -> bytes:
    return random.randbytes(random.randrange(40))


@pytest.mark.parametrize("seed", range(8))
def test_it_lives_on(ready: Desk, seed: int) -> None:
    random = ready.world.random(f"typing {seed}")
    names = sorted(set(ready.modem.interpreter.commands).difference(LEFT_OUT))
    for _ in range(150):
        ready.type(random.choice((command, command, noise))(random, names), random.choice((1, 50, 3_000)))
    ready.world.run_for(120_000)
    ready.type(b"\x1a\x1b\r")
    ready.type(b"\0" * 1_460 + b"\x1b\r")  # a CIPSEND that still waits has all it wants
    ready.world.run_for(120_000)
    ready.type(b"ATE0V1\r")
    assert lines(ready.type(b"AT\r")) == "OK"
