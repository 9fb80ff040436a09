"""Devices: which board belongs to which port, and the check that it is the one that answers."""

from collections.abc import Sequence

from sqlmodel import Session

from backoffice.devices import repository
from backoffice.devices.issuer import Hello
from backoffice.devices.schemas import DeviceCreate, DeviceUpdate
from backoffice.errors import AlreadyExists, InvalidInput, NotFound, WrongDevice, WrongState
from backoffice.models import Device, Machine
from backoffice.pagination import PageRequest

ALLOWED_SCHEMES = ("socket", "rfc2217")
"""pyserial knows more (spy:// writes files, hwgrep:// picks ports by pattern): a server needs none of them."""


def register(session: Session, wanted: DeviceCreate, now: int) -> Device:
    """Make a port known."""
    check_url(wanted.url)
    if repository.named_or_at(session, wanted.name, wanted.url) is not None:
        raise AlreadyExists("there is a device with this name or at this port")
    if wanted.machine_id is not None:
        machine = session.get(Machine, wanted.machine_id)
        if machine is None or machine.role != wanted.role:
            raise InvalidInput(f"there is no {wanted.role} with number {wanted.machine_id}")
    device = Device(**wanted.model_dump(), created_at=now)
    repository.add(session, device)
    return device


def update(session: Session, device_id: int, changes: DeviceUpdate) -> Device:
    """Another port, another name, or another board in its place."""
    device = get(session, device_id)
    if changes.url is not None:
        check_url(changes.url)
        device.url = changes.url
    if changes.name is not None:
        device.name = changes.name
    if changes.active is not None:
        device.active = changes.active
    if changes.forget_board:
        device.unique_id, device.machine_id = "", None
    session.add(device)
    session.flush()
    return device


def get(session: Session, device_id: int) -> Device:
    """One device."""
    device = session.get(Device, device_id)
    if device is None:
        raise NotFound(f"there is no device {device_id}")
    return device


def usable(session: Session, device_id: int, *roles: str) -> Device:
    """A device that may be worked with, of one of these roles."""
    device = get(session, device_id)
    if not device.active:
        raise WrongState("this device is switched off")
    if roles and device.role not in roles:
        raise WrongDevice(f"{device.name} is a {device.role}, this needs a {' or '.join(roles)}")
    return device


def page_of(session: Session, page: PageRequest) -> Sequence[Device]:
    """Devices by number."""
    return repository.page_of(session, page)


def check_url(url: str) -> None:
    """Only ports and the two network schemes that a terminal server speaks."""
    scheme, separator, _ = url.partition("://")
    if separator and scheme.lower() not in ALLOWED_SCHEMES:
        raise InvalidInput(f"only a serial port, {' or '.join(f'{name}://' for name in ALLOWED_SCHEMES)} is allowed")


def recognise(hello: Hello, device: Device, *, blank_allowed: bool = False) -> None:
    """Is this the board that belongs here? Raises WrongDevice before anything is written by or for another one."""
    if device.unique_id and hello.unique_id != device.unique_id:
        raise WrongDevice(f"board {hello.unique_id} answers at {device.name}, expected is {device.unique_id}")
    if hello.role is None:
        if not blank_allowed:
            raise WrongDevice(f"{device.name} is not initialised yet")
        return
    if hello.role != device.role:
        raise WrongDevice(f"{device.name} answers as a {hello.role}, expected is a {device.role}")
    if device.machine_id is not None and hello.machine_id is not None and hello.machine_id != device.machine_id:
        raise WrongDevice(f"machine {hello.machine_id} answers at {device.name}, expected is {device.machine_id}")


def remember(session: Session, device_id: int, hello: Hello) -> None:
    """Learn a new board's serial number."""
    device = get(session, device_id)
    if not device.unique_id:
        device.unique_id = hello.unique_id
        session.add(device)
