"""The commands API."""

from fastapi import APIRouter
from protocol import uplink

from backoffice.accounts.access import AdministratorDep, ViewerDep
from backoffice.commands import service
from backoffice.commands.schemas import CommandRead, CommandState, Lock, OneCredit, RevokeBatch, SettingsChange
from backoffice.deps import NowDep, SessionDep
from backoffice.models import MachineCommand
from backoffice.pagination import Page, PageDep, make_page

router = APIRouter(prefix="/api/v1/machines/{machine_id}", tags=["commands"])


@router.get("/commands")
def list_commands(machine_id: int, viewer: ViewerDep, session: SessionDep, page: PageDep) -> Page[CommandRead]:
    """A machine's commands, newest first."""
    return make_page(service.page_of(session, viewer, machine_id, page), page, read)


@router.post("/lock", status_code=201)
def lock_machine(
    machine_id: int, wanted: Lock, viewer: AdministratorDep, session: SessionDep, now: NowDep
) -> CommandRead:
    """Stop a machine from granting exams."""
    return read(service.lock(session, viewer, machine_id, wanted.text, now))


@router.post("/unlock", status_code=201)
def unlock_machine(machine_id: int, viewer: AdministratorDep, session: SessionDep, now: NowDep) -> CommandRead:
    """Let a locked machine grant exams again."""
    return read(service.unlock(session, viewer, machine_id, now))


@router.post("/revoked-batches", status_code=201)
def revoke_batch(
    machine_id: int, wanted: RevokeBatch, viewer: AdministratorDep, session: SessionDep, now: NowDep
) -> CommandRead:
    """Accept no card of a batch any more."""
    args = [wanted.batch]
    return read(service.queue(session, machine_id, uplink.REVOKE_BATCH, args, now, created_by=viewer.user_id))


@router.post("/revoked-credits", status_code=201)
def revoke_credit(
    machine_id: int, wanted: OneCredit, viewer: AdministratorDep, session: SessionDep, now: NowDep
) -> CommandRead:
    """Accept one card no more."""
    args = [wanted.batch, wanted.credit]
    return read(service.queue(session, machine_id, uplink.REVOKE_CREDIT, args, now, created_by=viewer.user_id))


@router.post("/refunded-credits", status_code=201)
def refund_credit(
    machine_id: int, wanted: OneCredit, viewer: AdministratorDep, session: SessionDep, now: NowDep
) -> CommandRead:
    """Give up an exam in doubt: the machine forgets its intent, and another card may be issued for the credit."""
    args = [wanted.batch, wanted.credit]
    return read(service.queue(session, machine_id, uplink.REFUND_CREDIT, args, now, created_by=viewer.user_id))


@router.post("/settings", status_code=201)
def change_settings(
    machine_id: int, wanted: SettingsChange, viewer: AdministratorDep, session: SessionDep, now: NowDep
) -> CommandRead:
    """Change settings of the machine."""
    args = [wanted.settings]
    return read(service.queue(session, machine_id, uplink.SETTINGS, args, now, created_by=viewer.user_id))


@router.delete("/commands/{command_id}")
def cancel_command(machine_id: int, command_id: int, _viewer: AdministratorDep, session: SessionDep) -> CommandRead:
    """Take back a command that has not been sent."""
    return read(service.cancel(session, machine_id, command_id))


def read(command: MachineCommand) -> CommandRead:
    """A command as the API shows it."""
    return CommandRead(
        id=command.id or 0,
        machine_id=command.machine_id,
        kind=service.KIND_NAMES.get(command.kind, str(command.kind)),
        args=service.arguments_of(command),
        state=CommandState(command.state),
        created_by=command.created_by,
        created_at=command.created_at,
        sent_at=command.sent_at,
        sent_count=command.sent_count,
        done_at=command.done_at,
    )
