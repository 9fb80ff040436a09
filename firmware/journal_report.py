"""What of the journal the back office does not have yet, and its word that it has more. Borrowed code."""

from journal import Journal
from journal_reading import chunks
from protocol import journal as codec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def pending(journal: Journal, limit: int) -> tuple[int, bytes, list[codec.Entry], bytes]:
    """The oldest unacknowledged entries: (first seq, MAC before it, entries, MAC of the last)."""
    first, mac = journal.acked_seq + 1, journal.acked_mac
    entries: list[codec.Entry] = []
    for data in _entries_from(journal, first):
        if len(entries) == limit:
            break
        mac = codec.chain_mac(journal.key, mac, data)
        entries.append(codec.Entry.decode(data))
    return first, journal.acked_mac, entries, mac


def acknowledge(journal: Journal, seq: int) -> None:
    """The back office has everything up to ``seq``. Older acknowledgements change nothing."""
    if seq > journal.head_seq:
        raise ValueError("acknowledged more than there is")
    mac = journal.acked_mac
    left = seq - journal.acked_seq
    if left <= 0:
        return
    for data in _entries_from(journal, journal.acked_seq + 1):
        mac = codec.chain_mac(journal.key, mac, data)
        left -= 1
        if not left:
            break
    journal.acked_seq, journal.acked_mac = seq, mac


def _entries_from(journal: Journal, seq: int) -> "Iterator[bytes]":
    tail_first = journal.head_seq - len(journal.tail_entries) + 1
    following = [segment.first_seq for segment in journal.segments[1:]] + [tail_first]
    for segment, end in zip(journal.segments, following):  # noqa: B905 (MicroPython's zip has no strict)
        if end > seq:
            at = segment.first_seq
            for entries, _ in chunks(segment):
                yield from [data for index, data in enumerate(entries) if at + index >= seq]
                at += len(entries)
    yield from [data for index, data in enumerate(journal.tail_entries) if tail_first + index >= seq]
