"""Commands: queued here, carried by acks and pushes, ended when the machine's journal says how.

A command counts as sent only when it really was in an ack or a push of the machine's present epoch. The machine's
answer counts only when it comes from that epoch, too: what an earlier provisioning did is gone with it.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from protocol import cbor, fitting, uplink
from protocol.errors import ProtocolError
from sqlmodel import Session

from backoffice.accounts.roles import Viewer
from backoffice.commands import repository
from backoffice.commands.results import Result
from backoffice.commands.schemas import CommandState
from backoffice.commands.secrets import Secret, arguments_for_machine
from backoffice.errors import AlreadyExists, CannotUnseal, InvalidInput, NotFound, WrongState
from backoffice.events.broker import Event
from backoffice.keyring import Keyring
from backoffice.machines import configuration
from backoffice.machines import service as machines
from backoffice.machines.schemas import MachineState
from backoffice.models import Machine, MachineCommand
from backoffice.pagination import CursorRequest

KIND_NAMES = {
    uplink.REVOKE_BATCH: "revoke_batch",
    uplink.REVOKE_CREDIT: "revoke_credit",
    uplink.REFUND_CREDIT: "refund_credit",
    uplink.SETTINGS: "settings",
    uplink.LOCK: "lock",
    uplink.UNLOCK: "unlock",
    uplink.SET_TIME: "set_time",
}
OPEN_COMMANDS_MAX = 32
"""Of those that people ordered. What the system orders itself is bounded by the cards that there are."""
ACK_COMMANDS_MAX = 4
ARGS_MAX_BYTES = 2048
REPORT_SETTING = "report_s"

Fits = Callable[[list[uplink.Command]], list[uplink.Command]]
"""Those of these commands that the answer has room for."""


def order(
    session: Session,
    viewer: Viewer,
    machine_id: int,
    kind: int,
    args: list[Any],
    now: int,
    *,
    number: int | None = None,
    secret: Secret | None = None,
) -> MachineCommand:
    """A person orders something. It goes out with the next ack: with what is ``secret``, if anything is."""
    machine = usable(session, machine_id)
    if repository.open_count(session, machine_id) >= OPEN_COMMANDS_MAX:
        raise WrongState(f"{OPEN_COMMANDS_MAX} commands wait for this machine already")
    same = repository.same_open(session, machine_id, kind, _encoded(args))
    if any(secret.is_in(row) if secret else row.sealed is None for row in same):
        raise AlreadyExists("the same order waits for this machine already")
    return _add(session, machine, kind, args, now, created_by=viewer.user_id, number=number, secret=secret)


def order_by_system(
    session: Session, machine_id: int, kind: int, args: list[Any], now: int, *, number: int | None = None
) -> MachineCommand:
    """The back office orders something itself; the same order is not queued twice."""
    machine = usable(session, machine_id)
    waiting = repository.same_open(session, machine_id, kind, _encoded(args))
    return waiting[0] if waiting else _add(session, machine, kind, args, now, created_by=None, number=number)


def change_settings(
    session: Session, keyring: Keyring, viewer: Viewer, machine_id: int, wanted: dict[str, Any], now: int
) -> MachineCommand:
    """Change settings of the machine, as far as its firmware would take them."""
    settings = configuration.checked(wanted)
    shown = configuration.without_secrets(settings)
    secret = Secret(keyring, _encoded([settings])) if shown != settings else None
    return order(session, viewer, machine_id, uplink.SETTINGS, [shown], now, secret=secret)


def seal_old(session: Session, keyring: Keyring) -> bool:
    """Seal what earlier releases kept in the clear; False when nothing secret was ever ordered here."""
    for command in repository.unsealed(session, uplink.SETTINGS):
        settings = settings_of(command)
        shown = configuration.without_secrets(settings)
        if shown != settings:
            if command.state in repository.OPEN_STATES:
                Secret(keyring, command.args).seal_into(command)
            command.args = _encoded([shown])
    return repository.any_of(session, uplink.SETTINGS)


def refund(session: Session, viewer: Viewer, machine_id: int, batch: int, credit: int, now: int) -> MachineCommand:
    """Give up an exam in doubt."""
    usable(session, machine_id)
    if not repository.is_in_doubt(session, machine_id, batch, credit):
        raise WrongState("this card is not in doubt at this machine: nothing is to be refunded")
    return order(session, viewer, machine_id, uplink.REFUND_CREDIT, [batch, credit], now)


def cancel(session: Session, machine_id: int, command_id: int, now: int) -> MachineCommand:
    """Take back a command that has not been sent."""
    command = repository.get(session, command_id)
    if command is None or command.machine_id != machine_id:
        raise NotFound("there is no such command")
    if command.state != CommandState.QUEUED.value:
        raise WrongState(f"the command is {command.state}: it cannot be taken back")
    _end(session, command, CommandState.CANCELLED, now)
    return command


def supersede_signed(session: Session, machine_id: int, now: int) -> None:
    """The machine begins a new epoch, unlocked: orders that were signed for the one before are void."""
    for command in repository.open_signed(session, machine_id):
        _end(session, command, CommandState.CANCELLED, now)
    machine = machines.find(session, machine_id)
    if machine.state == MachineState.LOCKED.value:
        machine.state = MachineState.ACTIVE.value


def waiting(session: Session, machine_ids: Iterable[int]) -> dict[int, list[MachineCommand]]:
    """What the next answers to these machines may carry."""
    found: dict[int, list[MachineCommand]] = {}
    for row in repository.open_of(session, machine_ids, ACK_COMMANDS_MAX):
        found.setdefault(row.machine_id, []).append(row)
    return found


def send(
    rows: Sequence[MachineCommand], keyring: Keyring, epoch: int, now: int, fits: Fits, *, at_once: bool
) -> list[uplink.Command]:
    """The commands that an answer carries, marked as sent. A time is sent only where it does not grow old."""
    able = {
        row.id or 0: row for row in rows if (at_once or row.kind != uplink.SET_TIME) and _readable(row, keyring, now)
    }
    carried = fits(
        [uplink.Command(number, row.kind, _sent_arguments(row, keyring, now)) for number, row in able.items()]
    )
    for command in carried:
        row = able[command.id]
        row.state, row.sent_at, row.sent_count = CommandState.SENT.value, now, row.sent_count + 1
        row.sent_epoch = epoch
    return carried


def for_push(
    session: Session, keyring: Keyring, machine: Machine, ack: uplink.Ack, max_bytes: int, alone_bytes: int, now: int
) -> list[uplink.Command]:
    """The commands that an unasked message to a machine carries, marked as sent."""

    def fits(carried: list[uplink.Command]) -> list[uplink.Command]:
        wanted = uplink.Ack(ack.ack_seq, ack.server_time, carried, ack.alert, ack.ack_mac)
        return fitting.commands_that_fit(wanted, max_bytes, alone_bytes, uplink.PUSH_ENVELOPE_BYTES)

    rows = waiting(session, [machine.id]).get(machine.id, [])
    return send(rows, keyring, machine.epoch, now, fits, at_once=False)


def answered(session: Session, command: MachineCommand, result: Result, seq: int, now: int) -> None:
    """The machine's journal says how a command ended."""
    machine = machines.find(session, command.machine_id)
    if result is Result.DONE and command.kind == uplink.SETTINGS:
        _expect_reports(machine, command)
    command.result, command.answer_seq = result.value, seq
    _end(session, command, CommandState.DONE if result is Result.DONE else CommandState.FAILED, now)


def usable(session: Session, machine_id: int) -> Machine:
    """The machine, if it may be ordered anything."""
    machine = machines.find(session, machine_id)
    if machine.state == MachineState.RETIRED.value:
        raise WrongState("the machine is retired")
    if machine.role != "swipe":
        raise WrongState("card issuers work at the desk: they take no orders")
    return machine


def page_of(session: Session, viewer: Viewer, machine_id: int, page: CursorRequest) -> Sequence[MachineCommand]:
    """A machine's commands, newest first."""
    machines.get(session, viewer, machine_id)
    return repository.page_of(session, machine_id, page)


def arguments_of(command: MachineCommand) -> list[Any]:
    """The arguments as a person may see them."""
    return _decoded(command.args)


def settings_of(command: MachineCommand) -> dict[str, Any]:
    """The settings that a command changes, as a person may see them; none for another kind."""
    args = arguments_of(command) if command.kind == uplink.SETTINGS else []
    return args[0] if args and isinstance(args[0], dict) else {}


def changed(machine: Machine, command: MachineCommand) -> Event:
    """What open pages are told about a command."""
    data = {"machine_id": machine.id, "id": command.id, "state": command.state, "result": command.result}
    return Event("command", data, machine.institution_id)


def _add(
    session: Session,
    machine: Machine,
    kind: int,
    args: list[Any],
    now: int,
    *,
    created_by: int | None,
    number: int | None,
    secret: Secret | None = None,
) -> MachineCommand:
    encoded = _encoded(args)
    if max(len(encoded), len(secret.args) if secret else 0) > ARGS_MAX_BYTES:
        raise InvalidInput(f"the command's arguments take more than {ARGS_MAX_BYTES} bytes")
    command = MachineCommand(
        id=repository.next_id(session, now),
        machine_id=machine.id,
        kind=kind,
        args=encoded,
        created_by=created_by,
        created_at=now,
        order_number=number,
    )
    if secret is not None:
        secret.seal_into(command)
    repository.add(session, command)
    _set_state(session, machine, command)
    return command


def _end(session: Session, command: MachineCommand, state: CommandState, now: int) -> None:
    command.state, command.done_at, command.sealed = state.value, now, None
    session.add(command)
    session.flush()
    _set_state(session, machines.find(session, command.machine_id), command)


def _set_state(session: Session, machine: Machine, command: MachineCommand) -> None:
    """A machine counts as locked from the order on, and again as active when the order fails or is taken back."""
    if command.kind not in repository.SIGNED_KINDS or machine.state == MachineState.RETIRED.value:
        return
    last = repository.last_signed(session, machine.id, machine.epoch)
    locked = last is not None and last.kind == uplink.LOCK
    machine.state = (MachineState.LOCKED if locked else MachineState.ACTIVE).value


def _expect_reports(machine: Machine, command: MachineCommand) -> None:
    """The machine reports at another interval now: it is late or silent by that one."""
    interval_s = settings_of(command).get(REPORT_SETTING)
    if isinstance(interval_s, int) and not isinstance(interval_s, bool):
        machine.report_interval_s = interval_s


def _readable(command: MachineCommand, keyring: Keyring, now: int) -> bool:
    """Whether it can go out. One whose secrets do not open any more has failed, and holds up no other."""
    try:
        arguments_for_machine(keyring, command)
    except CannotUnseal:
        command.state, command.result = CommandState.FAILED.value, Result.UNREADABLE.value
        command.done_at, command.sealed = now, None
        return False
    return True


def _sent_arguments(command: MachineCommand, keyring: Keyring, now: int) -> list[Any]:
    return [now] if command.kind == uplink.SET_TIME else _decoded(arguments_for_machine(keyring, command))


def _encoded(args: list[Any]) -> bytes:
    return cbor.encode(args)


def _decoded(args: bytes) -> list[Any]:
    try:
        found = cbor.decode(args)
    except ProtocolError:
        return []  # damaged: the machine answers that it cannot make sense of it
    return found if isinstance(found, list) else []
