"""Reports by SMS: one sealed message of at most 140 bytes. That the network took it is not delivery: the entries stay
pending until a sealed answer has come to the inbox. Borrowed code.
"""

from borrowed import Borrowed, in_turns
from sim800.errors import ModemError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from transport import TransportError
    from uplink import Uplink


class SmsTransport:
    """One message at a time."""

    def __init__(self, loop: "Uplink") -> None:
        self._loop = loop
        self._number = loop.config.text("sms_number")

    async def exchange(self, message: bytes) -> bytes:
        """The network has it, or a TransportError; the second may be wrong. The answer comes some other time."""
        service = self._loop.modem
        assert service is not None
        await _count(self._loop)
        try:
            await service.modem.send_sms(self._number, message)
        except ModemError as error:
            raise _trouble(error, "sms_refused") from None
        return b""

    async def close(self) -> None:
        """There is no connection."""

    def drop(self) -> None:
        """Nor here."""


async def _count(loop: "Uplink") -> None:
    with await in_turns("sms_budget") as code:
        code.count(loop, take=True)


def _trouble(error: ModemError, otherwise: str) -> TransportError:
    with Borrowed("modem_trouble") as code:
        found: TransportError = code.transport_error(error, otherwise)
        return found


def make(loop: "Uplink") -> SmsTransport:
    """The transport of this machine."""
    return SmsTransport(loop)
