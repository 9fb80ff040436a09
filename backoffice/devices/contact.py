"""The first words with a device, before any work: who is there?"""

from backoffice.devices import service
from backoffice.devices.issuer import Hello, Issuer, Shown
from backoffice.errors import WrongCard, WrongDevice
from backoffice.models import Device
from backoffice.workshop import Workshop


def greet(workshop: Workshop, issuer: Issuer, device: Device, *, blank_allowed: bool = False) -> Hello:
    """Make sure that the expected board answers; learn its serial number the first time."""
    hello = issuer.hello()
    service.recognise(hello, device, blank_allowed=blank_allowed)
    if not device.unique_id:
        with workshop.begin() as session:
            service.remember(session, device.id or 0, hello)
    return hello


def require_authority(hello: Hello, authority_key: bytes) -> None:
    """The device must descend from the master card in use."""
    if hello.authority != authority_key:
        raise WrongDevice("this device was not initialised by the master card in use")


def wait_for(issuer: Issuer, kind: str, timeout_ms: int) -> Shown:
    """The card that a person was asked for. Raises WrongCard for another kind."""
    shown = issuer.wait_card(timeout_ms)
    if shown.kind != kind:
        raise WrongCard(f"a {kind} card is needed here, this is a {shown.kind} card", kind=shown.kind)
    return shown
