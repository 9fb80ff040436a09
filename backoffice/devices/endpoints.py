"""HTTP: the devices that are plugged into this server."""

from dataclasses import asdict

from backoffice.accounts.access import AdministratorDep, IssuerDep
from backoffice.deps import NowDep, SessionDep
from backoffice.devices import contact, service, service_card
from backoffice.devices.schemas import (
    DeviceCreate,
    DeviceRead,
    DeviceUpdate,
    HelloRead,
    ServiceCardBlank,
    ServiceCardMachine,
    ServiceCardMade,
    ServiceCardRead,
    ServiceCardTrouble,
    ServiceCardWanted,
)
from backoffice.models import Device
from backoffice.pagination import Page, PageDep, make_page
from backoffice.routing import Router
from backoffice.workshop import AtDeskDep, DeskIssuerDep, Workshop, WorkshopDep

ISSUERS = ("master_issuer", "child_issuer")

router = Router(prefix="/api/v1/devices", tags=["devices"])


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
def greet_device(device_id: int, viewer: DeskIssuerDep, workshop: WorkshopDep, at_desk: AtDeskDep) -> HelloRead:
    """Ask who answers at the port and how it is."""
    with workshop.reading() as session:
        device = service.usable(session, device_id)
    hello, status = at_desk.do(
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


@router.post("/{device_id}/service-card")
def exchange_service_card(
    device_id: int, wanted: ServiceCardWanted, viewer: DeskIssuerDep, workshop: WorkshopDep, at_desk: AtDeskDep
) -> ServiceCardRead:
    """Take the reports from a service card, write answers and orders back onto it."""
    device = _issuer(workshop, device_id)
    visit = at_desk.do(
        device,
        f"{viewer.login} (service card)",
        lambda issuer: service_card.exchange(workshop, issuer, device, wanted.timeout_ms, wanted.machine_ids),
    )
    return read_visit(visit)


@router.post("/{device_id}/service-card/format")
def make_service_card(
    device_id: int, wanted: ServiceCardBlank, viewer: DeskIssuerDep, workshop: WorkshopDep, at_desk: AtDeskDep
) -> ServiceCardMade:
    """Make a blank card a service card, or empty one with all that is on it."""
    device = _issuer(workshop, device_id)
    uid, store_bytes = at_desk.do(
        device,
        f"{viewer.login} (service card)",
        lambda issuer: service_card.make(workshop, issuer, device, wanted.timeout_ms),
    )
    return ServiceCardMade(uid=uid.hex(), store_bytes=store_bytes)


@router.post("/{device_id}/cancel", status_code=204)
def cancel_wait(device_id: int, _viewer: DeskIssuerDep, workshop: WorkshopDep) -> None:
    """End the device's wait for a card."""
    with workshop.reading() as session:
        device = service.usable(session, device_id)
    workshop.station(device).cancel_wait()


def read_visit(visit: service_card.Visit) -> ServiceCardRead:
    """A service card that was at the desk, as the API shows it."""
    machines = [ServiceCardMachine(**asdict(visit.machines[number])) for number in sorted(visit.machines)]
    return ServiceCardRead(
        uid=visit.uid.hex(),
        medium=visit.medium,
        machines=machines,
        reports=sum(machine.reports for machine in machines),
        entries=sum(machine.entries for machine in machines),
        errors=[ServiceCardTrouble(**asdict(trouble)) for trouble in visit.errors],
        room_bytes=visit.room_bytes,
    )


def _issuer(workshop: Workshop, device_id: int) -> Device:
    with workshop.reading() as session:
        return service.usable(session, device_id, *ISSUERS)


def read(device: Device, holders: dict[int, str]) -> DeviceRead:
    """A device as the API shows it."""
    return DeviceRead(**device.model_dump(exclude={"created_at"}), holder=holders.get(device.id or 0, ""))
