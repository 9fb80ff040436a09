"""Carries out command lines: one command after another, each by the feature that knows it; one final result code."""

from collections import deque
from random import Random
from typing import Final

from emulator.sim800.at import AtError, CmeError, CmsError, Handler, Kind, Reply, Request
from emulator.sim800.parsing import parse
from emulator.sim800.serial import Serial
from emulator.sim800.timers import Timers
from emulator.sim800.timings import Timings

NUMERIC: Final = {"OK": "0", "CONNECT": "1", "RING": "2", "NO CARRIER": "3", "ERROR": "4"}
CME_TEXTS: Final = {
    0: "phone failure",
    3: "operation not allowed",
    4: "operation not supported",
    10: "SIM not inserted",
    11: "SIM PIN required",
    12: "SIM PUK required",
    13: "SIM failure",
    14: "SIM busy",
    16: "incorrect password",
    20: "memory full",
    21: "invalid index",
    30: "no network service",
}


class Interpreter:
    """`commands` is filled by the features when the modem is made."""

    def __init__(self, serial: Serial, timers: Timers, timings: Timings, random: Random) -> None:
        self.commands: dict[str, Handler] = {}
        self.verbose = True
        self.quiet = False
        self.error_format = 0  # AT+CMEE
        self._serial = serial
        self._timers = timers
        self._timings = timings
        self._random = random
        self._requests: deque[Request] = deque()
        self._busy = False
        serial.on_line = self._begin

    def reset(self) -> None:
        self._requests.clear()
        self._busy = False

    # --- what features call --------------------------------------------------------------------------------------

    def finish(self, reply: Reply | AtError) -> None:
        """The answer of a command that said LATER."""
        if not self._busy:
            return
        if isinstance(reply, AtError):
            self._fail(reply)
        else:
            self._continue(reply)

    def urc(self, text: str) -> None:
        """An unsolicited result code, right now."""
        self._serial.send(f"\r\n{text}\r\n".encode())

    def say(self, text: str) -> None:
        """A part of a response; a harmless code may slip in before it."""
        faults = self._serial.faults
        if faults.urc_between_lines and self._random.random() < faults.urc_between_lines:
            self.urc(self._random.choice(faults.urcs))
        self._serial.send(self._framed(text))

    def say_data(self, data: bytes) -> None:
        """Binary data between two lines, as it is."""
        faults = self._serial.faults
        if data and faults.urc_inside_data and self._random.random() < faults.urc_inside_data:
            cut = self._random.randrange(len(data))
            data = data[:cut] + f"\r\n{self._random.choice(faults.urcs)}\r\n".encode() + data[cut:]
        self._serial.send(data)

    def stray_urc(self) -> None:
        """Where a feature speaks outside of lines: after a prompt."""
        faults = self._serial.faults
        if faults.urc_between_lines and self._random.random() < faults.urc_between_lines:
            self.urc(self._random.choice(faults.urcs))

    # --- a command line -------------------------------------------------------------------------------------------

    def _begin(self, line: str) -> None:
        self._busy = True
        self._timers.after_ms(self._timings.command, lambda: self._run(line))

    def _run(self, line: str) -> None:
        try:
            self._requests = deque(parse(line))
        except AtError as error:
            self._fail(error)
            return
        self._continue(Reply())

    def _continue(self, before: Reply) -> None:
        """Say that one's lines, then the next command; the final result code is that of the last."""
        reply = before
        while True:
            for line in reply.lines:
                self.say(line)
            if not self._requests:
                break
            request = self._requests.popleft()
            if request.name in self._serial.faults.silent_commands:
                self._end()
                return
            try:
                answer = self._handler(request)(request)
            except AtError as error:
                self._fail(error)
                return
            if answer is None:
                return
            reply = answer
        self._final(reply.final)

    def _handler(self, request: Request) -> Handler:
        try:
            return self.commands[request.name]
        except KeyError:
            raise AtError from None

    def _fail(self, error: AtError) -> None:
        self._requests.clear()
        if isinstance(error, CmsError):
            self._final(f"+CMS ERROR: {error.code}")
        elif isinstance(error, CmeError) and self.error_format:
            known = CME_TEXTS.get(error.code, "unknown")
            self._final(f"+CME ERROR: {error.code if self.error_format == 1 else known}")
        else:
            self._final("ERROR")

    def _final(self, code: str) -> None:
        if code and not self.quiet:
            if self.verbose or code not in NUMERIC:
                self.say(code)
            else:
                self._serial.send(NUMERIC[code].encode() + b"\r")
        self._end()

    def _end(self) -> None:
        self._busy = False
        self._serial.ready()

    def _framed(self, text: str) -> bytes:
        return (f"\r\n{text}\r\n" if self.verbose else f"{text}\r\n").encode("latin-1", "replace")


def settings_command(values: dict[str, str], name: str, allowed: str, before: str = "0") -> Handler:
    """A command that only remembers what it is told, quotes and all: AT+X?, AT+X=?, AT+X=value. `before` is shown
    until something is; "" shows nothing.
    """

    def handle(request: Request) -> Reply:
        if request.kind is Kind.TEST:
            return Reply((f"{name}: {allowed}",))
        if request.kind is Kind.READ:
            shown = values.get(name, before)
            return Reply((f"{name}: {shown}",) if shown else ())
        if request.kind is Kind.SET:
            values[name] = request.typed
        return Reply()

    return handle
