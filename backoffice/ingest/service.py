"""Sealed reports in, sealed acks out."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, replace
from threading import Lock

from protocol import uplink

from backoffice import logs
from backoffice.clock import Clock
from backoffice.db import READ, Database, transaction
from backoffice.errors import CannotUnseal, UplinkNotAuthentic, UplinkUnknownMachine
from backoffice.events.broker import Broker
from backoffice.ingest import repository
from backoffice.ingest.incoming import Incoming, MachineSecrets, open_message, refuse_broken, sender_of
from backoffice.ingest.store import Stored
from backoffice.ingest.writer import SILENT_MAX_S, GroupWriter
from backoffice.keyring import Keyring
from backoffice.machines.service import key_purpose
from backoffice.supervision import Workers

log = logs.get(__name__)

MACHINES_CACHED = 4096
NO_ANSWER_BYTES = 1
"""Room for an answer that nobody will get, because the machine is answered otherwise: no order is spent on it."""


@dataclass(frozen=True)
class Taken:
    """A genuine report that is stored."""

    message: bytes
    incoming: Incoming
    stored: Stored

    def sealed_ack(self) -> bytes:
        """The answer, bound to the report."""
        return uplink.seal_ack(self.incoming.secrets.machine_key, self.message, self.stored.ack)


class Ingest:
    """The way in for reports, whatever the transport."""

    def __init__(self, database: Database, keyring: Keyring, broker: Broker, clock: Clock, workers: Workers) -> None:
        self._engine = database.background
        self._keyring = keyring
        self._cache: OrderedDict[int, list[MachineSecrets]] = OrderedDict()
        self._lock = Lock()
        self.writer = GroupWriter(database.writer, keyring, broker, clock, workers.add("ingest-writer", SILENT_MAX_S))

    async def take(self, message: bytes) -> bytes:
        """Store a sealed report exactly once; the sealed ack when it is durable."""
        return (await self.take_incoming(message)).sealed_ack()

    async def take_incoming(
        self, message: bytes, answer_bytes: int = 0, alone_bytes: int = 0, link: str = ""
    ) -> "Taken":
        """Store a sealed report exactly once; what became of it when it is durable.

        ``answer_bytes`` and ``alone_bytes`` are for links with little room: commands that do not fit stay in line.
        """
        opened = await self.open(message)
        incoming = replace(opened, answer_bytes=answer_bytes, alone_bytes=alone_bytes, link=link)
        stored = await self.writer.store(incoming)
        refuse_broken(incoming)
        return Taken(message, incoming, stored)

    async def open(self, message: bytes) -> Incoming:
        """Whose report it is, and what it says. Nothing is stored."""
        machine_id = sender_of(message)
        cached = self._cached(machine_id)
        if cached:
            try:
                return open_message(message, cached)
            except UplinkNotAuthentic:
                pass  # the machine may have been provisioned anew since
        return open_message(message, await asyncio.to_thread(self._load, machine_id))

    def _cached(self, machine_id: int) -> list[MachineSecrets] | None:
        with self._lock:
            return self._cache.get(machine_id)

    def _load(self, machine_id: int) -> list[MachineSecrets]:
        with transaction(self._engine, READ) as session:
            rows = repository.machine_keys(session, machine_id)
        if not rows:
            raise UplinkUnknownMachine(machine_id=machine_id)
        secrets = [found for row in rows if (found := self._opened(machine_id, *row))]
        if not secrets:
            raise CannotUnseal()
        with self._lock:
            self._cache[machine_id] = secrets
            if len(self._cache) > MACHINES_CACHED:
                self._cache.popitem(last=False)
        return secrets

    def _opened(self, machine_id: int, epoch: int, sealed: bytes, committed: bool) -> MachineSecrets | None:
        """None for a key that does not open: the machine's other keys are as good as before."""
        try:
            key = self._keyring.open(key_purpose(machine_id, epoch), sealed)
        except CannotUnseal as error:
            log.error("machine_key_does_not_open", machine_id=machine_id, epoch=epoch, exc_info=error)
            return None
        return MachineSecrets.of(machine_id, epoch, key, committed=committed)
