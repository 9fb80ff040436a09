"""The journal's checkpoint: what is known at one seq, so that older entries may go (format: journal_files.py)."""

import os

import state_codec
from errors import Corrupt
from journal_files import MAC_BYTES
from protocol.mac import equal, hmac_sha256
from state import State

_MAGIC = b"PC1"
_LABEL = b"checkpoint"
_STATE_PLACE = 27


def write(directory: str, key: bytes, marks: tuple[int, bytes, int, bytes], state: State) -> None:
    """Replace the checkpoint in one step. ``marks`` = seq, MAC, acked seq, MAC."""
    seq, mac, acked_seq, acked_mac = marks
    head = _MAGIC + seq.to_bytes(4, "big") + mac + acked_seq.to_bytes(4, "big") + acked_mac
    body = head + state_codec.encode(state)
    temporary = directory + "/checkpoint.new"
    with open(temporary, "wb") as file:
        file.write(body)
        file.write(_mac(key, body))
        file.flush()
    os.rename(temporary, directory + "/checkpoint")


def read(directory: str, key: bytes) -> tuple[tuple[int, bytes, int, bytes], State]:
    """The reverse: (marks, state). Raises Corrupt."""
    try:
        with open(directory + "/checkpoint", "rb") as file:
            content = file.read()
    except OSError as error:
        raise Corrupt("no checkpoint (%s)" % error.errno) from None
    body = content[:-MAC_BYTES]
    if body[:3] != _MAGIC or len(body) < _STATE_PLACE:
        raise Corrupt("not a checkpoint")
    if not equal(content[-MAC_BYTES:], _mac(key, body)):
        raise Corrupt("checkpoint altered, or of another machine")
    marks = (int.from_bytes(body[3:7], "big"), body[7:15], int.from_bytes(body[15:19], "big"), body[19:27])
    return marks, state_codec.decode(body[_STATE_PLACE:])


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac_sha256(key, _LABEL + body)[:MAC_BYTES]
