"""Nothing leaves this computer: other addresses are refused, and nobody connects in another way."""

import ast
from pathlib import Path

import pytest

import tools.load
from tools.load import address
from tools.load.address import NotLoopback

IN_THE_HOUSE = {"sqlite3.connect"}
CONNECTING = {"connect", "connect_ex", "sock_connect", "create_connection", "open_connection", "bind", "sendto"}
FOLDER = Path(tools.load.__file__).parent


@pytest.mark.parametrize("host", ["192.0.2.1", "128.0.0.1", "126.255.255.255", "::1", "localhost", "0.0.0.0", ""])  # noqa: S104
def test_other_addresses_are_refused(host: str) -> None:
    with pytest.raises(NotLoopback):
        address.unconnected("127.0.0.1", (host, 80))
    with pytest.raises(NotLoopback):
        address.unconnected(host, ("127.0.0.1", 80))


def test_everybody_is_on_loopback_and_apart() -> None:
    machines = {address.of_machine(place, 100) for place in range(100)}
    pages = {address.of_page(place) for place in range(20)}
    attackers = {address.of_attacker(place) for place in range(500)}
    everybody = [machines, pages, attackers, {address.PROBER}]
    assert all(address.loopback(host) for group in everybody for host in group)
    assert len(set.union(*everybody)) == sum(len(group) for group in everybody)
    assert [address.of_machine(place, 100) for place in (0, 39, 40)] == ["127.0.1.1", "127.0.1.1", "127.0.1.2"]


def _ways_out(path: Path) -> list[str]:
    """Calls that open a connection, unless they are handed a socket that is there."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return [
        f"{path.name}:{call.lineno} {call.func.attr}"
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in CONNECTING
        and ast.unparse(call.func) not in IN_THE_HOUSE
        and not any(keyword.arg == "sock" for keyword in call.keywords)
    ]


def test_only_one_file_connects() -> None:
    assert [way for path in FOLDER.rglob("*.py") if path.name != "address.py" for way in _ways_out(path)] == []
    assert len(_ways_out(FOLDER / "address.py")) == 2


def test_the_lint_finds_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "way.py").write_text("import socket\nsocket.create_connection(('192.0.2.1', 80))\n")
    assert _ways_out(tmp_path / "way.py") == ["way.py:2 create_connection"]
