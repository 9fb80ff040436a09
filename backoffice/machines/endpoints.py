"""The machines API."""

from typing import Annotated

from fastapi import Query

from backoffice.accounts.access import AdministratorDep, IssuerDep, ViewerDep
from backoffice.deps import BrokerDep, NowDep, SessionDep, SettingsDep
from backoffice.events.broker import Event
from backoffice.machines import service
from backoffice.machines.schemas import (
    GapAccept,
    JournalEntryRead,
    JournalStateRead,
    MachineRead,
    MachineRegister,
    MachineUpdate,
)
from backoffice.models import JournalEntry, Machine
from backoffice.pagination import CursorDep, Page, PageDep, make_cursor_page, make_page
from backoffice.routing import Router

router = Router(prefix="/api/v1/machines", tags=["machines"])


@router.get("")
def list_machines(
    viewer: ViewerDep, session: SessionDep, page: PageDep, institution_id: Annotated[int | None, Query()] = None
) -> Page[MachineRead]:
    """The machines that one may see, by number."""
    return make_page(service.page_of(session, viewer, institution_id, page), page, read)


@router.post("", status_code=201)
def register_machine(
    wanted: MachineRegister,
    _viewer: IssuerDep,
    session: SessionDep,
    settings: SettingsDep,
    broker: BrokerDep,
    now: NowDep,
) -> MachineRead:
    """Register a machine. It gets its key when it is provisioned."""
    machine = service.register(session, wanted, settings.report_interval_s, now)
    broker.publish_after_commit(session, Event("machine", {"machine_id": machine.id}, machine.institution_id))
    return read(machine)


@router.get("/{machine_id}")
def get_machine(machine_id: int, viewer: ViewerDep, session: SessionDep) -> MachineRead:
    """One machine."""
    return read(service.get(session, viewer, machine_id))


@router.patch("/{machine_id}")
def update_machine(
    machine_id: int, changes: MachineUpdate, _viewer: AdministratorDep, session: SessionDep, broker: BrokerDep
) -> MachineRead:
    """Change a machine."""
    machine = service.update(session, machine_id, changes)
    broker.publish_after_commit(session, Event("machine", {"machine_id": machine.id}, machine.institution_id))
    return read(machine)


@router.get("/{machine_id}/journal")
def list_journal(
    machine_id: int,
    viewer: ViewerDep,
    session: SessionDep,
    page: CursorDep,
    epoch: Annotated[int | None, Query(ge=0)] = None,
) -> Page[JournalEntryRead]:
    """A machine's journal, newest entry first."""
    rows = service.journal(session, viewer, machine_id, epoch, page)
    return make_cursor_page(rows, page, read_entry, lambda entry: (entry.epoch, entry.seq))


@router.get("/{machine_id}/journal-state")
def get_journal_state(machine_id: int, viewer: ViewerDep, session: SessionDep) -> list[JournalStateRead]:
    """Where a machine's journals stand, newest epoch first, and what is missing of them."""
    return service.journal_states(session, viewer, machine_id)


@router.post("/{machine_id}/accepted-gaps", status_code=201)
def accept_gap(
    machine_id: int, accept: GapAccept, viewer: AdministratorDep, session: SessionDep, broker: BrokerDep, now: NowDep
) -> JournalStateRead:
    """Stop waiting for the first missing stretch of a journal."""
    return service.accept_gap(session, broker, viewer, machine_id, accept, now)


def read(machine: Machine) -> MachineRead:
    """A machine as the API shows it."""
    return MachineRead.model_validate(machine, from_attributes=True)


def read_entry(entry: JournalEntry) -> JournalEntryRead:
    """An entry as the API shows it."""
    return JournalEntryRead(
        epoch=entry.epoch,
        seq=entry.seq,
        kind=entry.kind,
        time=entry.time,
        clock=entry.clock,
        batch=entry.batch,
        credit=entry.credit,
        detail=entry.detail.hex(),
        received_at=entry.received_at,
    )
