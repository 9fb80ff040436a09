"""The journal's checkpoint: what is known at one seq, so that older entries need not be read, and may go.

Law: "PC2", then seq u32, MAC there, acked seq u32, MAC there, next slot u32, slot behind the acknowledged ones u32,
free blocks u32, the state (state_codec.py), 8 bytes HMAC of all that.
"""

import os

import state_codec
from errors import Corrupt
from journal import Journal
from journal_files import MAC_BYTES
from protocol.mac import equal, hmac_sha256

_MAGIC = b"PC2"
_LABEL = b"checkpoint"
_STATE_PLACE = 39


def write(journal: Journal) -> None:
    """Replace the checkpoint in one step; the journal's tail is empty."""
    body = _MAGIC + b"".join(
        (
            _number(journal.head_seq),
            journal.head_mac,
            _number(journal.acked_seq),
            journal.acked_mac,
            _number(journal.slots.next),  # behind the last entry that it speaks for
            _number(journal.acked_slot),  # the segments before this one's may be gone
            _number(journal.free_blocks),
            state_codec.encode(journal.state),
        )
    )
    temporary = journal.directory + "/checkpoint.new"
    with open(temporary, "wb") as file:
        file.write(body)
        file.write(_mac(journal.key, body))
        file.flush()
    os.rename(temporary, journal.directory + "/checkpoint")
    journal.checkpoint_slot = journal.slots.next
    journal.checkpoint_acked = journal.acked_slot


def read(journal: Journal) -> None:
    """The journal as it was then. Raises Corrupt."""
    try:
        with open(journal.directory + "/checkpoint", "rb") as file:
            content = file.read()
    except OSError as error:
        raise Corrupt("no checkpoint (%s)" % error.errno) from None
    body = content[:-MAC_BYTES]
    if body[:3] != _MAGIC or len(body) < _STATE_PLACE:
        raise Corrupt("not a checkpoint")
    if not equal(content[-MAC_BYTES:], _mac(journal.key, body)):
        raise Corrupt("checkpoint altered, or of another machine")
    journal.head_seq, journal.head_mac = _number_at(body, 3), body[7:15]
    journal.acked_seq, journal.acked_mac = _number_at(body, 15), body[19:27]
    journal.checkpoint_slot = journal.slots.next = _number_at(body, 27)
    journal.acked_slot = journal.checkpoint_acked = _number_at(body, 31)
    journal.free_blocks = _number_at(body, 35)
    journal.state = state_codec.decode(body[_STATE_PLACE:])


def _number(value: int) -> bytes:
    return value.to_bytes(4, "big")


def _number_at(body: bytes, place: int) -> int:
    return int.from_bytes(body[place : place + 4], "big")


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac_sha256(key, _LABEL + body)[:MAC_BYTES]
