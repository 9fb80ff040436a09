"""A machine in a few lines: it keeps a journal, seals reports and opens acks, with the real protocol."""

from dataclasses import dataclass, field

from fastapi.testclient import TestClient
from httpx2 import Response
from protocol import journal, keys, uplink
from protocol.journal import Entry

from backoffice.authority import epochs
from backoffice.context import Context
from backoffice.db import transaction
from backoffice.institutions import service as institutions
from backoffice.institutions.schemas import InstitutionCreate
from backoffice.machines import service as machines
from backoffice.machines.schemas import MachineRegister, MachineRole
from tests.host.backoffice.support import NOW
from tools import issued
from tools.issued import IssuedBatch

BATCH = 70
"""Machine 1's batch; those of other machines are numbered on from it."""
FIRST_CREDIT, CREDITS = 490, 200
"""What every machine's batch holds. That they are the same numbers is no matter: no two machines share a batch."""
BATCHES_AN_EPOCH = 10_000


@dataclass
class Machine:
    """One machine's journal. ``copy`` it to play a flash image that is restored later."""

    machine_id: int = 1
    epoch: int = 1
    key: bytes = b"k" * 32
    entries: list[Entry] = field(default_factory=list)
    macs: list[bytes] = field(default_factory=list)
    time: int = NOW - 7200

    @property
    def batch(self) -> int:
        """The batch that is issued for it; every provisioning gets one of its own."""
        return BATCH + self.machine_id - 1 + (self.epoch - 1) * BATCHES_AN_EPOCH

    @property
    def journal_key(self) -> bytes:
        return keys.journal_key(self.key)

    def copy(self) -> "Machine":
        return Machine(self.machine_id, self.epoch, self.key, self.entries[:], self.macs[:], self.time)

    def mac_at(self, seq: int) -> bytes:
        return self.macs[seq - 1] if seq else journal.genesis_mac(self.journal_key)

    def write(
        self,
        kind: int,
        credit: int = 0,
        *,
        clock: int = 2,
        detail: bytes = b"",
        time: int | None = None,
        batch: int | None = None,
    ) -> Entry:
        self.time += 5
        batch = (self.batch if batch is None else batch) if credit else 0
        entry = Entry(len(self.entries) + 1, kind, self.time if time is None else time, clock, batch, credit, detail)
        self.macs.append(journal.chain_mac(self.journal_key, self.mac_at(len(self.entries)), entry.encode()))
        self.entries.append(entry)
        return entry

    def exam(self, credit: int, *, batch: int | None = None) -> None:
        for kind in (journal.INTENT, journal.DEBIT, journal.STARTED, journal.ENDED):
            self.write(kind, credit, batch=batch)

    def report(self, first: int = 1, last: int | None = None, health: dict[int, object] | None = None) -> bytes:
        """The sealed report of entries first to last."""
        last = len(self.entries) if last is None else last
        found = uplink.Report(
            self.machine_id,
            first,
            self.mac_at(first - 1),
            self.entries[first - 1 : last],
            self.mac_at(last),
            health or {},
        )
        return uplink.seal_report(self.key, found)

    def ack(self, message: bytes, answer: Response) -> uplink.Ack:
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/cose"
        return uplink.open_ack(self.key, message, answer.content)

    def send(
        self, client: TestClient, first: int = 1, last: int | None = None, health: dict[int, object] | None = None
    ) -> uplink.Ack:
        message = self.report(first, last, health)
        return self.ack(message, post(client, message))


def post(client: TestClient, message: bytes) -> Response:
    return client.post("/api/v1/uplink", content=message, headers={"Content-Type": "application/cose"})


def add_institution(context: Context, name: str = "Eye clinic", timezone: str = "UTC") -> int:
    with transaction(context.engine) as session:
        wanted = InstitutionCreate.model_validate({"name": name, "timezone": timezone})
        return institutions.create(session, wanted, "UTC", context.clock()).id or 0


def add_machine(context: Context, machine: Machine, institution_id: int, batch: IssuedBatch | None = None) -> Machine:
    """Registered, provisioned, and with cards: ``batch``, or the one that ``write`` debits."""
    with transaction(context.engine) as session:
        wanted = MachineRegister(
            role=MachineRole.SWIPE,
            name=f"Machine {machine.machine_id}",
            machine_id=machine.machine_id,
            institution_id=institution_id,
        )
        machines.register(session, wanted, context.settings.report_interval_s, context.clock())
        machines.provision(session, context.keyring, machine.machine_id, machine.epoch, machine.key, context.clock())
        issued.record(session, batch or batch_of(machine), context.clock())
    return machine


def batch_of(machine: Machine, first_credit: int = FIRST_CREDIT, count: int = CREDITS) -> IssuedBatch:
    """The cards that are issued for a machine."""
    return IssuedBatch(machine.batch, first_credit, count, machine.machine_id, machine.epoch)


def provision_again(context: Context, machine: Machine, key: bytes, lock_args: bytes = b"") -> Machine:
    """It takes a new key, as at the desk: offered first, then its epoch begins."""
    again = Machine(machine.machine_id, machine.epoch + 1, key)
    with transaction(context.engine) as session:
        place = again.machine_id, again.epoch
        machines.offer_key(session, context.keyring, *place, key, context.clock(), lock_args)
        epochs.begin(session, *place, context.clock())
        issued.record(session, batch_of(again), context.clock())
    return again
