"""Takes a group of reports into the database, in one transaction that the caller commits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from protocol import uplink
from protocol.journal import genesis_mac
from sqlmodel import Session

from backoffice.alerts.kinds import Kind
from backoffice.errors import UplinkUnknownMachine
from backoffice.events.broker import Broker
from backoffice.ingest import exams, health, history, merge, orders, repository
from backoffice.ingest.group import Group, journal_row
from backoffice.ingest.incoming import Incoming
from backoffice.ingest.merge import Chain, Pair


@dataclass(frozen=True)
class Stored:
    """What became of one report."""

    ack: uplink.Ack
    fresh: bool
    """True when it brought entries that were not stored before: nobody can have sent it again from elsewhere."""


def take_group(session: Session, broker: Broker, incomings: Sequence[Incoming], now: int) -> list[Stored]:
    """Store the reports, in order. The acks may be sent once the transaction is durable, not before."""
    group = _open_group(session, broker, incomings, now)
    results = [_take_and_look(group, incoming) for incoming in incomings]
    _write_entries(group)
    exams.write_usage(group)
    exams.write_in_doubt(group)
    repository.save_chains(session, list(group.chains.values()))
    acks = [uplink.Ack(ack_seq, now, [], alert) for (ack_seq, alert), _fresh in results]
    orders.put_in(group, list(zip(incomings, acks, strict=True)))
    return [Stored(ack, fresh) for ack, (_result, fresh) in zip(acks, results, strict=True)]


def _open_group(session: Session, broker: Broker, incomings: Sequence[Incoming], now: int) -> Group:
    machines = repository.machines(session, {incoming.machine_id for incoming in incomings})
    unknown = [incoming.machine_id for incoming in incomings if incoming.machine_id not in machines]
    if unknown:
        raise UplinkUnknownMachine(machine_id=unknown[0])
    chains = repository.chains(session, {(incoming.machine_id, incoming.epoch) for incoming in incomings})
    for incoming in incomings:
        machine_id, epoch = incoming.machine_id, incoming.epoch
        if (machine_id, epoch) not in chains:
            first_mac = genesis_mac(incoming.secrets.journal_key)
            chains[machine_id, epoch] = Chain(machine_id, epoch, 0, first_mac, 0, forked=False)
    return Group(session, broker, now, machines, chains)


def _take_and_look(group: Group, incoming: Incoming) -> tuple[tuple[int, int], bool]:
    before = group.entries_added
    return _take(group, incoming), group.entries_added > before


def _take(group: Group, incoming: Incoming) -> tuple[int, int]:
    """One report: (ack_seq, alert)."""
    health.note(group, incoming)
    if incoming.broken:
        group.alert(incoming, Kind.CHAIN_BROKEN, "A genuine report's entries do not chain to its own head.")
        return 0, uplink.ALERT_FORK
    chain = group.chains[incoming.machine_id, incoming.epoch]
    if merge.follows_directly(chain, incoming):
        _add_fresh(group, incoming, merge.append(chain, incoming))
        return chain.contiguous_seq, uplink.ALERT_NONE
    return _take_carefully(group, chain, incoming)


def _take_carefully(group: Group, chain: Chain, incoming: Incoming) -> tuple[int, int]:
    """A report that repeats, leaves a gap, fills one, or belongs to another history."""
    _write_entries(group)  # queries have to find what earlier reports of this group brought
    divided, kept_is_complete = history.divide(group, chain, incoming)
    _add_fresh(group, incoming, divided.fresh)
    _write_entries(group)
    history.advance(group, chain, incoming, divided)
    if divided.departed:
        return history.keep_other(group, chain, incoming, divided, kept_is_complete), uplink.ALERT_FORK
    ack = merge.ack_seq(chain, incoming)
    return ack, uplink.ALERT_GAP if ack < incoming.last_seq else uplink.ALERT_NONE


def _add_fresh(group: Group, incoming: Incoming, pairs: Iterable[Pair]) -> None:
    pairs = list(pairs)
    if pairs:
        group.entry_rows += [journal_row(incoming, pair, group.now) for pair in pairs]
        group.entries_added += len(pairs)
        exams.note(group, incoming, [entry for entry, _mac in pairs], other_history=False)


def _write_entries(group: Group) -> None:
    repository.add_entries(group.session, group.entry_rows)
    group.entry_rows = []
