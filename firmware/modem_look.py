"""A look at the modem that nobody uses at the moment: it may have died without a word, and somebody may write to us.
Borrowed code.
"""

from sim800.errors import ModemError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from uplink import Uplink


async def run(loop: "Uplink") -> None:
    """Started again if need be; what came meanwhile is in the inbox then. The next look is in a while, whatever this
    one found: a supply that breaks down is not worn out further."""
    service = loop.modem
    assert service is not None
    try:
        await service.ready()
    except ModemError as error:
        loop.last_error = "modem: " + repr(error)
