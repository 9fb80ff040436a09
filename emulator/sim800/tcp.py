"""The TCP/IP toolkit (manual chapter 8), one connection at a time (AT+CIPMUX=0)."""

from enum import Enum
from typing import TYPE_CHECKING, Final

from emulator.phone.channel import Channel
from emulator.phone.terminal import Terminal
from emulator.sim800.at import LATER, NOT_ALLOWED, OK, AtError, CmeError, Handler, Kind, Reply, Request, says
from emulator.sim800.faults import ModemFaults
from emulator.sim800.general import General
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
LOCAL_ADDRESS: Final = "10.72.13.5"
REMEMBERED: Final = {
    "+CIPMODE": "(0,1)",
    "+CIPSPRT": "(0-2)",
    "+CIPSRIP": "(0,1)",
    "+CIPATS": "(0,1),(1-100)",
    "+CIPTKA": "(0,1),(30-7200),(30-600),(1-9)",
    "+CIPCSGP": "0-CSD,1-GPRS",
    "+CDNSCFG": '("Primary DNS"),("Secondary DNS")',
    "+CIPDPDP": "(0-1),(1-180),(1-10)",
    "+CGACT": "(0,1)",
}


class State(Enum):
    """What AT+CIPSTATUS says (8.2.12)."""

    INITIAL = "IP INITIAL"
    START = "IP START"
    CONFIG = "IP CONFIG"
    GPRSACT = "IP GPRSACT"
    STATUS = "IP STATUS"
    CONNECTING = "TCP CONNECTING"
    CONNECTED = "CONNECT OK"
    CLOSING = "TCP CLOSING"
    CLOSED = "TCP CLOSED"
    DEACT = "PDP DEACT"


CAN_CONNECT: Final = (State.INITIAL, State.GPRSACT, State.STATUS, State.CLOSED)
HAS_ADDRESS: Final = (State.GPRSACT, State.STATUS, State.CONNECTING, State.CONNECTED, State.CLOSING, State.CLOSED)


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
        general: General,
        timers: Timers,
        timings: Timings,
        faults: ModemFaults,
        terminal: Terminal,
    ) -> None:
        self.state = State.INITIAL
        self._world = world
        self._serial = serial
        self._interpreter = interpreter
        self._radio = radio
        self._general = general
        self._timers = timers
        self._timings = timings
        self._faults = faults
        self._terminal = terminal
        self._channel: Channel | None = None
        self._values: dict[str, str] = {}
        self._buffer = bytearray()
        self._manual = False  # AT+CIPRXGET=1
        self._told = False  # that data waits
        self._quick = False  # AT+CIPQSEND
        self._head = False  # AT+CIPHEAD
        self._attached = False
        self._apn = ""
        self._sent_bytes = 0
        self._peer = ("", 0)
        self._sending: Channel | None = None

    @property
    def commands(self) -> dict[str, Handler]:
        return {name: settings_command(self._values, name, allowed) for name, allowed in REMEMBERED.items()} | {
            "+CGATT": self._cgatt,
            "+CIPMUX": self._cipmux,
            "+CSTT": self._cstt,
            "+CIICR": self._ciicr,
            "+CIFSR": self._cifsr,
            "+CIPSHUT": self._cipshut,
            "+CIPSTART": self._cipstart,
            "+CIPSEND": self._cipsend,
            "+CIPQSEND": self._cipqsend,
            "+CIPCLOSE": self._cipclose,
            "+CIPSTATUS": self._cipstatus,
            "+CIPRXGET": self._ciprxget,
            "+CIPHEAD": self._ciphead,
            "+CIPACK": self._cipack,
            "+CDNSGIP": self._cdnsgip,
        }

    def boot(self) -> None:
        self._drop()
        self._sending = None
        self.state = State.INITIAL
        self._values.clear()
        self._manual = self._quick = self._head = self._attached = False

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
        if self.state is State.CONNECTED:
            self.state = State.CLOSED
            self._interpreter.urc("CLOSED")

    def deactivated(self) -> None:
        """The network took the context away; only AT+CIPSHUT leads out of this."""
        if self.state is not State.INITIAL:
            self._drop()
            self.state = State.DEACT
            self._interpreter.urc("+PDP: DEACT")

    def radio_lost(self) -> None:
        self._attached = False
        self.deactivated()

    def registered(self) -> None:
        """A phone in a packet network attaches by itself."""
        self._attached = not self._world.phone.gprs.faults.refuse_attach

    # --- the context ---------------------------------------------------------------------------------------------

    def _cgatt(self, request: Request) -> Reply | None:
        if request.kind is Kind.TEST:
            return says("+CGATT: (0,1)")
        if request.kind is Kind.READ:
            return says(f"+CGATT: {int(self._attached)}")
        wanted = bool(request.number(0, 0, 1))
        self._timers.after_ms(self._timings.attach, lambda: self._attach(wanted))
        return LATER

    def _attach(self, wanted: bool) -> None:
        possible = self._radio.registered and not self._world.phone.gprs.faults.refuse_attach
        if wanted and not possible:
            self._interpreter.finish(CmeError(NOT_ALLOWED))
            return
        self._attached = wanted
        self._interpreter.finish(OK)

    def _cipmux(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return says("+CIPMUX: (0)")
        if request.kind is Kind.READ:
            return says("+CIPMUX: 0")
        request.number(0, 0, 0)
        return OK

    def _cstt(self, request: Request) -> Reply:
        if request.kind is Kind.READ:
            return says(f'+CSTT: "{self._apn}","",""')
        if request.kind is Kind.TEST:
            return says('+CSTT: "APN","USER","PWD"')
        if self.state is not State.INITIAL:
            raise CmeError(NOT_ALLOWED)
        self._apn = request.text(0, "CMNET")
        self.state = State.START
        return OK

    def _ciicr(self, request: Request) -> Reply | None:
        if request.kind is Kind.TEST:
            return OK
        if self.state is not State.START:
            raise CmeError(NOT_ALLOWED)
        self.state = State.CONFIG
        self._timers.after_ms(self._timings.attach, self._bring_up)
        return LATER

    def _bring_up(self) -> None:
        self._radio.burst()
        if self.state is not State.CONFIG:
            return
        if not self._context():
            self.state = State.DEACT
            self._interpreter.finish(AtError())
            return
        self.state = State.GPRSACT
        self._interpreter.finish(OK)

    def _context(self) -> bool:
        sim = self._general.sim
        if sim is None or not self._radio.registered or self._apn != sim.apn:
            return False
        if not self._world.phone.gprs.attach(self._terminal):
            return False
        self._attached = True
        return True

    def _cifsr(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return OK
        if self.state not in HAS_ADDRESS:
            raise CmeError(NOT_ALLOWED)
        if self.state is State.GPRSACT:
            self.state = State.STATUS
        return Reply((LOCAL_ADDRESS,), "")

    def _cipshut(self, request: Request) -> Reply | None:
        if request.kind is Kind.TEST:
            return OK
        self._timers.after_ms(self._timings.detach, self._shut)
        return LATER

    def _shut(self) -> None:
        self._drop()
        self._world.phone.gprs.forget(self._terminal)
        self.state = State.INITIAL
        self._interpreter.finish(Reply((), "SHUT OK"))

    # --- a connection --------------------------------------------------------------------------------------------

    def _cipstart(self, request: Request) -> Reply | None:
        if request.kind is Kind.TEST:
            return says('+CIPSTART: ("TCP","UDP"),("(0-255).(0-255).(0-255).(0-255)"),(1-65535)')
        if self.state in (State.CONNECTED, State.CONNECTING):
            return Reply((), "ALREADY CONNECT")
        if self.state not in CAN_CONNECT or request.text(0).upper() != "TCP":
            raise CmeError(NOT_ALLOWED)
        self._peer = (request.text(1), request.number(2, 1, 65_535))
        without_context = self.state is State.INITIAL
        self._drop()
        self.state = State.CONNECTING
        latency_ms = sum(self._world.phone.gprs.faults.latency_ms)
        self._timers.after_ms(self._timings.connect + latency_ms, lambda: self._connect(without_context))
        return OK

    def _connect(self, without_context: bool) -> None:
        self._radio.burst()
        if self.state is not State.CONNECTING:
            return
        if not without_context or self._context():
            self._channel = self._world.phone.gprs.connect(*self._peer, self)
        if self._channel is None:
            self.state = State.CLOSED
            self._interpreter.urc("STATE: TCP CLOSED")
            self._interpreter.urc("CONNECT FAIL")
            return
        self.state = State.CONNECTED
        self._sent_bytes = 0
        self._interpreter.urc("CONNECT OK")

    def _cipclose(self, request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return says("+CIPCLOSE: (0,1)")
        if self.state is not State.CONNECTED:
            raise CmeError(NOT_ALLOWED)
        self._drop()
        self.state = State.CLOSED
        return Reply((), "CLOSE OK")

    def _cipstatus(self, request: Request) -> Reply:
        if request.kind is Kind.EXECUTE:
            self._timers.after_ms(1, lambda: self._interpreter.urc(f"STATE: {self.state.value}"))
        return OK

    def _drop(self) -> None:
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
        if self.state is not State.CONNECTED or self._channel is None:
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
            if self.state in (State.CONNECTED, State.CONNECTING):
                raise CmeError(NOT_ALLOWED)
            self._manual = bool(mode)
            return OK
        if not self._manual or (self.state is not State.CONNECTED and not self._buffer):
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

    def _cdnsgip(self, request: Request) -> Reply:
        if request.kind is not Kind.SET:
            return OK
        host = request.text(0)
        known = self._world.phone.gprs.resolve(host)
        answer = f'+CDNSGIP: 1,"{host}","{LOCAL_ADDRESS}"' if known else "+CDNSGIP: 0,8"
        self._timers.after_ms(self._timings.connect, lambda: self._interpreter.urc(answer))
        return OK
