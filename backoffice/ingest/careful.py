"""Takes one report for which the ordinary way failed: first its entries, for good; then what they mean, step by step.

Each step is a transaction of its own. One that fails is rolled back, told, and never costs the report: the machine gets
its acknowledgement, because its entries are durable. Entries whose meaning could not be worked out are on record as
deferred from the same transaction that stored them, so they are counted later, and once (deferral.py).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from protocol import uplink
from sqlalchemy import Engine
from sqlmodel import Session

from backoffice import logs
from backoffice.db import transaction
from backoffice.errors import UplinkUnknownMachine
from backoffice.events.broker import Broker
from backoffice.ingest import deferral, meaning, orders, repository
from backoffice.ingest.group import Group
from backoffice.ingest.incoming import Incoming
from backoffice.ingest.journals import Kept
from backoffice.ingest.store import Stored, answer_to, keep_group
from backoffice.keyring import Keyring
from backoffice.timekeeping.rule import Believed

log = logs.get(__name__)

Result = TypeVar("Result")


def take_alone(engine: Engine, keyring: Keyring, broker: Broker, incoming: Incoming, time: Believed) -> Stored:
    """Store a report whatever else is broken. Raises only what keeps the entries themselves from being stored."""
    with transaction(engine, first=True) as session:
        if not repository.machine_exists(session, incoming.machine_id):
            raise UplinkUnknownMachine(machine_id=incoming.machine_id)
        kept = keep_group(session, [incoming], time.now)[0]
        deferred = deferral.defer(session, kept, time.now)
    stored = answer_to(kept, time)
    _try(engine, incoming, "arrival", lambda session: _note_arrival(session, broker, kept, time))
    for number in deferred:
        deferral.work_out(engine, broker, number, time)
    carried = _try(
        engine, incoming, "orders", lambda session: _with_orders(session, keyring, broker, kept, stored, time)
    )
    return replace(stored, ack=carried or stored.ack)


def _note_arrival(session: Session, broker: Broker, kept: Kept, time: Believed) -> None:
    group = Group.open(session, broker, {kept.incoming.machine_id}, time)
    meaning.note_arrival(group, kept)


def _with_orders(
    session: Session, keyring: Keyring, broker: Broker, kept: Kept, stored: Stored, time: Believed
) -> uplink.Ack:
    """A copy: orders that were put in and then rolled back must not go out."""
    ack = uplink.Ack(stored.ack.ack_seq, stored.ack.server_time, [], stored.ack.alert)
    group = Group.open(session, broker, {kept.incoming.machine_id}, time)
    orders.put_in(group, keyring, [(kept.incoming, ack)])
    return ack


def _try(engine: Engine, incoming: Incoming, step: str, work: Callable[[Session], Result]) -> Result | None:
    """The result of a step; None when it failed, which is logged."""
    try:
        with transaction(engine, first=True) as session:
            return work(session)
    except Exception as error:
        log.error("report_step_failed", step=step, machine_id=incoming.machine_id, exc_info=error)
        return None
