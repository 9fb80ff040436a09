"""Initialising a device with the master card: it learns whose it is, and gets its keys."""

from dataclasses import dataclass, field, replace
from typing import Any

from protocol import cbor, keys
from protocol.errors import ProtocolError
from protocol.orders import Order
from protocol.provisioning import ProvisioningMessage
from protocol.records import MasterRecord

from backoffice.authority import epochs, orders, signing
from backoffice.authority.keys import master_card_keys, store_institution_key
from backoffice.authority.session import Authority
from backoffice.devices import contact
from backoffice.devices.issuer import Hello, Issuer
from backoffice.errors import (
    BackOfficeError,
    CardNotGenuine,
    DeviceAnswerWrong,
    DeviceRefused,
    InvalidInput,
    WrongDevice,
    WrongState,
)
from backoffice.machines import configuration
from backoffice.machines import service as machines
from backoffice.machines.configuration import Value
from backoffice.machines.schemas import MachineRole
from backoffice.models import Device, Institution, Machine
from backoffice.tls import certificates
from backoffice.workshop import Workshop

NO_INSTITUTION = 0
MESSAGE_MAX_BYTES = 900
"""With the signature, in hex, it has to fit one line of the host link."""


@dataclass(frozen=True)
class Target:
    """The machine that the device is to become."""

    machine_id: int
    role: str
    institution: int
    epoch: int
    settings: dict[str, Value] = field(default_factory=dict)
    """How it reaches the server and how it behaves, what the server offers by itself included."""


def provision(
    workshop: Workshop,
    issuer: Issuer,
    device: Device,
    machine_id: int,
    settings: dict[str, Any],
    user_id: int,
    timeout_ms: int,
) -> Target:
    """The device chooses a nonce, reads the master card itself, and takes only what the authority signed for it."""
    hello = contact.greet(workshop, issuer, device, blank_allowed=True)
    _settle_earlier(workshop, hello, machine_id)
    target = replace(
        _target(workshop, device, hello, machine_id), settings=settings_for(workshop, device.role, settings)
    )
    nonce = issuer.begin_provisioning(target.role, target.machine_id, target.epoch)
    shown = contact.wait_for(issuer, "master", timeout_ms)
    read_key, _ = master_card_keys(workshop.context.keyring, shown.uid)
    record = issuer.read_master(shown.uid, read_key)
    lock = orders.lock_for(workshop, target.machine_id, target.epoch)
    with workshop.room.use(user_id) as authority:
        _require_our_master(authority, record)
        message, signature = _signed_message(authority, target, nonce)
        made = _keys(authority, target, lock)
    _store_keys(workshop, target, made)
    _commit(workshop, issuer, target, message, signature)
    _remember(workshop, device, issuer.hello(), target)
    return target


def _settle_earlier(workshop: Workshop, hello: Hello, machine_id: int) -> None:
    """An earlier attempt that ended in silence: the device says now which epoch it is in."""
    with workshop.begin() as session:
        for epoch in machines.offered_epochs(session, machine_id):
            if (hello.machine_id, hello.epoch) == (machine_id, epoch):
                epochs.begin(session, machine_id, epoch, workshop.now())
            elif _is_the_board(machines.find(session, machine_id), hello):
                machines.take_back_key(session, machine_id, epoch)


def _is_the_board(machine: Machine, hello: Hello) -> bool:
    return not machine.unique_id or machine.unique_id == hello.unique_id


def _target(workshop: Workshop, device: Device, hello: Hello, machine_id: int) -> Target:
    """Raises WrongDevice when this board is known as another machine, or this machine as another board."""
    with workshop.reading() as session:
        machine = machines.find(session, machine_id)
        elsewhere = machines.find_by_board(session, hello.unique_id)
        institution = session.get(Institution, machine.institution_id) if machine.institution_id is not None else None
        epoch = max(machine.epoch, machine.newest_epoch) + 1
    if machine.state == "retired":
        raise WrongState("this machine is retired")
    if machine.role != device.role:
        raise WrongDevice(f"machine {machine_id} is a {machine.role}, {device.name} is a {device.role}")
    if machine.unique_id and machine.unique_id != hello.unique_id:
        raise WrongDevice(f"machine {machine_id} is the board {machine.unique_id}, here answers {hello.unique_id}")
    if elsewhere is not None and elsewhere.id != machine_id:
        raise WrongDevice(f"this board is machine {elsewhere.id} already")
    code = institution.code if institution is not None else NO_INSTITUTION
    return Target(machine_id, machine.role, code, epoch)


def _require_our_master(authority: Authority, record: bytes) -> None:
    """The device believes the card in its field; what we sign counts only if that is our card."""
    try:
        found = MasterRecord.decode(record)
    except ProtocolError as error:
        raise CardNotGenuine("the card in the device's field holds no master record") from error
    if found.authority_key != authority.authority_key:
        raise CardNotGenuine("the card in the device's field is not the master card in use")


def settings_for(workshop: Workshop, role: str, given: dict[str, Any]) -> dict[str, Value]:
    """What was given, and for a swipe machine what this server knows: whom to trust, its name, its phone number."""
    offered: dict[str, Value] = {}
    known = workshop.context.settings
    if role == MachineRole.SWIPE.value and known.sms_number and "sms_number" not in given:
        offered["sms_number"] = known.sms_number
    if role == MachineRole.SWIPE.value and known.tls_ca is not None and given.get("server_tls") is not False:
        offered |= {"server_tls": True, "server_ca": certificates.authority_der(known.tls_ca)}
        names = certificates.names_of(known.tls_certificate) if known.tls_certificate is not None else []
        offered |= {"server_name": names[0]} if names else {}
    wanted = offered | given
    return configuration.checked(wanted) if wanted else {}


def _signed_message(authority: Authority, target: Target, nonce: bytes) -> tuple[bytes, bytes]:
    secret = authority.secret.reveal()
    try:
        message = ProvisioningMessage(
            nonce,
            target.role,
            target.machine_id,
            target.epoch,
            target.institution,
            authority.authority_key,
            keys.machine_key(secret, target.machine_id, target.epoch),
            keys.institution_key(secret, target.institution),
            dict(target.settings),
        )
        encoded = message.encode()
        if len(encoded) > MESSAGE_MAX_BYTES:
            raise InvalidInput("these settings take too much room here: give the machine the longest ones as an order")
        return encoded, signing.sign(keys.authority_scalar(secret), message.body())
    except ProtocolError as error:
        raise InvalidInput(f"these settings cannot be sent: {error}") from error


@dataclass(frozen=True)
class Keys:
    """What the server keeps of an initialisation."""

    master_id: int
    machine: bytes
    institution: bytes
    lock_args: bytes
    """The lock that holds on in the new epoch, signed; empty when the machine is not locked."""


def _keys(authority: Authority, target: Target, lock: Order | None) -> Keys:
    secret = authority.secret.reveal()
    return Keys(
        authority.master_id,
        keys.machine_key(secret, target.machine_id, target.epoch),
        keys.institution_key(secret, target.institution),
        cbor.encode(orders.sign(authority, lock).arguments()) if lock is not None else b"",
    )


def _store_keys(workshop: Workshop, target: Target, made: Keys) -> None:
    """Before the device has them: a machine whose key nobody knows could never report."""
    keyring, now = workshop.context.keyring, workshop.now()
    with workshop.begin() as session:
        machines.offer_key(session, keyring, target.machine_id, target.epoch, made.machine, now, made.lock_args)
        if target.institution != NO_INSTITUTION:
            store_institution_key(session, keyring, made.master_id, target.institution, made.institution, now)


def _commit(workshop: Workshop, issuer: Issuer, target: Target, message: bytes, signature: bytes) -> None:
    """Tell the device; when its answer is lost or makes no sense, ask it what it is now.

    When even that has no answer, nobody knows: the key stays, not in use, until the device reports with it or is asked.
    """
    try:
        committed = issuer.commit_provisioning(message, signature)
    except DeviceRefused:
        _take_back(workshop, target)
        raise
    except BackOfficeError:
        if not _has_it(issuer.hello(), target):
            _take_back(workshop, target)
            raise
        committed = target.machine_id
    if committed != target.machine_id:
        raise DeviceAnswerWrong(f"the device calls itself machine {committed} after it became {target.machine_id}")


def _take_back(workshop: Workshop, target: Target) -> None:
    """The device kept its earlier epoch. The new epoch's number is spent: the next attempt takes the one after."""
    with workshop.begin() as session:
        machines.take_back_key(session, target.machine_id, target.epoch)


def _has_it(hello: Hello, target: Target) -> bool:
    return (hello.machine_id, hello.epoch) == (target.machine_id, target.epoch)


def _remember(workshop: Workshop, device: Device, hello: Hello, target: Target) -> None:
    if not _has_it(hello, target) or hello.role != target.role:
        raise DeviceAnswerWrong("the device does not say that it is what it was made")
    with workshop.begin() as session:
        machine: Machine = machines.find(session, target.machine_id)
        machine.unique_id, machine.firmware = hello.unique_id, hello.firmware[:32]
        stored = session.get_one(Device, device.id)
        stored.machine_id, stored.unique_id = target.machine_id, hello.unique_id
        epochs.begin(session, target.machine_id, target.epoch, workshop.now())
