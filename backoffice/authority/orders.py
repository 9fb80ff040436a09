"""Locking and unlocking machines: it stops a clinic, so the top authority signs it, in its open session.

A lock that was ordered holds across a new provisioning: the order is signed anew for the new epoch.
"""

from protocol import keys, orders, uplink
from sqlmodel import Session

from backoffice.accounts.roles import Viewer
from backoffice.authority import signing
from backoffice.authority.session import Authority
from backoffice.commands import repository as rows
from backoffice.commands import service as commands
from backoffice.errors import InvalidInput, WrongState
from backoffice.machines import service as machines
from backoffice.machines.schemas import MachineState
from backoffice.models import Machine, MachineCommand
from backoffice.workshop import Workshop

TEXT = "text"
WORDS = {uplink.LOCK: "locked", uplink.UNLOCK: "active"}


def lock(workshop: Workshop, viewer: Viewer, machine_id: int, text: str) -> MachineCommand:
    """Stop a machine from granting exams; the text is for its screen. Raises InvalidInput, AuthorityClosed."""
    if len(text.encode()) > orders.MAX_TEXT_BYTES or not text.isprintable():
        raise InvalidInput(f"the text has {orders.MAX_TEXT_BYTES} bytes that can be printed, at most", setting=TEXT)
    return _order(workshop, viewer, machine_id, uplink.LOCK, text)


def unlock(workshop: Workshop, viewer: Viewer, machine_id: int) -> MachineCommand:
    """Let a locked machine grant exams again. Raises AuthorityClosed."""
    return _order(workshop, viewer, machine_id, uplink.UNLOCK, "")


def sign(authority: Authority, order: orders.Order) -> orders.Order:
    """The order with the authority's signature."""
    order.signature = signing.sign(keys.authority_scalar(authority.secret.reveal()), order.body())
    return order


def lock_for(workshop: Workshop, machine_id: int, epoch: int) -> orders.Order | None:
    """The same lock for a new epoch, to be signed; None when the machine is not locked."""
    with workshop.reading() as session:
        machine = machines.find(session, machine_id)
        if machine.state != MachineState.LOCKED.value:
            return None
        number, last = (
            _next_number(session, machine_id, workshop.now()),
            rows.last_signed(session, machine_id, machine.epoch),
        )
    text = str(commands.arguments_of(last)[-1]) if last is not None else ""
    return orders.Order(machine_id, epoch, uplink.LOCK, number, text)


def _order(workshop: Workshop, viewer: Viewer, machine_id: int, kind: int, text: str) -> MachineCommand:
    """Signed first, then stored in a transaction of its own: an open session may be busy at a card reader."""
    with workshop.reading() as session:
        machine = _ready(session, machine_id, kind)
        number = _next_number(session, machine_id, workshop.now())
    with workshop.room.use(viewer.user_id) as authority:
        signed = sign(authority, orders.Order(machine_id, machine.epoch, kind, number, text))
    with workshop.begin() as session:
        return _store(session, workshop, viewer, signed)


def _store(session: Session, workshop: Workshop, viewer: Viewer, signed: orders.Order) -> MachineCommand:
    machine = _ready(session, signed.machine_id, signed.kind)
    if machine.epoch != signed.epoch or rows.last_order_number(session, machine.id) >= signed.number:
        raise WrongState("the machine was provisioned or ordered something else meanwhile: try again")
    now = workshop.now()
    command = commands.order(session, viewer, machine.id, signed.kind, signed.arguments(), now, number=signed.number)
    workshop.context.broker.publish_after_commit(session, commands.changed(machine, command))
    workshop.context.sms.push(session, machine.id, urgent=True)
    return command


def _ready(session: Session, machine_id: int, kind: int) -> Machine:
    machine = commands.usable(session, machine_id)
    if machine.epoch == 0:
        raise WrongState("the machine was never provisioned: it knows no authority yet")
    if machine.state == WORDS[kind]:
        raise WrongState(f"the machine is {machine.state} already")
    return machine


def _next_number(session: Session, machine_id: int, now: int) -> int:
    return max(now, rows.last_order_number(session, machine_id) + 1)
