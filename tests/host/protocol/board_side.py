"""Runs under MicroPython, started by test_independent.py: seals and opens with the protocol as boards have it.

A line in is an operation and its bytes in hexadecimal digits; a line out is its result, or the error's code.
"""

import sys

ROOT = __file__.rsplit("/", 4)[0]
for folder in (ROOT, ROOT + "/shared"):
    sys.path.insert(0, folder)

from protocol import uplink  # noqa: E402
from protocol.errors import ProtocolError  # noqa: E402
from protocol.uplink import Ack  # noqa: E402

from tests.firmware.protocol import samples  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

KEY = samples.MACHINE_KEY


def report(count: str) -> str:
    return uplink.seal_report(KEY, samples.report(samples.exams(int(count)))).hex()


def open_report(message: str) -> str:
    found = uplink.open_report(KEY, bytes.fromhex(message))
    return " ".join(str(number) for number in (found.machine_id, found.first_seq, len(found.entries)))


def ack(request: str) -> str:
    return uplink.seal_ack(KEY, bytes.fromhex(request), samples.ack()).hex()


def open_ack(request: str, message: str) -> str:
    return told(uplink.open_ack(KEY, bytes.fromhex(request), bytes.fromhex(message)))


def push(serial: str) -> str:
    return uplink.seal_push(KEY, samples.push(), int(serial)).hex()


def open_push(message: str) -> str:
    return told(uplink.open_push(KEY, bytes.fromhex(message)))


def told(found: Ack) -> str:
    commands = [f"{command.id}/{command.kind}" for command in found.commands]
    numbers = (found.ack_seq, found.server_time, found.alert, found.ack_mac.hex() or "-")
    return " ".join([str(number) for number in numbers] + commands)


OPERATIONS: "dict[str, Callable[..., str]]" = {
    "report": report,
    "open_report": open_report,
    "ack": ack,
    "open_ack": open_ack,
    "push": push,
    "open_push": open_push,
}


def main() -> None:
    for line in sys.stdin:
        name, *arguments = line.split()
        try:
            print(OPERATIONS[name](*arguments))
        except ProtocolError as error:
            print("error", error.code)


main()
