"""Reports over GPRS: the modem carries TCP, everything above it is ours. Attaches when it has to, and stays attached.
Borrowed code.
"""

import sys

from borrowed import Borrowed, in_turns
from server_transport import ServerTransport
from sim800.errors import ModemError
from transport import TransportError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tls_pipe.plain import Pipe
    from uplink import Uplink

ERRORS = (ModemError, OSError)


async def dial(loop: "Uplink", host: str, port: int) -> "Pipe":
    """The modem's one connection."""
    service = loop.modem
    assert service is not None
    if not service.modem.attached:
        await _attach(loop)
    return await service.modem.connect(host, port)


def trouble(error: Exception, otherwise: str) -> TransportError:
    """What the modem's error means."""
    with Borrowed("modem_trouble") as code:
        found: TransportError = code.transport_error(error, otherwise)
        return found


async def _attach(loop: "Uplink") -> None:
    with await in_turns("ready_gprs") as code:
        await code.attach(loop)


def make(loop: "Uplink") -> ServerTransport:
    """The transport of this machine."""
    return ServerTransport(loop, sys.modules[__name__])
