"""The back office's sealed answers and pushes, opened (law: uplink.py): the first step, before their content is read
(answers.py), so that a machine has the code of one step in memory at a time.
"""

from protocol import cose, keys
from protocol.acks import PUSH_AAD
from protocol.errors import ProtocolError, UnknownKind


def opened(machine_key: bytes, request_message: bytes, message: bytes) -> bytes:
    """The content of the answer to that report."""
    key_id, request_iv = cose.header(request_message)
    if cose.header(message)[0] != key_id:
        raise UnknownKind("an answer for another machine")
    return cose.open_(keys.downlink_key(machine_key), message, request_iv)


def opened_push(machine_key: bytes, message: bytes) -> bytes:
    """The content of what the back office said unasked."""
    return cose.open_(keys.downlink_key(machine_key), message, PUSH_AAD)


def opened_of(machine_key: bytes, request_ivs: list[bytes], message: bytes) -> tuple[int, bytes]:
    """The content of an answer to one of these reports, and which; -1: it is a push."""
    key = keys.downlink_key(machine_key)
    for place in range(len(request_ivs) - 1, -1, -1):
        try:
            return place, cose.open_(key, message, request_ivs[place])
        except ProtocolError:
            continue
    return -1, opened_push(machine_key, message)
