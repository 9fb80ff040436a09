"""Where a report belongs in what is stored of its machine's journal. Pure: it reads and writes nothing.

The chain's MAC after an entry commits to every entry before it. So two reports that agree on a MAC agree on the whole
history up to there, and once they differ they differ for ever: a machine whose memory was set back writes *another
history* from the moment it was set back to.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from protocol.journal import Entry

from backoffice.ingest.incoming import Incoming

Pair = tuple[Entry, bytes]
"""An entry and the chain's MAC after it."""


@dataclass
class Chain:
    """Where one journal stands."""

    machine_id: int
    epoch: int
    contiguous_seq: int
    contiguous_mac: bytes
    highest_seq: int
    forked: bool


@dataclass(frozen=True)
class Split:
    """A report divided into what continues the stored history and what belongs to another one."""

    fresh: list[Pair]
    """Entries to add to the journal."""
    other: list[Pair]
    """Entries of another history."""
    departed: bool
    """True when the report belongs, at its end, to another history (also when it has no entries)."""
    common_seq: int | None = None
    """Up to where the other history is the stored one; None when the report does not show it."""


def follows_directly(chain: Chain, incoming: Incoming) -> bool:
    """The common case: the report goes on exactly where the journal ends, and nothing is known beyond."""
    return (
        incoming.report.first_seq == chain.contiguous_seq + 1
        and incoming.report.previous_mac == chain.contiguous_mac
        and chain.highest_seq == chain.contiguous_seq
    )


def append(chain: Chain, incoming: Incoming) -> list[Pair]:
    """Take a report that follows directly: what to add to the journal."""
    chain.contiguous_seq = chain.highest_seq = incoming.last_seq
    chain.contiguous_mac = incoming.report.head_mac
    return list(zip(incoming.entries, incoming.macs, strict=True))


def split(incoming: Incoming, stored: Mapping[int, bytes], *, continues_other: bool) -> Split:
    """Divide a report by the MACs that are stored for its numbers and for the number before it.

    ``continues_other``: the entry before the report is kept as one of another history.
    """
    pairs = list(zip(incoming.entries, incoming.macs, strict=True))
    before = stored.get(incoming.report.first_seq - 1)
    if continues_other or before not in (None, incoming.report.previous_mac):
        return Split([], pairs, departed=True)
    conflict = next((i for i, (entry, mac) in enumerate(pairs) if stored.get(entry.seq, mac) != mac), None)
    if conflict is None:
        return Split(_missing_in(stored, pairs), [], departed=False)
    if before is None and not any(entry.seq in stored for entry, _mac in pairs[:conflict]):
        return Split([], pairs, departed=True)
    common_seq = incoming.report.first_seq + conflict - 1
    return Split(_missing_in(stored, pairs[:conflict]), pairs[conflict:], departed=True, common_seq=common_seq)


def _missing_in(stored: Mapping[int, bytes], pairs: list[Pair]) -> list[Pair]:
    return [pair for pair in pairs if pair[0].seq not in stored]


def ack_seq(chain: Chain, incoming: Incoming) -> int:
    """Up to where a machine with the stored history may forget.

    Never beyond what it just reported: a machine that is set back later must not have been told to forget entries
    that it has yet to write.
    """
    return min(chain.contiguous_seq, incoming.last_seq)
