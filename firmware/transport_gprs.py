"""Reports over GPRS: the modem carries TCP, everything above it is ours. Borrowed code."""

from micropython import const
from modem_trouble import transport_error
from server_transport import ServerTransport
from sim800.errors import LinkLost, ModemError
from transport import TransportError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sim800.modem import Modem
    from tls_pipe.plain import Pipe
    from uplink import Uplink

_ATTACH_TRIES = const(2)  # the driver climbs its recovery ladder from one to the next


class GprsTransport(ServerTransport):
    """Attaches when it has to, and stays attached."""

    errors = (ModemError, OSError)

    async def ready(self) -> None:
        """Registered and attached."""
        if not self.config.text("apn"):
            raise TransportError("not_configured", "apn")
        service = self.loop.modem
        assert service is not None
        try:
            modem = await service.ready()
        except ModemError as error:
            raise transport_error(error, "modem_silent") from None
        if not modem.attached:
            await self._attach(modem)

    async def dial(self, host: str, port: int) -> "Pipe":
        """The modem's one connection."""
        service = self.loop.modem
        assert service is not None
        if not service.modem.attached:
            await self._attach(service.modem)
        try:
            return await service.modem.connect(host, port)
        except ModemError as error:
            raise transport_error(error, "no_server") from None

    def trouble(self, error: Exception) -> TransportError:
        """The bearer or the connection went away under it."""
        if isinstance(error, ModemError):
            return transport_error(error, "link_lost")
        return super().trouble(error)

    async def _attach(self, modem: "Modem") -> None:
        config = self.config
        for attempt in range(_ATTACH_TRIES):
            try:
                await modem.attach(config.text("apn"), config.text("apn_user"), config.text("apn_password"))
                return
            except LinkLost as error:
                if attempt == _ATTACH_TRIES - 1:
                    raise TransportError("gprs_refused", repr(error)) from None
            except ModemError as error:
                raise transport_error(error, "gprs_refused") from None


def make(loop: "Uplink") -> GprsTransport:
    """The transport of this machine."""
    return GprsTransport(loop)
