"""Reports by SMS: one sealed message of at most 140 bytes. That the network took it is not delivery: the entries stay
pending until a sealed answer has come to the inbox. Borrowed code.
"""

from borrowed import Borrowed, in_turns
from sim800.errors import ModemError
from transport import TransportError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from uplink import Uplink


class SmsTransport:
    """One message at a time."""

    def __init__(self, loop: "Uplink") -> None:
        self._loop = loop
        self._number = loop.config.text("sms_number")

    async def open(self) -> None:
        """Is there anybody to send to, may it cost something, is the modem in a network?"""
        if not self._number:
            raise TransportError("not_configured", "sms_number")
        await self._count(take=False)
        service = self._loop.modem
        assert service is not None
        try:
            await service.ready()
        except ModemError as error:
            raise _trouble(error, "modem_silent") from None

    async def exchange(self, message: bytes) -> bytes:
        """The network has it, or a TransportError; the second may be wrong. The answer comes some other time."""
        service = self._loop.modem
        assert service is not None
        await self._count(take=True)
        try:
            await service.modem.send_sms(self._number, message)
        except ModemError as error:
            raise _trouble(error, "sms_refused") from None
        return b""

    async def close(self) -> None:
        """There is no connection."""

    def drop(self) -> None:
        """Nor here."""

    async def _count(self, take: bool) -> None:
        loop = self._loop
        urgent = loop.load.urgent_ms is not None
        with await in_turns("sms_budget") as code:
            try:
                path = loop.config.directory() + "/sms"
                budget = code.SmsBudget(
                    path, loop.config.number("sms_per_day"), loop.now_ms() // 1000, loop.day_began_s
                )
                loop.day_began_s = budget.began_s
                if not budget.allows(urgent):
                    raise TransportError("sms_cap_reached", "", budget.ends_s() * 1000)
                if take:
                    budget.take(urgent)
            except OSError as error:
                raise TransportError("sms_cap_reached", repr(error)) from None  # what cannot be counted is not sent


def _trouble(error: ModemError, otherwise: str) -> TransportError:
    with Borrowed("modem_trouble") as code:
        found: TransportError = code.transport_error(error, otherwise)
        return found


def make(loop: "Uplink") -> SmsTransport:
    """The transport of this machine."""
    return SmsTransport(loop)
