"""However a serial port fails, it is one thing to whoever uses it."""

import ast
import os
import termios
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serial

from backoffice.errors import SmsPlatformUnreachable
from backoffice.sms.at_port import AtPort
from client.errors import LinkLost
from client.link import HostLink
from client.serial_port import PortLost, SerialPort

ROOT = Path(__file__).parents[3]
KINDS = [
    termios.error(5, "Input/output error"),  # no OSError: the cable was pulled while its settings were made
    serial.SerialException("device reports readiness to read but returned no data"),
    OSError(6, "No such device"),
    TypeError("'NoneType' object cannot be interpreted as an integer"),  # pyserial's read, closed meanwhile
    ValueError("Invalid baud rate"),
    AttributeError("'NoneType' object has no attribute 'recv'"),
    NotImplementedError("not supported by this back end"),
    KeyError("protocol"),
]


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """A pseudo terminal: its far end, and the path that programs open."""
    master, slave = os.openpty()
    tty.setraw(slave)
    path = os.ttyname(slave)
    os.close(slave)
    yield master, path
    os.close(master)


class Broken(serial.Serial):
    """A real port whose kernel fails in one call."""

    fails_in = ""
    error: Exception = OSError()

    def __getattribute__(self, name: str) -> object:
        if name == type(self).fails_in:
            raise type(self).error
        return super().__getattribute__(name)


@pytest.fixture(params=KINDS, ids=lambda error: type(error).__name__)
def broken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let pyserial (which is not ours) fail in one of its calls, with one kind of error."""

    def break_it(call: str) -> None:
        kind = type("BrokenNow", (Broken,), {"fails_in": call, "error": request.param})

        def made(url: str, **settings: object) -> serial.Serial:
            settings.pop("do_not_open", None)
            port: serial.Serial = kind(**settings)
            port.port = url
            return port

        monkeypatch.setattr(serial, "serial_for_url", made)

    return break_it


def test_a_port_that_cannot_be_opened(broken: Callable[[str], None], terminal: tuple[int, str]) -> None:
    _master, path = terminal
    broken("_reset_input_buffer")  # tcflush, behind the one call that pyserial guards
    with pytest.raises(PortLost):
        SerialPort(path, 115200)
    with pytest.raises(SmsPlatformUnreachable):
        AtPort(path, 115200)
    with HostLink(path, connect_attempts=1) as link, pytest.raises(LinkLost):
        link.call("hello")


@pytest.mark.parametrize("call", ["read", "write"])
def test_a_port_that_goes_away(broken: Callable[[str], None], terminal: tuple[int, str], call: str) -> None:
    _master, path = terminal
    broken(call)
    port = AtPort(path, 115200)
    with pytest.raises(SmsPlatformUnreachable):
        port.command("AT")
    port.close()
    with HostLink(path, connect_attempts=1) as link, pytest.raises(LinkLost):
        link.call("hello")


def test_closing_raises_nothing(broken: Callable[[str], None], terminal: tuple[int, str]) -> None:
    _master, path = terminal
    broken("close")
    SerialPort(path, 115200).close()


def test_a_cable_that_is_pulled_for_real() -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    port = SerialPort(os.ttyname(slave), 115200)
    os.close(slave)
    os.write(master, b"half a li")
    assert port.read_some(1.0) == b"half a li"
    os.close(master)
    with pytest.raises(PortLost):
        port.read_some(1.0)
    with pytest.raises(PortLost):
        port.write(b"AT\r")
    port.close()


# Nobody else knows how such a port fails.

HOME = "client/serial_port.py"
LOW = {"serial", "termios"}


def imports(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_pyserial_is_spoken_to_in_one_place() -> None:
    who = {
        path.relative_to(ROOT).as_posix()
        for part in ("backoffice", "client", "tools")
        for path in (ROOT / part).rglob("*.py")
        if LOW & imports(ast.parse(path.read_text()))
    }
    assert who == {HOME}


@pytest.mark.parametrize(
    "line", ["import serial", "from serial import Serial", "import termios", "import serial.tools"]
)
def test_the_lint_sees_who_speaks_to_it(line: str) -> None:
    assert LOW & imports(ast.parse(line))
