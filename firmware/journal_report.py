"""What of the journal the back office does not have yet, and its word that it has more. Borrowed code."""

from journal import Journal
from journal_reading import chunks
from protocol import journal as codec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def pending(journal: Journal, limit: int) -> tuple[int, bytes, list[codec.Entry], bytes]:
    """The oldest unacknowledged entries: (first seq, MAC before it, entries, MAC of the last)."""
    entries, mac = following(journal, journal.acked_seq, journal.acked_mac, limit)
    return journal.acked_seq + 1, journal.acked_mac, entries, mac


def following(journal: Journal, seq: int, mac: bytes, limit: int) -> tuple[list[codec.Entry], bytes]:
    """The entries after ``seq``, whose MAC is ``mac``: (entries, MAC of the last)."""
    entries: list[codec.Entry] = []
    for data in _entries_from(journal, seq + 1):
        if len(entries) == limit:
            break
        mac = codec.chain_mac(journal.key, mac, data)
        entries.append(codec.Entry.decode(data))
    return entries, mac


def mac_at(journal: Journal, last: int, seq: int, mac: bytes) -> bytes:
    """The MAC of entry ``last``, counted from that of ``seq``, an entry before it."""
    for data in _entries_from(journal, seq + 1):
        if seq == last:
            break
        mac = codec.chain_mac(journal.key, mac, data)
        seq += 1
    return mac


def acknowledge(journal: Journal, seq: int, mac: bytes = b"") -> bool:
    """The back office has everything up to ``seq``. Older acknowledgements change nothing.

    False: it has another entry there (``mac``, where it says so): this is not the journal that it knows."""
    if seq > journal.head_seq:
        raise ValueError("acknowledged more than there is")
    if seq <= journal.acked_seq:
        return True
    own_mac = mac_at(journal, seq, journal.acked_seq, journal.acked_mac)
    if mac not in (b"", own_mac):
        return False
    journal.acked_seq, journal.acked_mac = seq, own_mac
    return True


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
