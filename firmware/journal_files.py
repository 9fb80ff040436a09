"""The journal's files on littlefs, written in units that a power cut leaves whole or absent.

Law of the formats (append-only, numbers big-endian):
  chunk       length u8, that many bytes of entries (each: length u8, entry), 8 bytes chain MAC of the last entry
  tail        steps u8 (of its time that the running exam has begun: exams.py), then at most one chunk; rewritten by
              every append and every step. At most 128 bytes, so that littlefs keeps it inside the directory's metadata
              log: that programs two short pages and erases nothing
  s<first>    segment: "PJ1", first seq u32, 8 bytes chain MAC before it, then chunks. At most one flash block
  checkpoint  "PC1", seq u32, MAC there, acked seq u32, MAC there, state (state_codec.py), 8 bytes HMAC of all that
  filler      means nothing

This module writes the first three, all day; journal_reading.py reads them, journal_checkpoint.py does the rest.
"""

import os

from micropython import const

TAIL_BYTES = const(128)  # littlefs' inline limit: an eighth of a block, no more than its cache
MAC_BYTES = const(8)
CHUNK_ROOM_BYTES = const(118)  # for entries in a chunk that fits the tail
SEGMENT_MAGIC = b"PJ1"


def make_chunk(entries: list[bytes], mac: bytes) -> bytes:
    """A chunk of encoded entries."""
    body = b"".join([bytes([len(entry)]) + entry for entry in entries])
    return bytes([len(body)]) + body + mac


class Segment:
    """One segment file, by the seq of its first entry."""

    def __init__(self, directory: str, first_seq: int) -> None:
        self.first_seq = first_seq
        self.path = directory + "/s%010d" % first_seq

    def append(self, chunk: bytes, previous_mac: bytes) -> None:
        """Write a chunk behind the others. ``previous_mac`` begins a new file."""
        with open(self.path, "ab") as file:
            if file.seek(0, 2) == 0:
                chunk = SEGMENT_MAGIC + self.first_seq.to_bytes(4, "big") + previous_mac + chunk
            file.write(chunk)
            file.flush()

    def size(self) -> int:
        """Bytes so far."""
        return os.stat(self.path)[6]

    def remove(self) -> None:
        """Everything in it is acknowledged and folded."""
        os.remove(self.path)


class Tail:
    """The file that every append rewrites: kept open, so that an append is a write and a flush."""

    def __init__(self, directory: str) -> None:
        self._path = directory + "/tail"
        self._file = None

    def write(self, steps: int, chunk: bytes) -> None:
        """On flash when this returns. After an error nothing is known of the file: the next write opens it anew."""
        file = self._file
        self._file = None
        if file is None:
            file = open(self._path, "wb")  # noqa: SIM115 (stays open)
        else:
            file.seek(0)
        file.write(bytes([steps]) + chunk)
        file.flush()
        self._file = file

    def clear(self, steps: int) -> None:
        """The entries are in a segment. A short file costs one short commit."""
        self.close()
        self.write(steps, b"")

    def close(self) -> None:
        """Nothing is pending: every write was flushed."""
        if self._file is not None:
            self._file.close()
            self._file = None
