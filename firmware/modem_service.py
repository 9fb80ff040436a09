"""The modem, while a link needs it: started when somebody wants to use it, shared by GPRS and SMS, switched off when
the links that need it are not in use any more. Borrowed code, kept as long as the modem has power.

Its errors are the driver's; what they mean for the choice of links, modem_trouble.py says.
"""

import sim800.modem  # noqa: F401 (here, so that it goes when this goes)
from borrowed import Borrowed
from micropython import const
from sim800.errors import ModemError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gsm.pdu import StatusReport
    from sim800.modem import Modem
    from uplink import Uplink

_REFRESH_MS = const(600000)  # signal, operator and time are asked for again after this


class ModemService:
    """One start of the modem."""

    def __init__(self, loop: "Uplink", code: Borrowed) -> None:
        """``code`` is what brought this module: it goes with the modem."""
        self._loop = loop
        self._code = code
        self.modem: Modem = loop.device.make_modem(self._heard)
        self.has_mail = False
        self.look_ms = 0  # uptime, when to see again whether it lives, and what the network is like

    async def ready(self) -> "Modem":
        """Running and registered, or a ModemError. One that runs is left as it is."""
        modem, config = self.modem, self._loop.config
        starts = modem.restarts + modem.starts
        if modem.state not in ("ready", "attached") or modem.failures or self._loop.now_ms() >= self.look_ms:
            self.look_ms = self._loop.now_ms() + _REFRESH_MS
            modem.network_time = 0  # what it said before it lost the time is old by now
            await modem.start(config.text("sim_pin"))
            await modem.refresh()
            if modem.network_time:
                self._loop.device.clock.network(modem.network_time)
        if modem.restarts + modem.starts != starts:
            self.has_mail = True  # nothing announces what came while it was off
        return modem

    async def next_sms(self) -> bytes | None:
        """The next message's data, whoever sent it: what is in it has to prove itself. It leaves the SIM at the next
        call."""
        self.has_mail = False
        try:
            message = await self.modem.receive_sms()
        except ModemError as error:
            self._loop.last_error = "sms: " + repr(error)
            return None  # it stays on the SIM; a later message, or the next start, brings it
        self.has_mail = message is not None
        return message[1] if message is not None else None

    async def stop(self) -> None:
        """Off the network, off its power, out of memory."""
        try:
            await self.modem.stop()
        finally:
            self.cut()

    def cut(self) -> None:
        """The same at once."""
        self.modem.gone()
        for pin in self.modem.pins[:2]:
            if pin is not None:
                pin(0)
        self._code.give_back()

    def _heard(self, report: "StatusReport | None") -> None:
        """A short message waits. What became of one of ours is not asked: only a sealed answer counts."""
        if report is None and not self.has_mail:
            self.has_mail = True
            self._loop.device.reported.set()
