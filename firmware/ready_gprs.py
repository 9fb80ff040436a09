"""Into GPRS: Wi-Fi off, registered and attached, and stays so. Borrowed code, before that of the transport."""

from borrowed import Borrowed
from micropython import const
from sim800.errors import LinkLost, ModemError
from transport import TransportError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from uplink import Uplink

_ATTACH_TRIES = const(2)  # the driver climbs its recovery ladder from one to the next


async def ready(loop: "Uplink") -> None:
    """Registered and attached."""
    for name in ("server_host", "apn"):
        if not loop.config.text(name):
            raise TransportError("not_configured", name)
    loop.leave_wifi()  # the heap of Wi-Fi and of TLS over the modem do not fit at once
    service = loop.modem
    assert service is not None
    try:
        modem = await service.ready()
        if not modem.attached:
            await attach(loop)
    except ModemError as error:
        with Borrowed("modem_trouble") as code:
            raise code.transport_error(error, "gprs_refused") from None


async def attach(loop: "Uplink") -> None:
    """A bearer with an address. Raises ModemError, TransportError."""
    service, config = loop.modem, loop.config
    assert service is not None
    for attempt in range(_ATTACH_TRIES):
        try:
            await service.modem.attach(config.text("apn"), config.text("apn_user"), config.text("apn_password"))
            return
        except LinkLost as error:
            if attempt == _ATTACH_TRIES - 1:
                raise TransportError("gprs_refused", repr(error)) from None
