"""The commands API."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends
from protocol import uplink
from sqlmodel import Session

from backoffice.accounts.access import AdministratorDep, ViewerDep
from backoffice.accounts.roles import Viewer
from backoffice.authority import orders
from backoffice.commands import service
from backoffice.commands.schemas import (
    CommandRead,
    CommandState,
    Interval,
    Lock,
    OneCredit,
    RevokeBatch,
    SettingsChange,
)
from backoffice.context import Context
from backoffice.deps import ContextDep, NowDep, SessionDep
from backoffice.machines import configuration
from backoffice.machines import service as machines
from backoffice.models import MachineCommand
from backoffice.pagination import CursorDep, Page, make_cursor_page
from backoffice.routing import Router
from backoffice.workshop import DeskAdministratorDep, WorkshopDep

SIGNATURE_CHARS = 16

router = Router(prefix="/api/v1/machines/{machine_id}", tags=["commands"])


@dataclass(frozen=True)
class OrderDesk:
    """One request of an administrator who orders something."""

    session: Session
    context: Context
    viewer: Viewer
    now: int

    def at(self, machine_id: int) -> tuple[Session, Viewer, int]:
        """What every order needs first."""
        return self.session, self.viewer, machine_id

    def change_settings(self, machine_id: int, settings: dict[str, Any]) -> MachineCommand:
        """Order other settings; what is secret in them is sealed."""
        return service.change_settings(self.session, self.context.keyring, self.viewer, machine_id, settings, self.now)

    def tell(self, command: MachineCommand) -> CommandRead:
        """Tell open pages, the machine where it would hear of it by SMS anyway, and the caller."""
        machine = machines.find(self.session, command.machine_id)
        self.context.broker.publish_after_commit(self.session, service.changed(machine, command))
        if command.state == CommandState.QUEUED.value:
            self.context.sms.push(self.session, machine.id, urgent=False)
        return read(command)


def order_desk(viewer: AdministratorDep, session: SessionDep, context: ContextDep, now: NowDep) -> OrderDesk:
    """The desk of an administrator."""
    return OrderDesk(session, context, viewer, now)


OrderDeskDep = Annotated[OrderDesk, Depends(order_desk)]


@router.get("/commands")
def list_commands(machine_id: int, viewer: ViewerDep, session: SessionDep, page: CursorDep) -> Page[CommandRead]:
    """A machine's commands, newest first."""
    rows = service.page_of(session, viewer, machine_id, page)
    return make_cursor_page(rows, page, read, lambda command: (command.id or 0,))


@router.post("/lock", status_code=201)
def lock_machine(machine_id: int, wanted: Lock, viewer: DeskAdministratorDep, workshop: WorkshopDep) -> CommandRead:
    """Stop a machine from granting exams. The authority signs it: its session has to be open, and yours."""
    return read(orders.lock(workshop, viewer, machine_id, wanted.text))


@router.post("/unlock", status_code=201)
def unlock_machine(machine_id: int, viewer: DeskAdministratorDep, workshop: WorkshopDep) -> CommandRead:
    """Let a locked machine grant exams again. The authority signs it, too."""
    return read(orders.unlock(workshop, viewer, machine_id))


@router.post("/revoked-batches", status_code=201)
def revoke_batch(machine_id: int, wanted: RevokeBatch, desk: OrderDeskDep) -> CommandRead:
    """Accept no card of a batch any more."""
    return desk.tell(service.revoke_batch(*desk.at(machine_id), wanted.batch, desk.now))


@router.post("/revoked-credits", status_code=201)
def revoke_credit(machine_id: int, wanted: OneCredit, desk: OrderDeskDep) -> CommandRead:
    """Accept one card no more."""
    return desk.tell(service.revoke_card(*desk.at(machine_id), wanted.batch, wanted.credit, desk.now))


@router.post("/refunded-credits", status_code=201)
def refund_credit(machine_id: int, wanted: OneCredit, desk: OrderDeskDep) -> CommandRead:
    """Give up an exam in doubt: the machine forgets its intent, and another card may be issued for the credit."""
    return desk.tell(service.refund(*desk.at(machine_id), wanted.batch, wanted.credit, desk.now))


@router.post("/settings", status_code=201)
def change_settings(machine_id: int, wanted: SettingsChange, desk: OrderDeskDep) -> CommandRead:
    """Change settings of the machine. Those of its connection are on trial: it returns to the old ones by itself."""
    return desk.tell(desk.change_settings(machine_id, dict(wanted.settings)))


@router.post("/report-interval", status_code=201)
def change_report_interval(machine_id: int, wanted: Interval, desk: OrderDeskDep) -> CommandRead:
    """Let the machine report at least this often; once it obeys, it is late or silent by the new interval."""
    settings = {service.REPORT_SETTING: wanted.report_interval_s}
    return desk.tell(desk.change_settings(machine_id, settings))


@router.post("/set-time", status_code=201)
def set_time(machine_id: int, desk: OrderDeskDep) -> CommandRead:
    """Set the machine's clock to the time at which the order goes out, over a link that answers at once."""
    return desk.tell(service.order(*desk.at(machine_id), uplink.SET_TIME, [], desk.now))


@router.delete("/commands/{command_id}")
def cancel_command(machine_id: int, command_id: int, desk: OrderDeskDep) -> CommandRead:
    """Take back a command that has not been sent."""
    return desk.tell(service.cancel(desk.session, machine_id, command_id, desk.now))


def read(command: MachineCommand) -> CommandRead:
    """A command as the API shows it."""
    return CommandRead(
        id=command.id or 0,
        machine_id=command.machine_id,
        kind=service.KIND_NAMES.get(command.kind, str(command.kind)),
        args=shown_arguments(command),
        state=CommandState(command.state),
        result=command.result,
        on_trial=configuration.goes_on_trial(service.settings_of(command)),
        created_by=command.created_by,
        created_at=command.created_at,
        sent_at=command.sent_at,
        sent_count=command.sent_count,
        done_at=command.done_at,
        answer_seq=command.answer_seq,
    )


def shown_arguments(command: MachineCommand) -> list[Any]:
    """The arguments as JSON can hold them and a person may see them."""
    settings = service.settings_of(command)
    if settings:
        return [configuration.public(settings)]
    return [
        value.hex()[:SIGNATURE_CHARS] if isinstance(value, bytes) else value for value in service.arguments_of(command)
    ]
