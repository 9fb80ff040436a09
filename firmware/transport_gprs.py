"""Reports over GPRS: the modem carries TCP, everything above it is ours. Attaches when it has to, and stays attached.
Borrowed code.
"""

import sys

from borrowed import Borrowed
from micropython import const
from server_transport import ServerTransport
from sim800.errors import LinkLost, ModemError
from transport import TransportError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sim800.modem import Modem
    from tls_pipe.plain import Pipe
    from uplink import Uplink

_ATTACH_TRIES = const(2)  # the driver climbs its recovery ladder from one to the next

ERRORS = (ModemError, OSError)


async def ready(loop: "Uplink") -> None:
    """Registered and attached."""
    if not loop.config.text("apn"):
        raise TransportError("not_configured", "apn")
    service = loop.modem
    assert service is not None
    try:
        modem = await service.ready()
        if not modem.attached:
            await _attach(loop, modem)
    except ModemError as error:
        raise trouble(error, "gprs_refused") from None


async def dial(loop: "Uplink", host: str, port: int) -> "Pipe":
    """The modem's one connection."""
    service = loop.modem
    assert service is not None
    if not service.modem.attached:
        await _attach(loop, service.modem)
    return await service.modem.connect(host, port)


def trouble(error: Exception, otherwise: str) -> TransportError:
    """What the modem's error means."""
    with Borrowed("modem_trouble") as code:
        found: TransportError = code.transport_error(error, otherwise)
        return found


async def _attach(loop: "Uplink", modem: "Modem") -> None:
    config = loop.config
    for attempt in range(_ATTACH_TRIES):
        try:
            await modem.attach(config.text("apn"), config.text("apn_user"), config.text("apn_password"))
            return
        except LinkLost as error:
            if attempt == _ATTACH_TRIES - 1:
                raise TransportError("gprs_refused", repr(error)) from None


def make(loop: "Uplink") -> ServerTransport:
    """The transport of this machine."""
    return ServerTransport(loop, sys.modules[__name__])
