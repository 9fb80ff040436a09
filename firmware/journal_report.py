"""What of the journal the back office does not have yet, and its word that it has more. Borrowed code."""

from journal import Journal
from journal_walk import Walk
from micropython import const
from protocol import journal as codec
from protocol.slices import finished

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator

    from protocol.grouping import Groups

_REPORT_ENTRIES_MAX = const(256)  # protocol.entries


def gathering(
    journal: Journal, groups: "Groups", after: tuple[int, bytes], limit: int
) -> "Generator[None, None, bytes]":
    """Fill the groups with the entries after that one (seq, MAC), in slices; gives the MAC of the last."""
    seq, mac = after
    walk = Walk(journal, seq + 1, mac)
    while len(groups) < limit:
        found = walk.take(limit - len(groups))
        if not found:
            break
        for data in found:
            groups.add(codec.Entry.decode(data))
        yield
    return walk.mac


def chaining(journal: Journal, seq: int, mac: bytes, last: int) -> "Generator[None, None, bytes]":
    """The MAC of entry ``last``, counted from that of ``seq``, an entry before it; in slices."""
    walk = Walk(journal, seq + 1, mac)
    yield from _up_to(walk, last)
    return walk.mac


def following(journal: Journal, seq: int, mac: bytes, limit: int) -> tuple[list[codec.Entry], bytes]:
    """The entries after ``seq``, whose MAC is ``mac``, at once: (entries, MAC of the last)."""
    entries: list[codec.Entry] = []
    walk = Walk(journal, seq + 1, mac)
    while len(entries) < limit:
        found = walk.take(limit - len(entries))
        if not found:
            break
        entries += [codec.Entry.decode(data) for data in found]
    return entries, walk.mac


def seq_of(journal: Journal, wanted_mac: bytes, seq: int, mac: bytes) -> int:
    """Which of the entries after ``seq`` has that MAC, 0 when none of as many as a report can hold."""
    walk = Walk(journal, seq + 1, mac)
    for _ in range(_REPORT_ENTRIES_MAX):
        if not walk.take(1):
            break
        if walk.mac == wanted_mac:
            return walk.seq - 1
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
    walk = Walk(journal, journal.acked_seq + 1, journal.acked_mac)
    yield from _up_to(walk, seq)
    if mac not in (b"", walk.mac):
        return False
    if seq > journal.acked_seq:  # another acknowledgement may have come on a card meanwhile
        journal.acked_seq, journal.acked_mac = seq, walk.mac
        journal.acked_slot = max(journal.acked_slot, walk.slot)
        journal.settle_slots()
    return True


def _up_to(walk: Walk, last: int) -> "Generator[None, None, None]":
    while walk.seq <= last and walk.take(last - walk.seq + 1):
        yield
