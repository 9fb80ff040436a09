"""One line of the host link: JSON-RPC 2.0, then optionally `*` and a CRC-16 that a person may leave out.

Law: a line is one JSON object in UTF-8, ended by a newline. After the object may stand `*` and four hexadecimal
digits: CRC-16/CCITT-FALSE of the object's bytes. A device that was told to (link.checksum) refuses lines without
it. Numbers are whole and fit 64 bits with their sign. Methods, parameters and members of data are only ever
appended; an unknown member is ignored.
"""

import json
import sys

from protocol.errors import BadChecksum, Malformed, OutOfRange, TooLong

MICROPYTHON = sys.implementation.name == "micropython"
MAX_LINE_BYTES = 2048  # with checksum and newline
MAX_BRACKETS = 256  # opening brackets in a line: bounds the parser's nesting
CHECKSUM_BYTES = 5
MAX_NUMBER = (1 << 63) - 1

# Error codes of JSON-RPC 2.0, section 5.1, and the one of ours.
PARSE_ERROR = -32700  # the line is no JSON object, or its checksum is wrong
INVALID_REQUEST = -32600  # an object, but no request
METHOD_NOT_FOUND = -32601  # no such method in this role
INVALID_PARAMS = -32602  # a parameter is missing, unknown or out of its bounds
INTERNAL_ERROR = -32603  # the device failed; data.reason says at what
REFUSED = -32000  # understood and refused; data.reason says why

# CRC of the sixteen half bytes, polynomial 0x1021.
_CRC_OF_NIBBLE = (
    0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50A5, 0x60C6, 0x70E7,
    0x8108, 0x9129, 0xA14A, 0xB16B, 0xC18C, 0xD1AD, 0xE1CE, 0xF1EF,
)  # fmt: skip


def encode(message: dict[str, object], checksum: bool = True) -> bytes:
    try:
        body = _dumps(message).encode()
    except (TypeError, ValueError, RuntimeError):
        raise Malformed("the message cannot be written as JSON") from None
    line = body + b"*%04X\n" % crc16(body) if checksum else body + b"\n"
    if len(line) > MAX_LINE_BYTES:
        raise TooLong("a line of %d bytes" % len(line))
    return line


def decode(line: bytes, require_checksum: bool = False) -> dict[str, object]:
    if len(line) > MAX_LINE_BYTES:
        raise TooLong("a line of %d bytes" % len(line))
    body = _checked(bytes(line).strip(), require_checksum)
    if body.count(b"[") + body.count(b"{") > MAX_BRACKETS:
        raise TooLong("too many brackets in one line")
    message = _parsed(body)
    if not isinstance(message, dict):
        raise Malformed("a line holds one JSON object")
    _check_values(message)
    return message


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF, nothing reflected."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc << 4 & 0xFFFF) ^ _CRC_OF_NIBBLE[crc >> 12 ^ byte >> 4]
        crc = (crc << 4 & 0xFFFF) ^ _CRC_OF_NIBBLE[crc >> 12 ^ byte & 15]
    return crc


def request(number: int, method: str, params: dict[str, object] | None = None) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}}


def notification(method: str, params: dict[str, object] | None = None) -> dict[str, object]:
    return {"jsonrpc": "2.0", "method": method, "params": params or {}}


def result(number: object, value: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "result": value}


def failure(
    number: object, code: int, reason: str, message: str, data: dict[str, object] | None = None
) -> dict[str, object]:
    """data always carries the reason, which programs compare; message is for a person."""
    details: dict[str, object] = {"reason": reason}
    details.update(data or {})
    return {"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": message, "data": details}}


def read_request(message: dict[str, object]) -> tuple[object, str, dict[str, object]]:
    """(id, method, params) of a request; id is None for a notification. A person may leave out "jsonrpc"."""
    number, method, params = message.get("id"), message.get("method"), message.get("params", {})
    if message.get("jsonrpc", "2.0") != "2.0" or not isinstance(method, str) or not isinstance(params, dict):
        raise Malformed("no JSON-RPC 2.0 request with named parameters")
    if number is not None and not isinstance(number, (int, str)):
        raise Malformed("an id is a number or a text")
    return number, method, params


def _checked(line: bytes, require_checksum: bool) -> bytes:
    """The line without its checksum, once that is right."""
    # The object ends with a brace, a checksum never does.
    if line[-CHECKSUM_BYTES : 1 - CHECKSUM_BYTES] != b"*" or line[-1:] == b"}":
        if require_checksum:
            raise BadChecksum("this device requires a checksum")
        return line
    body = line[:-CHECKSUM_BYTES]
    expected = b"%04X" % crc16(body)
    if line[1 - CHECKSUM_BYTES :].upper() != expected:
        raise BadChecksum("the checksum should be " + expected.decode())
    return body


def _dumps(message: dict[str, object]) -> str:
    if MICROPYTHON:
        return json.dumps(message, separators=(",", ":"))
    # Characters as they are, like MicroPython writes them; it would not join the halves of an escaped pair either.
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _parsed(body: bytes) -> object:
    if MICROPYTHON:
        from protocol import json_strict

        json_strict.check(body)
    try:
        return json.loads(body.decode())
    except ValueError:
        raise Malformed("the line is no JSON") from None


def _check_values(message: object) -> None:
    """No fractions, no numbers beyond 64 bits, no broken texts: what follows may rely on it."""
    waiting = [message]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.keys())
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str):
            _check_text(value)
        elif isinstance(value, float):
            raise Malformed("numbers are whole")
        elif isinstance(value, int) and not -MAX_NUMBER <= value <= MAX_NUMBER:
            raise OutOfRange("a number beyond 64 bits")


def _check_text(value: str) -> None:
    try:
        value.encode().decode()
    except ValueError:
        raise Malformed("a text that is no Unicode") from None
