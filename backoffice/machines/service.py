"""Machines: registering, keys, and what may be done with them."""

from collections.abc import Sequence

from sqlmodel import Session

from backoffice.accounts.roles import Viewer
from backoffice.alerts import service as alerts
from backoffice.alerts.kinds import Kind
from backoffice.errors import AlreadyExists, InvalidInput, NotFound, WrongState
from backoffice.events.broker import Broker
from backoffice.institutions.schemas import U32_MAX
from backoffice.keyring import Keyring
from backoffice.machines import repository
from backoffice.machines.schemas import (
    GapAccept,
    JournalStateRead,
    MachineRegister,
    MachineRole,
    MachineState,
    MachineUpdate,
)
from backoffice.models import JournalChain, JournalEntry, JournalGap, Machine, MachineKey
from backoffice.pagination import CursorRequest, PageRequest

MACHINE_KEY_BYTES = 32


def register(session: Session, wanted: MachineRegister, default_report_interval_s: int, now: int) -> Machine:
    """Make a machine in epoch 0: it has no key yet and cannot report until ``provision`` gave it one."""
    machine_id = wanted.machine_id if wanted.machine_id is not None else repository.highest_id(session) + 1
    if machine_id > U32_MAX:
        raise InvalidInput("no machine number is left above the highest one: choose a number")
    if repository.get(session, machine_id):
        raise AlreadyExists(f"there is a machine {machine_id} already")
    _require_institution(session, wanted.institution_id, wanted.role)
    machine = Machine(
        id=machine_id,
        name=wanted.name,
        role=wanted.role.value,
        epoch=0,
        institution_id=wanted.institution_id,
        unique_id=wanted.unique_id,
        report_interval_s=wanted.report_interval_s or default_report_interval_s,
        registered_at=now,
    )
    repository.add(session, machine)
    return machine


def provision(session: Session, keyring: Keyring, machine_id: int, epoch: int, machine_key: bytes, now: int) -> Machine:
    """The machine got a key and has it: its new epoch begins. Keys of earlier epochs stay for late reports."""
    offer_key(session, keyring, machine_id, epoch, machine_key, now)
    commit(session, machine_id, epoch)
    return find(session, machine_id)


def offer_key(
    session: Session,
    keyring: Keyring,
    machine_id: int,
    epoch: int,
    machine_key: bytes,
    now: int,
    lock_args: bytes = b"",
) -> None:
    """Store the key of a new epoch, sealed, before the machine has it. The epoch does not begin before ``commit``."""
    machine = find(session, machine_id)
    if len(machine_key) != MACHINE_KEY_BYTES:
        raise InvalidInput(f"a machine key has {MACHINE_KEY_BYTES} bytes")
    if machine.state == MachineState.RETIRED.value:
        raise WrongState("the machine is retired")
    if epoch <= machine.epoch:
        raise WrongState(f"epoch {epoch} is not after the machine's epoch {machine.epoch}")
    sealed = keyring.seal(key_purpose(machine_id, epoch), machine_key)
    machine.newest_epoch = max(machine.newest_epoch, epoch)
    row = MachineKey(machine_id=machine_id, epoch=epoch, sealed_key=sealed, created_at=now, lock_args=lock_args)
    repository.add(session, row)


def commit(session: Session, machine_id: int, epoch: int) -> MachineKey | None:
    """The machine has the key: the epoch begins. None when it has begun before, or a later one has."""
    machine, key = find(session, machine_id), repository.key(session, machine_id, epoch)
    if key is None or epoch <= machine.epoch:
        return None
    key.committed = True
    machine.epoch = epoch
    machine.health_seq = machine.health_uptime_s = machine.health_clock = machine.health_clock_max = None
    return key


def take_back_key(session: Session, machine_id: int, epoch: int) -> None:
    """The machine does not have the key and never will: it is removed, its epoch's number stays spent."""
    key = repository.key(session, machine_id, epoch)
    if key is not None and not key.committed:
        repository.remove(session, key)


def offered_epochs(session: Session, machine_id: int) -> list[int]:
    """Epochs whose key was sent to the machine without hearing whether it took it."""
    return [key.epoch for key in repository.offered_keys(session, machine_id)]


def open_key(session: Session, keyring: Keyring, machine_id: int, epoch: int) -> bytes:
    """The machine's key of one epoch."""
    row = repository.key(session, machine_id, epoch)
    if row is None:
        raise NotFound(f"machine {machine_id} has no key of epoch {epoch}")
    return keyring.open(key_purpose(machine_id, epoch), row.sealed_key)


def key_purpose(machine_id: int, epoch: int) -> str:
    """What a machine key is sealed for."""
    return f"machine-key:{machine_id}:{epoch}"


def update(session: Session, machine_id: int, changes: MachineUpdate) -> Machine:
    """Change a machine, or retire it."""
    machine = find(session, machine_id)
    given = changes.model_dump(exclude_unset=True)
    if "institution_id" in given and given["institution_id"] != machine.institution_id and machine.epoch:
        raise WrongState("the machine carries its institution's keys: provision it again to move it")
    if "institution_id" in given:
        _require_institution(session, given["institution_id"], MachineRole(machine.role))
    for field, value in given.items():
        if value is None and field != "institution_id":
            raise InvalidInput(f"{field} cannot be empty")
        setattr(machine, field, value.value if isinstance(value, MachineState) else value)
    return machine


def find(session: Session, machine_id: int) -> Machine:
    """One machine, for the back office's own use; raises NotFound."""
    machine = repository.get(session, machine_id)
    if machine is None:
        raise NotFound(f"there is no machine {machine_id}")
    return machine


def find_by_board(session: Session, unique_id: str) -> Machine | None:
    """The machine that runs on the board with this serial number, if it is registered."""
    return repository.by_unique_id(session, unique_id) if unique_id else None


def get(session: Session, viewer: Viewer, machine_id: int) -> Machine:
    """One machine that the viewer may see; raises NotFound."""
    machine = repository.get(session, machine_id)
    if machine is None or not viewer.sees(machine.institution_id):
        raise NotFound(f"there is no machine {machine_id}")
    return machine


def page_of(session: Session, viewer: Viewer, institution_id: int | None, page: PageRequest) -> Sequence[Machine]:
    """The machines that the viewer may see, by number."""
    return repository.page_of(session, viewer.institution_ids, institution_id, page)


def journal(
    session: Session, viewer: Viewer, machine_id: int, epoch: int | None, page: CursorRequest
) -> Sequence[JournalEntry]:
    """A machine's journal, newest entry first."""
    get(session, viewer, machine_id)
    return repository.journal(session, machine_id, epoch, page)


def journal_states(session: Session, viewer: Viewer, machine_id: int) -> list[JournalStateRead]:
    """Where a machine's journals stand, and what is missing of them."""
    get(session, viewer, machine_id)
    return [_journal_state(session, chain) for chain in repository.chains(session, machine_id)]


def accept_gap(
    session: Session, broker: Broker, viewer: Viewer, machine_id: int, accept: GapAccept, now: int
) -> JournalStateRead:
    """Stop waiting for the first missing stretch of a journal, so that later entries can be acknowledged.

    What is accepted has to be exactly what is missing, and something has to be stored after it: a person cannot wave
    away more than they looked at.
    """
    find(session, machine_id)
    chain = repository.chain(session, machine_id, accept.epoch)
    stretches = repository.stretches_after(session, chain) if chain else []
    missing = _missing(chain, stretches) if chain and stretches else []
    if chain is None or not missing or missing[0] != (accept.first_seq, accept.last_seq):
        raise WrongState("these are not the first entries that are missing", missing=missing)
    gap = JournalGap(
        machine_id=machine_id,
        epoch=accept.epoch,
        first_seq=accept.first_seq,
        last_seq=accept.last_seq,
        accepted_by=viewer.user_id,
        accepted_at=now,
        reason=accept.reason,
    )
    repository.add(session, gap)
    _advance(session, chain)
    state = _journal_state(session, chain)
    if not state.missing:
        alerts.clear_fact(session, broker, Kind.GAP, now, machine_id=machine_id, subject=str(accept.epoch))
    return state


def _advance(session: Session, chain: JournalChain) -> None:
    _first, last = repository.stretches_after(session, chain)[0]
    entry = repository.entry(session, chain.machine_id, chain.epoch, last)
    if entry is None:
        raise WrongState("the entry after the gap is not stored")
    chain.contiguous_seq, chain.contiguous_mac = entry.seq, entry.mac


def _journal_state(session: Session, chain: JournalChain) -> JournalStateRead:
    return JournalStateRead(
        epoch=chain.epoch,
        contiguous_seq=chain.contiguous_seq,
        highest_seq=chain.highest_seq,
        missing=_missing(chain, repository.stretches_after(session, chain)),
        forked=chain.forked,
    )


def _missing(chain: JournalChain, stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The holes before each stored stretch, and what the machine said it has beyond them."""
    ends = [chain.contiguous_seq, *(last for _first, last in stretches)]
    starts = [*(first for first, _last in stretches), chain.highest_seq + 1]
    return [(end + 1, start - 1) for end, start in zip(ends, starts, strict=True) if start > end + 1]


def _require_institution(session: Session, institution_id: int | None, role: MachineRole) -> None:
    if institution_id is None and role is MachineRole.SWIPE:
        raise InvalidInput("a swipe machine belongs to an institution")
    if institution_id is not None and not repository.institution_exists(session, institution_id):
        raise InvalidInput("there is no such institution")
