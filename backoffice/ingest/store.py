"""Takes a group of reports into the database, in one transaction that the caller commits."""

from collections.abc import Sequence
from dataclasses import dataclass

from protocol import uplink
from sqlmodel import Session

from backoffice.events.broker import Broker
from backoffice.ingest import meaning, orders
from backoffice.ingest.group import Group
from backoffice.ingest.incoming import Incoming
from backoffice.ingest.journals import Journals, Kept
from backoffice.ingest.keeping import keep
from backoffice.keyring import Keyring
from backoffice.timekeeping.rule import Believed


@dataclass(frozen=True)
class Stored:
    """What became of one report."""

    ack: uplink.Ack
    fresh: bool
    """True when it brought entries that were not stored before: nobody can have sent it again from elsewhere."""


def take_group(
    session: Session, keyring: Keyring, broker: Broker, incomings: Sequence[Incoming], time: Believed
) -> list[Stored]:
    """Store the reports, in order, and all that they mean. The acks may be sent once it is durable, not before.

    Anything that is in the way of what they mean raises here; ``careful`` then takes each report by itself.
    """
    kept = keep_group(session, incomings, time.now)
    group = Group.open(session, broker, {incoming.machine_id for incoming in incomings}, time)
    for one in kept:
        meaning.note(group, one)
    meaning.finish(group)
    stored = [answer_to(one, time) for one in kept]
    orders.put_in(group, keyring, [(one.incoming, answer.ack) for one, answer in zip(kept, stored, strict=True)])
    return stored


def keep_group(session: Session, incomings: Sequence[Incoming], now: int) -> list[Kept]:
    """Store the reports' entries, and nothing else."""
    journals = Journals.open(session, incomings, now)
    kept = [keep(journals, incoming) for incoming in incomings]
    journals.close()
    return kept


def answer_to(kept: Kept, time: Believed) -> Stored:
    """The answer to a report, without orders so far."""
    ack = uplink.Ack(kept.ack_seq, time.handed_out, [], kept.alert)
    return Stored(ack, bool(kept.fresh or kept.other))
