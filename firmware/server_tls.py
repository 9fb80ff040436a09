"""The server behind TLS: who may vouch for it is a setting, and without that nobody may. Borrowed code."""

from tls_pipe.client import Tls
from tls_pipe.dates import set_clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tls_pipe.plain import Pipe
    from uplink import Uplink


async def secured(loop: "Uplink", pipe: "Pipe") -> Tls:
    """The connection, protected; the handshake comes with the first write."""
    config = loop.config
    authority = config.octets("server_ca")
    set_clock(loop.device.clock.now(), authority)  # certificates have dates
    tls = Tls(pipe, config.text("server_name") or config.text("server_host"), authority)
    await tls.connect()
    return tls
