"""Commands: queued here, carried by acks, done when the machine's journal says so."""

from collections.abc import Iterable, Sequence
from typing import Any

from protocol import cbor, uplink
from sqlmodel import Session

from backoffice.accounts.roles import Viewer
from backoffice.commands import repository
from backoffice.commands.schemas import CommandState
from backoffice.errors import InvalidInput, NotFound, WrongState
from backoffice.machines import service as machines
from backoffice.machines.schemas import MachineState
from backoffice.models import Machine, MachineCommand
from backoffice.pagination import PageRequest

KIND_NAMES = {
    uplink.REVOKE_BATCH: "revoke_batch",
    uplink.REVOKE_CREDIT: "revoke_credit",
    uplink.REFUND_CREDIT: "refund_credit",
    uplink.SETTINGS: "settings",
    uplink.LOCK: "lock",
    uplink.UNLOCK: "unlock",
    uplink.UPDATE_OFFER: "update_offer",
    uplink.SET_TIME: "set_time",
}
OPEN_COMMANDS_MAX = 32
ACK_COMMANDS_MAX = 4
ARGS_MAX_BYTES = 256


def queue(
    session: Session, machine_id: int, kind: int, args: list[Any], now: int, *, created_by: int | None = None
) -> MachineCommand:
    """Queue a command for a machine. It goes out with the next ack."""
    machine = machines.find(session, machine_id)
    if machine.state == MachineState.RETIRED.value:
        raise WrongState("the machine is retired")
    if repository.open_count(session, machine_id) >= OPEN_COMMANDS_MAX:
        raise WrongState(f"{OPEN_COMMANDS_MAX} commands wait for this machine already")
    encoded = cbor.encode(args)
    if len(encoded) > ARGS_MAX_BYTES:
        raise InvalidInput(f"the command's arguments take more than {ARGS_MAX_BYTES} bytes")
    command = MachineCommand(machine_id=machine_id, kind=kind, args=encoded, created_by=created_by, created_at=now)
    repository.add(session, command)
    return command


def lock(session: Session, viewer: Viewer, machine_id: int, text: str, now: int) -> MachineCommand:
    """Stop a machine from granting exams."""
    machine = _in_state(session, machine_id, MachineState.ACTIVE)
    machine.state = MachineState.LOCKED.value
    return queue(session, machine_id, uplink.LOCK, [text], now, created_by=viewer.user_id)


def unlock(session: Session, viewer: Viewer, machine_id: int, now: int) -> MachineCommand:
    """Let a locked machine grant exams again."""
    machine = _in_state(session, machine_id, MachineState.LOCKED)
    machine.state = MachineState.ACTIVE.value
    return queue(session, machine_id, uplink.UNLOCK, [], now, created_by=viewer.user_id)


def cancel(session: Session, machine_id: int, command_id: int) -> MachineCommand:
    """Take back a command that has not been sent."""
    command = repository.get(session, command_id)
    if command is None or command.machine_id != machine_id:
        raise NotFound("there is no such command")
    if command.state != CommandState.QUEUED.value:
        raise WrongState(f"the command is {command.state}: it cannot be taken back")
    command.state = CommandState.CANCELLED.value
    return command


def for_acks(session: Session, machine_ids: Iterable[int], now: int) -> dict[int, list[uplink.Command]]:
    """What the next acks of these machines carry: the oldest commands that are not done, marked as sent."""
    carried: dict[int, list[uplink.Command]] = {}
    for row in repository.open_of(session, machine_ids):
        commands = carried.setdefault(row.machine_id, [])
        if len(commands) < ACK_COMMANDS_MAX and row.id is not None:
            commands.append(uplink.Command(row.id, row.kind, arguments_of(row)))
            row.state, row.sent_at, row.sent_count = CommandState.SENT.value, now, row.sent_count + 1
    return carried


def mark_ended(session: Session, machine_id: int, done: Sequence[int], failed: Sequence[int], now: int) -> None:
    """The machine's journal says that these were carried out, and that those could not be."""
    for command_ids, state in ((done, CommandState.DONE), (failed, CommandState.FAILED)):
        if command_ids:
            repository.mark_ended(session, machine_id, command_ids, state, now)


def page_of(session: Session, viewer: Viewer, machine_id: int, page: PageRequest) -> Sequence[MachineCommand]:
    """A machine's commands, newest first."""
    machines.get(session, viewer, machine_id)
    return repository.page_of(session, machine_id, page)


def arguments_of(command: MachineCommand) -> list[Any]:
    """The arguments as they were queued."""
    args = cbor.decode(command.args)
    return args if isinstance(args, list) else []


def _in_state(session: Session, machine_id: int, state: MachineState) -> Machine:
    machine = machines.find(session, machine_id)
    if machine.state != state.value:
        raise WrongState(f"the machine is {machine.state}")
    return machine
