"""Whatever comes over the line, the answer is a JSON-RPC error at worst, and the device lives."""

import json
import random

import pytest
from protocol import hostlink

from emulator.device import Board
from emulator.errors import HostError
from emulator.kit import blank_machine
from emulator.world import World


@pytest.fixture
def board(world: World) -> Board:
    return blank_machine(world)


def said(board: Board, line: bytes) -> dict[str, object]:
    """The device's answer without an id to this line."""
    board.host.noise.clear()
    board.host.send(line)
    board.world.run_until(lambda: bool(board.host.noise), 3000)
    assert board.host.noise, "no answer"
    return hostlink.decode(board.host.noise[0])


def error_code(answer: dict[str, object]) -> int:
    error = answer["error"]
    assert isinstance(error, dict)
    return int(error["code"])


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"hello", hostlink.PARSE_ERROR),
        (b"{", hostlink.PARSE_ERROR),
        (b"[]", hostlink.PARSE_ERROR),
        (b"\xff\xfe\x00\x01", hostlink.PARSE_ERROR),
        (b"{}", hostlink.INVALID_REQUEST),
        (b'{"method":7}', hostlink.INVALID_REQUEST),
        (b'{"method":"hello","params":[1]}', hostlink.INVALID_REQUEST),
        (b'{"method":"hello","id":{}}', hostlink.INVALID_REQUEST),
        (b'{"method":"hello"}*0000', hostlink.PARSE_ERROR),
        (b'{"id":1,"method":"card.wait","params":{"timeout_ms":1e9}}', hostlink.PARSE_ERROR),
        (b"[" * 2000, hostlink.PARSE_ERROR),
        (b'{"method":"' + b"x" * 3000 + b'"}', hostlink.PARSE_ERROR),
    ],
)
def test_garbage(board: Board, line: bytes, code: int) -> None:
    answer = said(board, line)
    assert error_code(answer) == code
    assert answer["id"] is None
    assert board.host.call("hello")["device"] == "perscan"


def test_random_bytes(board: Board) -> None:
    random_bytes = random.Random(1)  # noqa: S311
    for _ in range(60):
        board.host.send_bytes(random_bytes.randbytes(random_bytes.randrange(1, 400)) + b"\n")
        board.world.run_for(50)
    board.host.send_bytes(random_bytes.randbytes(20_000))
    board.host.send_bytes(b"\n")
    board.world.run_for(3000)
    assert board.host.call("hello")["device"] == "perscan"


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("card.wait", {}),
        ("card.wait", {"timeout_ms": -1}),
        ("card.wait", {"timeout_ms": "soon"}),
        ("card.wait", {"timeout_ms": True}),
        ("card.wait", {"timeout_ms": 2**31}),
        ("card.read", {"uid": "zz", "kind": "batch", "read_key": ""}),
        ("card.read", {"uid": "01020304", "kind": "joker", "read_key": ""}),
        ("card.read", {"uid": "010203", "kind": "batch", "read_key": ""}),
        ("card.read", {"uid": ["01020304"], "kind": "batch", "read_key": ""}),
        ("link.checksum", {"required": 1}),
        ("provision.begin", {"role": "king", "machine_id": 1, "epoch": 1}),
        ("provision.begin", {"role": "swipe", "machine_id": 0, "epoch": 1}),
        ("provision.begin", {"role": "swipe", "machine_id": 2**40, "epoch": 1}),
    ],
)
def test_bad_parameters(board: Board, method: str, params: dict[str, object]) -> None:
    with pytest.raises(HostError) as error:
        board.host.call(method, **params)
    assert error.value.code in (hostlink.INVALID_PARAMS, hostlink.PARSE_ERROR)
    assert board.host.call("hello")["device"] == "perscan"


def test_unknown_method(board: Board) -> None:
    with pytest.raises(HostError) as error:
        board.host.call("make.coffee")
    assert error.value.code == hostlink.METHOD_NOT_FOUND


def test_checksum_required(board: Board) -> None:
    board.host.checksum = False
    assert board.host.call("hello")["device"] == "perscan"
    assert board.host.call("link.checksum", required=True) == {"required": True}
    assert error_code(said(board, json.dumps({"id": 5, "method": "hello"}).encode())) == hostlink.PARSE_ERROR
    board.host.checksum = True
    assert board.host.call("hello")["device"] == "perscan"
    assert board.host.call("link.checksum", required=False) == {"required": False}


def test_line_in_pieces(board: Board) -> None:
    line = hostlink.encode(hostlink.request(1000, "hello"))
    for index in range(len(line)):
        board.host.send_bytes(line[index : index + 1])
        board.world.run_for(3)
    assert board.world.run_until(lambda: board.host.answered(1000), 1000)


def test_interrupt_character_does_not_stop_the_firmware(board: Board) -> None:
    board.host.send_bytes(b"\x03\x03\x04\n")
    board.world.run_for(500)
    assert board.host.call("hello")["device"] == "perscan"


def test_provision_commit_with_garbage(board: Board) -> None:
    with pytest.raises(HostError) as error:
        board.host.call("provision.commit", message="00", signature="00" * 64)
    assert error.value.reason in ("not_provisioned", "wrong_role")
