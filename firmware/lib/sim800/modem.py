"""The modem as its user sees it. What it does for a moment only (start, attach, send) brings its code along and gives
it back; what stays is the port, the state, and what unsolicited lines mean.
"""

import time

from borrowed import in_turns
from micropython import const

from sim800.port import Port

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gsm.pdu import StatusReport
    from machine import UART, Pin

    from sim800.stream import TcpStream

    Mark = tuple[str, int, int, int]  # sender, reference, parts, hash of this part's data
    OnSms = Callable[[StatusReport | None], None]

_MAX_REPORTS = const(4)  # delivery reports that wait to be read
SOFT_RESTART_AT = const(2)  # failures in a row, see sim800.bearer
POWER_CYCLE_AT = const(3)


class Modem:
    """One modem. Every method is bounded and raises a ModemError; one TCP connection at a time."""

    def __init__(
        self,
        uart: "UART",
        power_key: "Pin",
        power: "Pin | None" = None,
        status: "Pin | None" = None,
        baud: int = 115200,
        on_sms: "OnSms | None" = None,
        on_urc: "Callable[[bytes], None] | None" = None,
    ) -> None:
        """``power`` high = the supply is on; ``power_key`` high = the key is pressed; ``status`` high = it runs.

        ``on_sms(None)``: messages may wait, call receive_sms(). ``on_sms(report)``: what became of one of ours.
        """
        self.port = Port(uart, baud, self._heard)
        self.pins = (power_key, power, status)
        self.baud = baud
        self.on_sms = on_sms
        self._on_urc = on_urc
        self.state = "off"  # starting, no_sim, pin, searching, ready, attached
        self.starts = 0
        self.soft_restarts = 0
        self.brownouts = 0
        self.booted = False  # it said RDY
        self.undervoltage = False  # since the last start
        self.failures = 0  # in a row: which rung of the ladder is next
        self.refused_pin: str | None = None
        self.pin = ""
        self.registered = False
        self.attached = False
        self.stream: TcpStream | None = None
        self.signal_dbm = 0
        self.operator = ""
        self.network_time = 0  # Unix seconds; 0 = the network did not tell
        self.network_time_uptime = 0  # time.ticks_ms() when it was read
        self.sms_waiting = False
        self.sms_reference = 0
        self.reports: tuple[bytes, ...] = ()  # delivery reports as they came
        self.handled: tuple[int, ...] = ()  # places on the SIM whose messages were handed over
        self.joined: tuple[Mark, ...] = ()  # the parts of the message that was whole last

    @property
    def restarts(self) -> int:
        """How often it was started again, by its power or by a command."""
        return max(0, self.starts - 1) + self.soft_restarts

    async def start(self, pin: str = "") -> None:
        """Power, a fixed baud rate, settings, SIM, network. ModemSilent, NoSim, PinWrong, NotRegistered."""
        with await in_turns("sim800.bringup") as code:
            await code.start(self, pin)

    async def stop(self) -> None:
        """Off the network politely, then off its power."""
        with await in_turns("sim800.bringup") as code:
            await code.stop(self)

    async def refresh(self) -> None:
        """Ask for registration, signal, operator and the network's time."""
        with await in_turns("sim800.network") as code:
            await code.refresh(self)

    async def attach(self, apn: str, user: str = "", password: str = "") -> None:
        """GPRS. After failures in a row it begins with a higher rung of the recovery ladder."""
        with await in_turns("sim800.bearer") as code:
            await code.attach(self, apn, user, password)

    async def connect(self, host: str, port: int) -> "TcpStream":
        """A TCP connection. LinkLost: attach again. ConnectFailed: the server did not take it."""
        with await in_turns("sim800.bearer") as code:
            stream: TcpStream = await code.connect(self, host, port)
        return stream

    async def send_sms(self, number: str, data: bytes) -> int:
        """Gives the message's reference, which delivery reports name. The network has it then, nobody else yet."""
        with await in_turns("sim800.sms") as code:
            reference: int = await code.send(self, number, data)
        return reference

    async def receive_sms(self) -> "tuple[str, bytes] | None":
        """The next whole message as (sender, 8-bit data). It leaves the SIM at the next call, or at the next start."""
        with await in_turns("sim800.sms") as code:
            message: tuple[str, bytes] | None = await code.receive(self)
        return message

    def lose_link(self, why: bytes) -> None:
        """The bearer is gone, and with it the connection."""
        self.attached = False
        if self.state == "attached":
            self.state = "ready"
        if self.stream:
            self.stream.lose()
            self.stream = None
        self.port.lose_link(why)

    def gone(self) -> None:
        """It has no power, or went through a restart of its own: nothing of what it was told is left."""
        self.lose_link(b"CLOSED")
        self.port.close()
        self.registered = False
        self.state = "off"

    def set_network_time(self, unix_s: int) -> None:
        if unix_s:
            self.network_time = unix_s
            self.network_time_uptime = time.ticks_ms()  # type: ignore[assignment]

    def _heard(self, urc: bytes, body: bytes) -> None:
        """Unsolicited lines, from wherever they came."""
        if urc.startswith(b"+CIPRXGET: 1"):
            if self.stream:
                self.stream.arrived()
        elif urc == b"CLOSED":
            if self.stream:
                self.stream.closed()
            self.port.lose_link(urc)
        elif urc.startswith(b"+PDP: DEACT"):
            self.lose_link(urc)
        elif urc.startswith(b"+CMTI:"):
            self._tell_sms()
        elif urc.startswith(b"+CDS:"):
            if len(self.reports) < _MAX_REPORTS:
                self.reports += (body,)
            self._tell_sms()
        elif b"-VOLTAGE" in urc:
            self.brownouts += not self.undervoltage
            self.undervoltage = True
            if b"POWER" in urc:  # DOWN, or OFF as a SIM800C says
                self.gone()
        elif urc == b"SMS Ready":
            self._tell_sms()
        elif urc == b"RDY" and self.state == "starting":
            self.booted = True
        elif urc == b"RDY" or urc.startswith(b"NORMAL POWER"):
            self.gone()
        if self._on_urc:
            self._on_urc(urc)

    def _tell_sms(self) -> None:
        self.sms_waiting = True
        if self.on_sms:
            self.on_sms(None)
