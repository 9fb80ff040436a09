"""Messages sealed under the real MicroPython open with an independent COSE library, and its messages there."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cbor2
import pytest
from protocol import entries_reader, keys

from tests.firmware.protocol import samples
from tests.host.protocol.independent import IV, KID, opened, sealed, unprotected

MICROPYTHON = Path(sys.executable).with_name("micropython")
SCRIPT = Path(__file__).with_name("board_side.py")
HEAP = "heapsize=384wK"
UPLINK, DOWNLINK = keys.uplink_key(samples.MACHINE_KEY), keys.downlink_key(samples.MACHINE_KEY)
MACHINE = samples.MACHINE.to_bytes(4, "big")
NONCE = bytes(range(13))
REVOKE_BATCH, REVOKE_CREDIT = 1, 2


class Board:
    """MicroPython with the protocol."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, operation: str, *arguments: object) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        words = [argument.hex() if isinstance(argument, bytes) else str(argument) for argument in arguments]
        self._process.stdin.write(" ".join([operation, *words]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        assert answer, "MicroPython ended"
        return answer

    def makes(self, operation: str, *arguments: object) -> bytes:
        return bytes.fromhex(self.ask(operation, *arguments))


@pytest.fixture(scope="module")
def board() -> Iterator[Board]:
    command = [str(MICROPYTHON), "-X", HEAP, str(SCRIPT)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Board(process)
        process.kill()


@pytest.mark.parametrize("count", [1, 3, 12, 20])
def test_its_reports(board: Board, count: int) -> None:
    message = board.makes("report", count)
    assert unprotected(message)[KID] == MACHINE
    version, first_seq, macs, stream, *_health = opened(message, UPLINK)
    wanted = samples.report(samples.exams(count))
    assert (version, first_seq, macs) == (1, wanted.first_seq, wanted.previous_mac + wanted.head_mac)
    assert entries_reader.decode(stream, first_seq) == wanted.entries


def test_its_answers_and_pushes(board: Board) -> None:
    request = board.makes("report", 2)
    answer = opened(board.makes("ack", request), DOWNLINK, unprotected(request)[IV])
    assert answer[:3] == [1, samples.ack().ack_seq, samples.ack().server_time]
    pushes = [board.makes("push", serial) for serial in (1, 2)]
    assert KID not in unprotected(pushes[0])
    assert [opened(push, DOWNLINK, b"push")[1] for push in pushes] == [samples.push().ack_seq] * 2
    assert unprotected(pushes[0])[IV] != unprotected(pushes[1])[IV]


def test_our_reports_by_the_independent_library(board: Board) -> None:
    message = board.makes("report", 3)
    payload = opened(message, UPLINK)
    again = sealed(payload, UPLINK, unprotected(message)[IV], MACHINE)
    assert again == message  # the same bytes, by another implementation
    wanted = samples.report(samples.exams(3))
    assert board.ask("open_report", again) == f"{samples.MACHINE} {wanted.first_seq} {len(wanted.entries)}"


def test_answers_by_the_independent_library(board: Board) -> None:
    request = board.makes("report", 3)
    payload = [1, 1234, 1_800_000_000, [[7, REVOKE_BATCH, [70]], [8, REVOKE_CREDIT, [70, 500]]], 0, b"\x01" * 8]
    answer = sealed(payload, DOWNLINK, NONCE, MACHINE, unprotected(request)[IV])
    assert board.ask("open_ack", request, answer) == f"1234 1800000000 0 {'01' * 8} 7/1 8/2"
    for wrong in (
        sealed(payload, DOWNLINK, NONCE, MACHINE, bytes(13)),  # bound to another request
        sealed(payload, UPLINK, NONCE, MACHINE, unprotected(request)[IV]),  # another key
        sealed(payload, DOWNLINK, NONCE, MACHINE, b"push"),
        answer[:-1] + bytes([answer[-1] ^ 1]),
    ):
        assert board.ask("open_ack", request, wrong) == "error bad_tag"


def test_pushes_by_the_independent_library(board: Board) -> None:
    payload = [1, 99, 1_800_000_000, [[7, REVOKE_BATCH, [70]]], 0]
    assert board.ask("open_push", sealed(payload, DOWNLINK, NONCE, b"", b"push")) == "99 1800000000 0 - 7/1"
    assert board.ask("open_push", sealed(payload, DOWNLINK, NONCE)) == "error bad_tag"
    indefinite = cbor2.loads(cbor2.dumps(payload))
    assert indefinite == payload
