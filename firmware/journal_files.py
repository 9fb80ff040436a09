"""The journal's files on littlefs, each read and written in units that a power cut leaves whole or absent.

Law of the formats (append-only, numbers big-endian):
  chunk       length u8, that many bytes of entries (each: length u8, entry), 8 bytes chain MAC of the last entry
  tail        at most one chunk; rewritten by every append. At most 128 bytes, so that littlefs keeps it inside the
              directory's metadata log: an append programs two short pages and erases nothing
  filler      means nothing
  s<first>    segment: "PJ1", first seq u32, 8 bytes chain MAC before it, then chunks. At most one flash block
  checkpoint  "PC1", seq u32, MAC there, acked seq u32, MAC there, state (state.py), 8 bytes HMAC of all that
"""

import os
from errno import ENOENT

from protocol.mac import equal, hmac_sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

TAIL_BYTES = 128  # littlefs' inline limit: an eighth of a block, no more than its cache
MAC_BYTES = 8
CHUNK_OVERHEAD_BYTES = 1 + MAC_BYTES
SEGMENT_BYTES = 4000  # one flash block, less littlefs' own words
SEGMENT_MAGIC = b"PJ1"
SEGMENT_HEADER_BYTES = len(SEGMENT_MAGIC) + 4 + MAC_BYTES
CHECKPOINT_MAGIC = b"PC1"
CHECKPOINT_LABEL = b"checkpoint"


class Corrupt(Exception):
    """A file of the journal is not what was written."""


def make_chunk(entries: list[bytes], mac: bytes) -> bytes:
    """A chunk of encoded entries."""
    body = b"".join([bytes([len(entry)]) + entry for entry in entries])
    return bytes([len(body)]) + body + mac


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


class Segment:
    """One segment file, by the seq of its first entry."""

    def __init__(self, directory: str, first_seq: int) -> None:
        self.first_seq = first_seq
        self.path = directory + "/s%010d" % first_seq

    def append(self, chunk: bytes, previous_mac: bytes) -> int:
        """Write a chunk behind the others; gives the file's size. ``previous_mac`` begins a new file."""
        with open(self.path, "ab") as file:
            size = file.seek(0, 2)
            if size == 0:
                chunk = SEGMENT_MAGIC + self.first_seq.to_bytes(4, "big") + previous_mac + chunk
            file.write(chunk)
            file.flush()
            return size + len(chunk)

    def size(self) -> int:
        return os.stat(self.path)[6]

    def remove(self) -> None:
        os.remove(self.path)

    def read(self) -> "SegmentReader":
        return SegmentReader(self.path, self.first_seq)


class SegmentReader:
    """Chunks of a segment, one at a time, because a segment is large beside the heap."""

    def __init__(self, path: str, first_seq: int) -> None:
        with open(path, "rb") as file:
            header = file.read(SEGMENT_HEADER_BYTES)
        if len(header) != SEGMENT_HEADER_BYTES or header[:3] != SEGMENT_MAGIC:
            raise Corrupt("segment without a header")
        if int.from_bytes(header[3:7], "big") != first_seq:
            raise Corrupt("segment under another's name")
        self._path = path
        self.previous_mac = header[7:]

    def chunks(self) -> Iterator[tuple[list[bytes], bytes]]:
        """Generator of (entries, mac)."""
        with open(self._path, "rb") as file:
            file.seek(SEGMENT_HEADER_BYTES)
            while True:
                length = file.read(1)
                if not length:
                    return
                yield split_chunk(length + file.read(length[0] + MAC_BYTES))


def segments(directory: str) -> list[Segment]:
    """All segments, oldest first."""
    names = [name for name in os.listdir(directory) if name[0] == "s" and len(name) == 11]
    return [Segment(directory, int(name[1:])) for name in sorted(names)]


class Tail:
    """The file that every append rewrites: kept open, so that an append is a write and a flush."""

    def __init__(self, directory: str) -> None:
        self._path = directory + "/tail"
        self._file = None

    def read(self) -> tuple[list[bytes], bytes] | None:
        """The last chunk, or None when it was moved to a segment."""
        try:
            with open(self._path, "rb") as file:
                content = file.read(TAIL_BYTES)
        except OSError as error:
            if error.errno != ENOENT:
                raise
            return None
        return split_chunk(content) if content else None

    def write(self, chunk: bytes) -> None:
        """On flash when this returns. After an error nothing is known of the file: the next write opens it anew."""
        file = self._file
        self._file = None
        if file is None:
            file = open(self._path, "wb")  # noqa: SIM115 (stays open)
        else:
            file.seek(0)
        file.write(chunk)
        file.flush()
        self._file = file

    def clear(self) -> None:
        """The content is in a segment. An empty file costs one short commit."""
        self.close()
        self.write(b"")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class Filler:
    """A file without meaning. Writing it uses up the rest of the directory's block."""

    def __init__(self, directory: str) -> None:
        self._file = open(directory + "/filler", "wb")  # noqa: SIM115 (closed by the caller)

    def write(self) -> None:
        """One commit of the tail's size."""
        self._file.seek(0)
        self._file.write(bytes(TAIL_BYTES))
        self._file.flush()

    def close(self) -> None:
        """The file stays, and is written over the next time."""
        self._file.close()


def write_checkpoint(directory: str, key: bytes, marks: tuple[int, bytes, int, bytes], state: bytes) -> None:
    """Replace the checkpoint in one step. ``marks`` = seq, MAC, acked seq, MAC."""
    seq, mac, acked_seq, acked_mac = marks
    body = CHECKPOINT_MAGIC + seq.to_bytes(4, "big") + mac + acked_seq.to_bytes(4, "big") + acked_mac + state
    temporary = directory + "/checkpoint.new"
    with open(temporary, "wb") as file:
        file.write(body)
        file.write(_checkpoint_mac(key, body))
        file.flush()
    os.rename(temporary, directory + "/checkpoint")


def read_checkpoint(directory: str, key: bytes) -> tuple[tuple[int, bytes, int, bytes], bytes]:
    """The reverse of write_checkpoint: (marks, state)."""
    try:
        with open(directory + "/checkpoint", "rb") as file:
            content = file.read()
    except OSError:
        raise Corrupt("no checkpoint") from None
    body = content[:-MAC_BYTES]
    if body[:3] != CHECKPOINT_MAGIC or len(body) < 27:
        raise Corrupt("not a checkpoint")
    if not equal(content[-MAC_BYTES:], _checkpoint_mac(key, body)):
        raise Corrupt("checkpoint altered, or of another machine")
    marks = (int.from_bytes(body[3:7], "big"), body[7:15], int.from_bytes(body[15:19], "big"), body[19:27])
    return marks, body[27:]


def _checkpoint_mac(key: bytes, body: bytes) -> bytes:
    return hmac_sha256(key, CHECKPOINT_LABEL + body)[:MAC_BYTES]
