"""What of the journal the back office does not have yet, and its word that it has more. Borrowed code."""

from journal import Journal
from journal_walk import Walk
from micropython import const
from protocol import journal as codec
from protocol.slices import finished

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from protocol.grouping import Groups

_REPORT_ENTRIES_MAX = const(256)  # protocol.entries


def gathering(
    journal: Journal, groups: "Groups", after: tuple[int, bytes], limit: int
) -> "Generator[None, None, bytes]":
    """Fill the groups with the entries after that one (seq, MAC), in slices; gives the MAC of the last."""
    seq, mac = after
    walk = Walk(journal, seq + 1)
    while len(groups) < limit:
        found = walk.take()
        if not found:
            break
        for data in found[: limit - len(groups)]:
            mac = codec.chain_mac(journal.key, mac, data)
            groups.add(codec.Entry.decode(data))
        yield
    return mac


def chaining(journal: Journal, seq: int, mac: bytes, last: int) -> "Generator[None, None, bytes]":
    """The MAC of entry ``last``, counted from that of ``seq``, an entry before it; in slices."""
    walk = Walk(journal, seq + 1)
    while seq < last:
        found = walk.take()
        if not found:
            break
        for data in found[: last - seq]:
            mac = codec.chain_mac(journal.key, mac, data)
            seq += 1
        yield
    return mac


def following(journal: Journal, seq: int, mac: bytes, limit: int) -> tuple[list[codec.Entry], bytes]:
    """The entries after ``seq``, whose MAC is ``mac``, at once: (entries, MAC of the last)."""
    entries: list[codec.Entry] = []
    for data in _entries_from(journal, seq + 1):
        if len(entries) == limit:
            break
        mac = codec.chain_mac(journal.key, mac, data)
        entries.append(codec.Entry.decode(data))
    return entries, mac


def seq_of(journal: Journal, wanted_mac: bytes, seq: int, mac: bytes) -> int:
    """Which of the entries after ``seq`` has that MAC, 0 when none of as many as a report can hold."""
    left = _REPORT_ENTRIES_MAX
    for data in _entries_from(journal, seq + 1):
        mac = codec.chain_mac(journal.key, mac, data)
        seq += 1
        left -= 1
        if mac == wanted_mac:
            return seq
        if not left:
            break
    return 0


def acknowledge(journal: Journal, seq: int, mac: bytes = b"") -> bool:
    """The back office has everything up to ``seq``. Older acknowledgements change nothing.

    False: it has another entry there (``mac``, where it says so): this is not the journal that it knows."""
    return finished(acknowledging(journal, seq, mac))


def acknowledging(journal: Journal, seq: int, mac: bytes = b"") -> "Generator[None, None, bool]":
    """The same in slices."""
    if seq > journal.head_seq:
        raise ValueError("acknowledged more than there is")
    if seq <= journal.acked_seq:
        return True
    own_mac = yield from chaining(journal, journal.acked_seq, journal.acked_mac, seq)
    if mac not in (b"", own_mac):
        return False
    if seq > journal.acked_seq:  # another acknowledgement may have come on a card meanwhile
        journal.acked_seq, journal.acked_mac = seq, own_mac
    return True


def _entries_from(journal: Journal, seq: int) -> "Iterator[bytes]":
    walk = Walk(journal, seq)
    found = walk.take()
    while found:
        yield from found
        found = walk.take()
