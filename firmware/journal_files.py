"""The journal's files on littlefs, written in units that a power cut leaves whole or absent.

Law of the formats (numbers big-endian):
  chunk       length u8, that many bytes of entries (each: length u8, entry), 8 bytes chain MAC of the last entry
  tail        steps u8 (of its time that the running exam has begun: exams.py), then at most one chunk; rewritten by
              every append and every step. At most 128 bytes, so that littlefs keeps it inside the directory's metadata
              log: that programs two short pages and erases nothing
  s<number>   segment: 512 slots of 128 bytes, each a chunk that was the tail's, filled up with zeros. Slots count from
              nought in the life of a journal; slot n stands in segment n // 512. So any of them is found at once
  checkpoint  journal_checkpoint.py
  gone        batches that are used up: gone_batches.py
  filler      means nothing

This module writes tail and segments, all day; journal_reading.py takes chunks apart.
"""

import os

from micropython import const

TAIL_BYTES = const(128)  # littlefs' inline limit: an eighth of a block, no more than its cache
MAC_BYTES = const(8)
CHUNK_ROOM_BYTES = const(118)  # for entries in a chunk that fits the tail
SLOT_BYTES = const(128)


def make_chunk(entries: list[bytes], mac: bytes) -> bytes:
    """A chunk of encoded entries."""
    body = b"".join([bytes([len(entry)]) + entry for entry in entries])
    return bytes([len(body)]) + body + mac


class Slots:
    """The chunks behind the tail, by number. What is in memory of them is two numbers, however many wait."""

    in_segment = 512

    def __init__(self, directory: str) -> None:
        self._prefix = directory + "/s"
        self.first = 0  # of the oldest segment that is kept
        self.next = 0  # the one that is written next

    def path(self, number: int) -> str:
        """Of the segment with this slot."""
        return self._prefix + str(number // self.in_segment)

    def append(self, chunk: bytes) -> None:
        """Write the next one: on flash when this returns, or not at all."""
        with open(self.path(self.next), "ab") as file:
            file.write(chunk + bytes(SLOT_BYTES - len(chunk)))
            file.flush()
        self.next += 1

    def read(self, number: int, count: int = 1) -> bytes:
        """The chunk in a slot and the zeros behind it, and those after it in the same segment. Raises OSError."""
        with open(self.path(number), "rb") as file:
            file.seek(number % self.in_segment * SLOT_BYTES)
            content: bytes = file.read(count * SLOT_BYTES)
            return content

    def drop_oldest(self) -> None:
        """A whole segment, of which nothing is needed any more."""
        os.remove(self.path(self.first))
        self.first += self.in_segment


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
        """The entries are in a slot. A short file costs one short commit."""
        self.close()
        self.write(steps, b"")

    def close(self) -> None:
        """Nothing is pending: every write was flushed."""
        if self._file is not None:
            self._file.close()
            self._file = None
