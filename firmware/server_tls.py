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
    # Certificates have dates. Not the phone network's time: a false one, years ahead, would make every server's an old
    # one, and the clock that TLS looks at is never moved back.
    set_clock(loop.device.clock.earliest() or 0, authority)
    tls = Tls(pipe, config.text("server_name") or config.text("server_host"), authority)
    await tls.connect(loop.tls_room)
    return tls
