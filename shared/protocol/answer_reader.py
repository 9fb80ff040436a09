"""The back office's sealed answers and pushes, opened and read at once (law: uplink.py)."""

from protocol.acks import Ack
from protocol.answer_opener import opened, opened_push
from protocol.answers import decode_ack


def open_ack(machine_key: bytes, request_message: bytes, message: bytes) -> Ack:
    return decode_ack(opened(machine_key, request_message, message))


def open_push(machine_key: bytes, message: bytes) -> Ack:
    return decode_ack(opened_push(machine_key, message))
