"""HTTP: the top authority. Every call that needs a card waits for it, within its own `timeout_ms`."""

from backoffice.accounts.access import AdministratorDep
from backoffice.authority import making, opening, provisioning, repository, service
from backoffice.authority.schemas import (
    DeviceProvision,
    DeviceProvisioned,
    MasterCreate,
    MasterMade,
    MasterRead,
    MasterRetire,
    SessionOpen,
    SessionRead,
)
from backoffice.deps import NowDep, SessionDep
from backoffice.devices import service as devices
from backoffice.machines import configuration
from backoffice.models import Card, Master
from backoffice.routing import Router
from backoffice.workshop import AtDeskDep, DeskAdministratorDep, DeskIssuerDep, Workshop, WorkshopDep

router = Router(prefix="/api/v1/authority", tags=["authority"])


@router.post("/master", status_code=201)
def make_master(
    wanted: MasterCreate, viewer: DeskAdministratorDep, workshop: WorkshopDep, at_desk: AtDeskDep
) -> MasterMade:
    """Make the one master card on a master-card issuer: put a blank card on its reader."""
    with workshop.reading() as session:
        device = devices.usable(session, wanted.device_id, "master_issuer")
    order = making.Order(wanted.pin, wanted.accept_weak_medium, viewer.user_id, wanted.timeout_ms)
    made = at_desk.do(
        device,
        f"{viewer.login} (master card)",
        lambda issuer: making.make_master(workshop, issuer, device, order),
    )
    return MasterMade(
        master_id=made.master_id, uid=made.uid.hex(), authority_key=made.authority_key.hex(), warning=made.warning
    )


@router.get("/master")
def list_masters(_viewer: AdministratorDep, session: SessionDep) -> list[MasterRead]:
    """The master card and the retired ones before it."""
    return [read(master, repository.card_of_master(session, master.id)) for master in repository.all_masters(session)]


@router.post("/master/{master_id}/retire")
def retire_master(
    master_id: int,
    why: MasterRetire,
    _viewer: AdministratorDep,
    session: SessionDep,
    workshop: WorkshopDep,
    now: NowDep,
) -> MasterRead:
    """Take the master card out of use, so that another one can be made. An open session ends."""
    master = service.retire_master(session, master_id, why.reason, now)
    workshop.room.close()
    return read(master, repository.card_of_master(session, master_id))


@router.post("/session", status_code=201)
def open_session(
    wanted: SessionOpen, viewer: DeskAdministratorDep, workshop: WorkshopDep, at_desk: AtDeskDep
) -> SessionRead:
    """Open the authority's session: put the master card on the reader."""
    with workshop.reading() as session:
        device = devices.usable(session, wanted.device_id, "master_issuer", "child_issuer")
    at_desk.do(
        device,
        f"{viewer.login} (authority)",
        lambda issuer: opening.open_authority(workshop, issuer, device, wanted.pin, viewer.user_id, wanted.timeout_ms),
    )
    return _session(workshop, viewer.user_id)


@router.get("/session")
def get_session(viewer: DeskIssuerDep, workshop: WorkshopDep) -> SessionRead:
    """Whether the authority may act now."""
    return _session(workshop, viewer.user_id)


@router.delete("/session")
def close_session(viewer: DeskAdministratorDep, workshop: WorkshopDep) -> SessionRead:
    """End the session now. Any administrator may."""
    workshop.room.close()
    return _session(workshop, viewer.user_id)


@router.post("/provision")
def provision_device(
    wanted: DeviceProvision, viewer: DeskAdministratorDep, workshop: WorkshopDep, at_desk: AtDeskDep
) -> DeviceProvisioned:
    """Initialise a device with the master card: put the card on that device's own reader."""
    with workshop.reading() as session:
        device = devices.usable(session, wanted.device_id)
    with workshop.room.use(viewer.user_id):
        pass  # ask before anybody walks to the device with the card
    target = at_desk.do(
        device,
        f"{viewer.login} (initialisation)",
        lambda issuer: provisioning.provision(
            workshop, issuer, device, wanted.machine_id, wanted.settings, viewer.user_id, wanted.timeout_ms
        ),
    )
    return DeviceProvisioned(
        machine_id=target.machine_id,
        role=target.role,
        epoch=target.epoch,
        institution=target.institution,
        settings=configuration.public(target.settings),
    )


def read(master: Master, card: Card | None) -> MasterRead:
    """A master card as the API shows it."""
    return MasterRead(
        **master.model_dump(include={"id", "state", "kdf", "created_at", "retired_at", "retired_reason"}),
        authority_key=master.authority_key.hex(),
        uid=card.uid if card else "",
        warning=card.warning if card else "",
    )


def _session(workshop: Workshop, user_id: int) -> SessionRead:
    authority = workshop.room.present()
    if authority is None:
        return SessionRead(open=False)
    return SessionRead(
        open=True,
        mine=authority.user_id == user_id,
        master_id=authority.master_id,
        opened_at=authority.opened_at,
        closes_at=authority.closes_at,
    )
