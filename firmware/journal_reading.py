"""The journal's chunks, read (formats: journal_files.py). Borrowed code: at boot and for a report."""

from errno import ENOENT

from errors import Corrupt
from journal_files import MAC_BYTES, TAIL_BYTES


def read_tail(directory: str) -> tuple[int, bytes]:
    """(steps of the running exam, the last chunk: b"" when it was moved to a slot)."""
    try:
        with open(directory + "/tail", "rb") as file:
            content = file.read(TAIL_BYTES)
    except OSError as error:
        if error.errno != ENOENT:
            raise
        content = b""
    return (content[0], bytes(content[1:])) if content else (0, b"")


def split_chunk(chunk: bytes) -> tuple[list[bytes], bytes]:
    """The encoded entries of a chunk, and the chain MAC after the last. Raises Corrupt."""
    end = 1 + chunk[0] if chunk else 0
    if len(chunk) < end + MAC_BYTES or not chunk:
        raise Corrupt("chunk cut short")
    entries = []
    place = 1
    while place < end:
        following = place + 1 + chunk[place]
        entries.append(bytes(chunk[place + 1 : following]))
        place = following
    if place != end or not entries:
        raise Corrupt("entry crosses its chunk")
    return entries, bytes(chunk[end : end + MAC_BYTES])
