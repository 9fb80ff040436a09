"""HTTP: the devices that are plugged into this server."""

from fastapi import APIRouter

from backoffice.accounts.access import AdministratorDep, IssuerDep
from backoffice.deps import NowDep, SessionDep
from backoffice.devices import contact, service
from backoffice.devices.schemas import DeviceCreate, DeviceRead, DeviceUpdate, HelloRead
from backoffice.models import Device
from backoffice.pagination import Page, PageDep, make_page
from backoffice.workshop import DeskIssuerDep, WorkshopDep

router = APIRouter(prefix="/api/v1/devices", tags=["devices"])


@router.get("")
def list_devices(_viewer: IssuerDep, session: SessionDep, workshop: WorkshopDep, page: PageDep) -> Page[DeviceRead]:
    """The devices by number, and who works with them."""
    holders = workshop.stations.holders()
    return make_page(service.page_of(session, page), page, lambda device: read(device, holders))


@router.post("", status_code=201)
def register_device(wanted: DeviceCreate, _viewer: AdministratorDep, session: SessionDep, now: NowDep) -> DeviceRead:
    """Make a port known."""
    return read(service.register(session, wanted, now), {})


@router.patch("/{device_id}")
def update_device(
    device_id: int, changes: DeviceUpdate, _viewer: AdministratorDep, session: SessionDep, workshop: WorkshopDep
) -> DeviceRead:
    """Another port, another name, another board in its place."""
    return read(service.update(session, device_id, changes), workshop.stations.holders())


@router.post("/{device_id}/hello")
def greet_device(device_id: int, viewer: DeskIssuerDep, workshop: WorkshopDep) -> HelloRead:
    """Ask who answers at the port and how it is."""
    with workshop.reading() as session:
        device = service.usable(session, device_id)
    hello, status = workshop.do(
        device,
        f"hello of {viewer.login}",
        lambda issuer: (contact.greet(workshop, issuer, device, blank_allowed=True), issuer.status()),
    )
    return HelloRead(
        role=hello.role,
        machine_id=hello.machine_id,
        epoch=hello.epoch,
        institution=hello.institution,
        authority=hello.authority.hex() if hello.authority else None,
        unique_id=hello.unique_id,
        firmware=hello.firmware,
        status=status,
    )


@router.post("/{device_id}/cancel", status_code=204)
def cancel_wait(device_id: int, _viewer: DeskIssuerDep, workshop: WorkshopDep) -> None:
    """End the device's wait for a card."""
    with workshop.reading() as session:
        device = service.usable(session, device_id)
    workshop.station(device).cancel_wait()


def read(device: Device, holders: dict[int, str]) -> DeviceRead:
    """A device as the API shows it."""
    return DeviceRead(**device.model_dump(exclude={"created_at"}), holder=holders.get(device.id or 0, ""))
