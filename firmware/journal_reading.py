"""The journal's files, read (formats: journal_files.py). Borrowed code: at boot and for a report."""

import os
from errno import ENOENT

from errors import Corrupt
from journal_files import MAC_BYTES, SEGMENT_MAGIC, TAIL_BYTES, Segment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER_BYTES = 15  # magic, first seq, MAC


def segments(directory: str) -> list[Segment]:
    """All segments, oldest first."""
    names = [name for name in os.listdir(directory) if name[0] == "s" and len(name) == 11]
    found = []
    for segment in [Segment(directory, int(name[1:])) for name in sorted(names)]:
        if segment.size():
            found.append(segment)
        else:
            segment.remove()  # the power went between its name and its content, which still stands in the tail
    return found


def mac_before(segment: Segment) -> bytes:
    """The chain MAC before the segment's first entry, from its header."""
    with open(segment.path, "rb") as file:
        header = file.read(HEADER_BYTES)
    if len(header) != HEADER_BYTES or header[:3] != SEGMENT_MAGIC:
        raise Corrupt("segment without a header")
    if int.from_bytes(header[3:7], "big") != segment.first_seq:
        raise Corrupt("segment under another's name")
    return bytes(header[7:])


def chunks(segment: Segment) -> "Iterator[tuple[list[bytes], bytes]]":
    """(entries, MAC) of each chunk, one at a time, because a segment is large beside the heap."""
    with open(segment.path, "rb") as file:
        file.seek(HEADER_BYTES)
        while True:
            length = file.read(1)
            if not length:
                return
            yield split_chunk(length + file.read(length[0] + MAC_BYTES))


def read_tail(directory: str) -> tuple[int, bytes]:
    """(steps of the running exam, the last chunk: b"" when it was moved to a segment)."""
    try:
        with open(directory + "/tail", "rb") as file:
            content = file.read(TAIL_BYTES)
    except OSError as error:
        if error.errno != ENOENT:
            raise
        content = b""
    return (content[0], bytes(content[1:])) if content else (0, b"")


def split_chunk(chunk: bytes) -> tuple[list[bytes], bytes]:
    """The encoded entries of a chunk, and the chain MAC after the last."""
    end = 1 + chunk[0] if chunk else 0
    if len(chunk) < end + MAC_BYTES or not chunk:
        raise Corrupt("chunk cut short")
    entries = []
    place = 1
    while place < end:
        following = place + 1 + chunk[place]
        entries.append(bytes(chunk[place + 1 : following]))
        place = following
    if place != end:
        raise Corrupt("entry crosses its chunk")
    return entries, bytes(chunk[end : end + MAC_BYTES])
