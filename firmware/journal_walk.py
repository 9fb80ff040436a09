"""A walk over the journal's entries, a few at a time. Borrowed code.

Between two steps the journal may grow, its tail may move to a segment, and acknowledged segments may go. So nothing
stays open, and every step looks anew where the next entry is; only a place inside a segment stays what it is.
"""

from journal import Journal
from journal_files import MAC_BYTES, Segment
from journal_reading import HEADER_BYTES, split_chunk


class Walk:
    """From entry ``seq`` on."""

    def __init__(self, journal: Journal, seq: int) -> None:
        self.seq = seq  # of the next entry
        self._journal = journal
        self._segment: Segment | None = None
        self._offset = 0  # of the chunk in the segment that may hold the next entry
        self._at = 0  # seq of its first

    def take(self) -> list[bytes]:
        """The next few entries; none: that was all, or they are acknowledged and gone."""
        journal = self._journal
        place = self.seq - (journal.head_seq - len(journal.tail_entries) + 1)
        found = journal.tail_entries[place:] if place >= 0 else self._take_chunk()
        self.seq += len(found)
        return found

    def _take_chunk(self) -> list[bytes]:
        segment = None
        for candidate in self._journal.segments:
            if candidate.first_seq <= self.seq:
                segment = candidate
        if segment is None:
            return []
        if segment is not self._segment:
            self._segment, self._offset, self._at = segment, HEADER_BYTES, segment.first_seq
        with open(segment.path, "rb") as file:
            file.seek(self._offset)
            while True:
                length = file.read(1)
                if not length:
                    return []
                entries, _ = split_chunk(length + file.read(length[0] + MAC_BYTES))
                skipped = self.seq - self._at
                self._offset += 1 + length[0] + MAC_BYTES
                self._at += len(entries)
                if skipped < len(entries):
                    return entries[skipped:]
