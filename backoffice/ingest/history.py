"""Reports that do not simply go on: repeats, gaps, and other histories of the same machine."""

from protocol.errors import ProtocolError
from protocol.journal import Entry, chain_mac, genesis_mac

from backoffice.alerts.kinds import Kind
from backoffice.ingest import merge, repository
from backoffice.ingest.incoming import Incoming
from backoffice.ingest.journals import Journals, Kept, journal_row
from backoffice.ingest.merge import Chain, Pair, Split


def mend(journals: Journals, kept: Kept) -> None:
    """A note of where the journal stands that contradicts the entries themselves is made anew from them."""
    chain, first_mac = journals.chain_of(kept.incoming), genesis_mac(kept.incoming.secrets.journal_key)
    known = repository.mac_at(journals.session, chain) if chain.contiguous_seq else first_mac
    if known == chain.contiguous_mac and chain.highest_seq >= chain.contiguous_seq:
        return
    chain.contiguous_seq, chain.contiguous_mac = 0, first_mac
    repository.find_anew(journals.session, chain)


def divide(journals: Journals, kept: Kept) -> tuple[Split, bool | None]:
    """Split the report; with it, whether the kept other history it continues is complete (None: it continues none)."""
    incoming = kept.incoming
    machine_id, epoch, before = incoming.machine_id, incoming.epoch, incoming.report.first_seq - 1
    stored = repository.stored_macs(journals.session, machine_id, epoch, before, incoming.last_seq)
    if before == 0:
        stored[0] = genesis_mac(incoming.secrets.journal_key)
    kept_is_complete = None
    if journals.chain_of(incoming).forked and stored.get(before) != incoming.report.previous_mac:
        kept_is_complete = repository.fork_linked(
            journals.session, machine_id, epoch, before, incoming.report.previous_mac
        )
    return merge.split(incoming, stored, continues_other=kept_is_complete is not None), kept_is_complete


def advance(journals: Journals, kept: Kept, divided: Split) -> None:
    """Note what is known to exist and go on from the complete part through stored entries, as far as they chain."""
    incoming, chain = kept.incoming, journals.chain_of(kept.incoming)
    had_gap = chain.highest_seq > chain.contiguous_seq
    if divided.fresh:
        chain.highest_seq = max(chain.highest_seq, divided.fresh[-1][0].seq)
    if not divided.departed:  # a report says by its first number what existed before it: in its own history
        chain.highest_seq = max(chain.highest_seq, incoming.report.first_seq - 1)
    for row in repository.entries_after(journals.session, chain):
        if row.seq != chain.contiguous_seq + 1:
            break
        if not _follows(incoming, chain.contiguous_mac, row):
            _note_fork(kept, chain, row.seq)
            break
        chain.contiguous_seq, chain.contiguous_mac = row.seq, row.mac
    _tell_of_gap(kept, chain, had_gap=had_gap)


def keep_other(journals: Journals, kept: Kept, divided: Split, kept_is_complete: bool | None) -> int:
    """Keep entries of another history beside the first; their debits are exams all the same. Gives the ack_seq.

    Acknowledged only when nothing of that history is missing: up to its end, else nothing.
    """
    incoming, chain = kept.incoming, journals.chain_of(kept.incoming)
    complete = kept_is_complete or (divided.common_seq is not None and chain.contiguous_seq >= divided.common_seq)
    kept.other += _add_forks(journals, incoming, divided.other, complete=complete)
    _note_fork(kept, chain, incoming.last_seq - len(divided.other) + 1)
    if not complete:
        return 0
    _complete_later_ones(journals, incoming)
    return incoming.last_seq


def _follows(incoming: Incoming, mac: bytes, row: repository.StoredRow) -> bool:
    """Whether a stored entry goes on from that MAC. One that cannot even be read does not."""
    try:
        encoded = repository.entry_of(row).encode()
    except (ProtocolError, TypeError, ValueError, OverflowError):
        return False
    return bool(chain_mac(incoming.secrets.journal_key, mac, encoded) == row.mac)


def _add_forks(journals: Journals, incoming: Incoming, pairs: list[Pair], *, complete: bool) -> list[Entry]:
    """Store entries of another history; the ones that were not stored before."""
    machine_id, epoch = incoming.machine_id, incoming.epoch
    first_seq = incoming.last_seq - len(pairs) + 1
    known = repository.forks_between(journals.session, machine_id, epoch, first_seq, incoming.last_seq)
    new = [pair for pair in pairs if (pair[0].seq, pair[1]) not in known]
    rows = [journal_row(incoming, pair, journals.now) | {"linked": complete} for pair in new]
    repository.add_forks(journals.session, rows)
    if complete:
        for entry, mac in pairs:
            if (entry.seq, mac) in known:
                repository.link_fork(journals.session, machine_id, epoch, entry.seq, mac)
    return [entry for entry, _mac in new]


def _complete_later_ones(journals: Journals, incoming: Incoming) -> None:
    """Entries of the other history that came too early are complete now, as far as they chain."""
    seq, mac = incoming.last_seq, incoming.report.head_mac
    for _ in range(repository.WALK_ENTRIES_MAX):
        for row in repository.incomplete_forks_at(journals.session, incoming.machine_id, incoming.epoch, seq + 1):
            if _follows(incoming, mac, row):
                repository.link_fork(journals.session, incoming.machine_id, incoming.epoch, row.seq, row.mac)
                seq, mac = row.seq, row.mac
                break
        else:
            return


def _tell_of_gap(kept: Kept, chain: Chain, *, had_gap: bool) -> None:
    epoch = kept.incoming.epoch
    if chain.contiguous_seq < chain.highest_seq:
        message = f"Entries after {chain.contiguous_seq} have not arrived."
        kept.tell(Kind.GAP, message, str(epoch), {"epoch": epoch, "first_missing_seq": chain.contiguous_seq + 1})
    elif had_gap:
        kept.settle(Kind.GAP, str(epoch))


def _note_fork(kept: Kept, chain: Chain, seq: int) -> None:
    chain.forked = True
    message = f"Two different histories from entry {seq} on: its memory was set back or copied. Both are kept."
    kept.tell(Kind.FORK, message, str(kept.incoming.epoch), {"epoch": kept.incoming.epoch, "seq": seq})
