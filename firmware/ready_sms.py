"""Is there anybody to send short messages to, may they cost something, is the modem in a network? Borrowed code, before
that of the transport.
"""

from borrowed import Borrowed, in_turns
from sim800.errors import ModemError
from transport import TransportError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from uplink import Uplink


async def ready(loop: "Uplink") -> None:
    """Registered."""
    if not loop.config.text("sms_number"):
        raise TransportError("not_configured", "sms_number")
    await _count(loop)
    service = loop.modem
    assert service is not None
    try:
        await service.ready()
    except ModemError as error:
        with Borrowed("modem_trouble") as code:
            raise code.transport_error(error, "modem_silent") from None


async def _count(loop: "Uplink") -> None:
    with await in_turns("sms_budget") as code:
        code.count(loop, take=False)
