"""Reports that do not simply go on: repeats, gaps, and other histories of the same machine."""

from protocol.journal import Entry, chain_mac, genesis_mac

from backoffice.alerts.kinds import Kind
from backoffice.ingest import exams, merge, repository
from backoffice.ingest.group import Group, journal_row
from backoffice.ingest.incoming import Incoming
from backoffice.ingest.merge import Chain, Pair, Split


def divide(group: Group, chain: Chain, incoming: Incoming) -> tuple[Split, bool | None]:
    """Split the report; with it, whether the kept other history it continues is complete (None: it continues none)."""
    machine_id, epoch, before = incoming.machine_id, incoming.epoch, incoming.report.first_seq - 1
    stored = repository.stored_macs(group.session, machine_id, epoch, before, incoming.last_seq)
    if before == 0:
        stored[0] = genesis_mac(incoming.secrets.journal_key)
    kept_is_complete = None
    if chain.forked and stored.get(before) != incoming.report.previous_mac:
        kept_is_complete = repository.fork_linked(
            group.session, machine_id, epoch, before, incoming.report.previous_mac
        )
    return merge.split(incoming, stored, continues_other=kept_is_complete is not None), kept_is_complete


def advance(group: Group, chain: Chain, incoming: Incoming, divided: Split) -> None:
    """Note what is known to exist and go on from the complete part through stored entries, as far as they chain."""
    had_gap = chain.highest_seq > chain.contiguous_seq
    if divided.fresh:
        chain.highest_seq = max(chain.highest_seq, divided.fresh[-1][0].seq)
    if not divided.departed:  # a report says by its first number what existed before it: in its own history
        chain.highest_seq = max(chain.highest_seq, incoming.report.first_seq - 1)
    for entry, mac in repository.entries_after(group.session, chain):
        if entry.seq != chain.contiguous_seq + 1:
            break
        if chain_mac(incoming.secrets.journal_key, chain.contiguous_mac, entry.encode()) != mac:
            _note_fork(group, chain, incoming, entry.seq)
            break
        chain.contiguous_seq, chain.contiguous_mac = entry.seq, mac
    _tell_of_gap(group, chain, incoming, had_gap=had_gap)


def keep_other(group: Group, chain: Chain, incoming: Incoming, divided: Split, kept_is_complete: bool | None) -> int:
    """Keep entries of another history beside the first; their debits are exams all the same. Gives the ack_seq.

    Acknowledged only when nothing of that history is missing: up to its end, else nothing.
    """
    complete = kept_is_complete or (divided.common_seq is not None and chain.contiguous_seq >= divided.common_seq)
    new = _add_forks(group, incoming, divided.other, complete=complete)
    exams.note(group, incoming, new, other_history=True)
    _note_fork(group, chain, incoming, incoming.last_seq - len(divided.other) + 1)
    if not complete:
        return 0
    _complete_later_ones(group, incoming)
    return incoming.last_seq


def _add_forks(group: Group, incoming: Incoming, pairs: list[Pair], *, complete: bool) -> list[Entry]:
    """Store entries of another history; the ones that were not stored before."""
    machine_id, epoch = incoming.machine_id, incoming.epoch
    first_seq = incoming.last_seq - len(pairs) + 1
    kept = repository.forks_between(group.session, machine_id, epoch, first_seq, incoming.last_seq)
    new = [pair for pair in pairs if (pair[0].seq, pair[1]) not in kept]
    rows = [journal_row(incoming, pair, group.now) | {"linked": complete} for pair in new]
    repository.add_forks(group.session, rows)
    if complete:
        for entry, mac in pairs:
            if (entry.seq, mac) in kept:
                kept[entry.seq, mac].linked = True
    return [entry for entry, _mac in new]


def _complete_later_ones(group: Group, incoming: Incoming) -> None:
    """Entries of the other history that came too early are complete now, as far as they chain."""
    seq, mac = incoming.last_seq, incoming.report.head_mac
    for _ in range(repository.WALK_ENTRIES_MAX):
        for row in repository.incomplete_forks_at(group.session, incoming.machine_id, incoming.epoch, seq + 1):
            entry = Entry(row.seq, row.kind, row.time, row.clock, row.batch, row.credit, row.detail)
            if chain_mac(incoming.secrets.journal_key, mac, entry.encode()) == row.mac:
                row.linked, seq, mac = True, row.seq, row.mac
                break
        else:
            return


def _tell_of_gap(group: Group, chain: Chain, incoming: Incoming, *, had_gap: bool) -> None:
    subject = str(incoming.epoch)
    if chain.contiguous_seq < chain.highest_seq:
        message = f"Entries after {chain.contiguous_seq} have not arrived."
        detail = {"epoch": incoming.epoch, "first_missing_seq": chain.contiguous_seq + 1}
        group.alert(incoming, Kind.GAP, message, subject=subject, detail=detail)
    elif had_gap:
        group.settle(incoming, Kind.GAP, subject=subject)


def _note_fork(group: Group, chain: Chain, incoming: Incoming, seq: int) -> None:
    chain.forked = True
    message = f"Two different histories from entry {seq} on: its memory was set back or copied. Both are kept."
    detail = {"epoch": incoming.epoch, "seq": seq}
    group.alert(incoming, Kind.FORK, message, subject=str(incoming.epoch), detail=detail)
