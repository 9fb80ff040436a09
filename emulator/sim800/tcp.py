"""TCP connections of the toolkit (manual chapter 8), one at a time (AT+CIPMUX=0)."""

from typing import TYPE_CHECKING, Final

from emulator.phone.channel import Channel
from emulator.sim800.at import LATER, NOT_ALLOWED, OK, CmeError, Handler, Kind, Reply, Request, says
from emulator.sim800.bearer import Bearer, State
from emulator.sim800.faults import ModemFaults
from emulator.sim800.interpreter import Interpreter, settings_command
from emulator.sim800.radio import Radio
from emulator.sim800.serial import Serial
from emulator.sim800.timers import Timers
from emulator.sim800.timings import Timings

if TYPE_CHECKING:
    from emulator.world import World

MAX_SEND_BYTES: Final = 1460
MAX_READ_BYTES: Final = 1460
MAX_HEX_BYTES: Final = 730
CTRL_Z, ESCAPE = 0x1A, 0x1B
REMEMBERED: Final = {
    "+CIPMODE": "(0,1)",
    "+CIPSPRT": "(0-2)",
    "+CIPSRIP": "(0,1)",
    "+CIPATS": "(0,1),(1-100)",
    "+CIPTKA": "(0,1),(30-7200),(30-600),(1-9)",
    "+CIPDPDP": "(0-1),(1-180),(1-10)",
    "+CGACT": "(0,1)",
}
TEXTS: Final = {"+CIPCSGP": "0-CSD,1-GPRS", "+CDNSCFG": '("Primary DNS"),("Secondary DNS")'}


CAN_CONNECT: Final = (State.INITIAL, State.GPRSACT, State.STATUS, State.CLOSED)


class Entry:
    """Data after AT+CIPSEND's prompt: a known number of bytes, or up to Ctrl-Z."""

    def __init__(self, tcp: "Tcp", length: int | None) -> None:
        self._tcp = tcp
        self._length = length
        self._data = bytearray()

    def feed(self, byte: int) -> bool:
        if self._length is None and byte in (CTRL_Z, ESCAPE):
            if byte == ESCAPE:
                self._data.clear()
            return False
        self._data.append(byte)
        return len(self._data) < (self._length or MAX_SEND_BYTES)

    def complete(self) -> None:
        self._tcp.entered(bytes(self._data))


class Tcp:
    def __init__(
        self,
        world: "World",
        serial: Serial,
        interpreter: Interpreter,
        radio: Radio,
        bearer: Bearer,
        timers: Timers,
        timings: Timings,
        faults: ModemFaults,
    ) -> None:
        self._world = world
        self._serial = serial
        self._interpreter = interpreter
        self._radio = radio
        self._bearer = bearer
        self._timers = timers
        self._timings = timings
        self._faults = faults
        self._channel: Channel | None = None
        self._values: dict[str, str] = {}
        self._buffer = bytearray()
        self._manual = False  # AT+CIPRXGET=1
        self._told = False  # that data waits
        self._quick = False  # AT+CIPQSEND
        self._head = False  # AT+CIPHEAD
        self._sent_bytes = 0
        self._peer = ("", 0)
        self._sending: Channel | None = None

    @property
    def commands(self) -> dict[str, Handler]:
        numbers = {name: settings_command(self._values, name, allowed) for name, allowed in REMEMBERED.items()}
        texts = {name: settings_command(self._values, name, allowed, before="") for name, allowed in TEXTS.items()}
        return (
            numbers
            | texts
            | {
                "+CIPSTART": self._cipstart,
                "+CIPSEND": self._cipsend,
                "+CIPQSEND": self._cipqsend,
                "+CIPCLOSE": self._cipclose,
                "+CIPRXGET": self._ciprxget,
                "+CIPHEAD": self._ciphead,
                "+CIPACK": self._cipack,
            }
        )

    def boot(self) -> None:
        self.drop()
        self._sending = None
        self._values.clear()
        self._manual = self._quick = self._head = False

    # --- what happens by itself ----------------------------------------------------------------------------------

    def received(self, data: bytes) -> None:
        """From the network."""
        self._radio.burst()
        if self._channel is None:
            return
        if not self._manual:
            self._channel.taken(len(data))
            self._serial.send((b"\r\n+IPD,%d:" % len(data) if self._head else b"") + data)
            return
        self._buffer += data
        if not self._told:
            self._told = True
            self._interpreter.urc("+CIPRXGET: 1")

    def ended(self) -> None:
        """The peer closed: what it sent before can still be read."""
        self._channel = None
        if self._bearer.state is State.CONNECTED:
            self._bearer.state = State.CLOSED
            self._interpreter.urc("CLOSED")

    # --- a connection --------------------------------------------------------------------------------------------

    def _cipstart(self, request: Request) -> Reply | None:
        if request.kind is Kind.TEST:
            return says('+CIPSTART: ("TCP","UDP"),("(0-255).(0-255).(0-255).(0-255)"),(1-65535)')
        if self._bearer.state in (State.CONNECTED, State.CONNECTING):
            return Reply((), "ALREADY CONNECT")
        if self._bearer.state not in CAN_CONNECT or request.text(0).upper() != "TCP":
            raise CmeError(NOT_ALLOWED)
        self._peer = (request.text(1), request.number(2, 1, 65_535))
        without_context = self._bearer.state is State.INITIAL
        self.drop()
        self._bearer.state = State.CONNECTING
        latency_ms = sum(self._world.phone.gprs.faults.latency_ms)
        self._timers.after_ms(self._timings.connect + latency_ms, lambda: self._connect(without_context))
        return OK

    def _connect(self, without_context: bool) -> None:
        self._radio.burst()
        if self._bearer.state is not State.CONNECTING:
            return
        if not without_context or self._bearer.bring_up():
            self._channel = self._world.phone.gprs.connect(*self._peer, self)
        if self._channel is None:
            self._bearer.state = State.CLOSED
            self._interpreter.urc("STATE: TCP CLOSED")
            self._interpreter.urc("CONNECT FAIL")
            return
        self._bearer.state = State.CONNECTED
        self._sent_bytes = 0
        self._interpreter.urc("CONNECT OK")

    def _cipclose(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return says("+CIPCLOSE: (0,1)")
        if self._bearer.state is not State.CONNECTED:
            raise CmeError(NOT_ALLOWED)
        self.drop()
        self._bearer.state = State.CLOSED
        return Reply((), "CLOSE OK")

    def drop(self) -> None:
        """The connection is gone, with what was not fetched."""
        if self._channel:
            self._channel.close()
        self._channel = None
        self._buffer.clear()
        self._told = False

    # --- data out --------------------------------------------------------------------------------------------------

    def _cipsend(self, request: Request) -> Reply | None:
        if request.kind is Kind.TEST:
            return says("+CIPSEND: <length>")
        if request.kind is Kind.READ:
            return says(f"+CIPSEND: {MAX_SEND_BYTES}")
        if self._bearer.state is not State.CONNECTED or self._channel is None:
            raise CmeError(NOT_ALLOWED)
        length = request.number(0, 1, MAX_SEND_BYTES) if request.kind is Kind.SET else None
        self._channel.hold()
        self._serial.prompt(Entry(self, length))
        self._interpreter.stray_urc()
        return LATER

    def entered(self, data: bytes) -> None:
        """All of it was typed."""
        channel = self._channel
        if not data:
            if channel:
                channel.release()
            self._interpreter.finish(Reply((), "SEND FAIL" if channel is None else "OK"))
            return
        self._radio.burst()
        if self._channel is None or self._faults.failed_sends:
            self._faults.failed_sends = max(0, self._faults.failed_sends - 1)
            self._interpreter.finish(Reply((), "SEND FAIL"))
        elif self._faults.swallowed_sends:
            self._faults.swallowed_sends -= 1
            self._channel.release()
            self._sent(len(data))
        else:
            self._sending = self._channel
            self._channel.send(data, lambda: self._gone(channel, len(data)))

    def _gone(self, channel: Channel | None, length: int) -> None:
        if channel is not self._sending or channel is None:
            return  # the modem lost its power meanwhile
        self._sending = None
        if channel is not self._channel:
            self._interpreter.finish(Reply((), "SEND FAIL"))
        else:
            self._sent(length)

    def _sent(self, length: int) -> None:
        self._sent_bytes += length
        self._interpreter.finish(Reply((), f"DATA ACCEPT:{length}" if self._quick else "SEND OK"))

    def _cipqsend(self, request: Request) -> Reply:
        if request.kind is Kind.SET:
            self._quick = bool(request.number(0, 0, 1))
            return OK
        return says("+CIPQSEND: (0,1)" if request.kind is Kind.TEST else f"+CIPQSEND: {int(self._quick)}")

    def _cipack(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return OK
        return says(f"+CIPACK: {self._sent_bytes},{self._sent_bytes},0")

    # --- data in ---------------------------------------------------------------------------------------------------

    def _ciprxget(self, request: Request) -> Reply:
        """Modes 0 and 1 choose; 2 reads, 3 reads as hexadecimal, 4 tells how much there is (8.2.26)."""
        if request.kind is Kind.TEST:
            return says("+CIPRXGET: (0-4),(1-1460)")
        if request.kind is Kind.READ:
            return says(f"+CIPRXGET: {int(self._manual)}")
        mode = request.number(0, 0, 4)
        if mode < 2:
            if self._bearer.state in (State.CONNECTED, State.CONNECTING):
                raise CmeError(NOT_ALLOWED)
            self._manual = bool(mode)
            return OK
        if not self._manual or (self._bearer.state is not State.CONNECTED and not self._buffer):
            raise CmeError(NOT_ALLOWED)
        if mode == 4:
            return says(f"+CIPRXGET: 4,{len(self._buffer)}")
        limit = MAX_HEX_BYTES if mode == 3 else MAX_READ_BYTES
        return self._read(mode, request.number(1, 1, limit, default=limit))

    def _read(self, mode: int, length: int) -> Reply:
        data = bytes(self._buffer[:length])
        del self._buffer[:length]
        if not self._buffer:
            self._told = False
        if self._channel:
            self._channel.taken(len(data))
        self._interpreter.say(f"+CIPRXGET: {mode},{len(data)},{len(self._buffer)}")
        self._interpreter.say_data(data if mode == 2 else data.hex().upper().encode())
        return OK

    def _ciphead(self, request: Request) -> Reply:
        if request.kind is Kind.SET:
            self._head = bool(request.number(0, 0, 1))
            return OK
        return says("+CIPHEAD: (0,1)" if request.kind is Kind.TEST else f"+CIPHEAD: {int(self._head)}")
