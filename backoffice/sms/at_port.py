"""Commands and answers of an AT modem on a serial port, for one thread. Every byte goes through ``gsm.lines``."""

import time
from collections import deque

from gsm import lines, listing

from backoffice.errors import SmsPlatformUnreachable
from client.serial_port import PortLost, SerialPort

READ_TIMEOUT_S = 0.2
COMMAND_TIMEOUT_S = 10.0
PROMPT_TIMEOUT_S = 10.0
URCS_KEPT = 64
ANSWER_LINES_MAX = 600
ESCAPE, CTRL_Z = b"\x1b", b"\x1a"
NAMES = "+^*$%#"
"""What the name of an extended command begins with: + in the standards, the others are the makers' own."""

Event = tuple[str, bytes] | tuple[str]


class ModemRefused(Exception):
    """The modem answered with an error; ``number`` is that of +CMS ERROR or +CME ERROR, or -1."""

    def __init__(self, line: bytes) -> None:
        super().__init__(line.decode("latin-1"))
        self.number = lines.error_number(line)


class AtPort:
    """An open port."""

    def __init__(self, url: str, baud: int) -> None:
        try:
            self._port = SerialPort(url, baud)
        except PortLost as error:
            raise SmsPlatformUnreachable(f"the modem's port: {error}") from error
        self._parser = lines.LineParser()
        self._events: deque[Event] = deque()
        self._body_of: bytes | None = None
        self.urcs: deque[tuple[bytes, bytes]] = deque(maxlen=URCS_KEPT)
        """Unsolicited lines, each with the line below it where it has one."""

    def command(self, text: str, timeout_s: float | None = None) -> list[bytes]:
        """Send a command; the lines of its answer. Raises ModemRefused, or SmsPlatformUnreachable when it is silent."""
        self._write(text.encode() + b"\r")
        return self._answer(text, COMMAND_TIMEOUT_S if timeout_s is None else timeout_s)

    def ask(self, text: str) -> str | None:
        """What a query answers, without its name: ``"SM",3,20`` to AT+CPMS?; None when the modem refuses it."""
        try:
            answer = self.command(text)
        except ModemRefused:
            return None
        own = _own(text)
        shown = [line[len(own) :] if line.startswith(own) else line for line in answer]
        return shown[0].decode("latin-1").strip() if shown else ""

    def takes(self, text: str) -> bool:
        """Whether the modem takes a command that it may refuse."""
        try:
            self.command(text)
        except ModemRefused:
            return False
        return True

    def message(self, text: str, content: str, timeout_s: float) -> list[bytes]:
        """A command that prompts for its content (TS 27.005 3.5.1)."""
        self._write(text.encode() + b"\r")
        deadline = time.monotonic() + PROMPT_TIMEOUT_S
        while (event := self._next(deadline)) is not None:
            if event[0] == "prompt":
                self._write(content.encode() + CTRL_Z)
                return self._answer(text, timeout_s)
            line = self._solicited(event, text)
            if line is not None and lines.kind(line, _own(text)) == lines.FINAL:
                raise ModemRefused(line)
        self._write(ESCAPE)
        raise SmsPlatformUnreachable("the modem gave no prompt")

    def listen(self) -> None:
        """Take in what comes by itself, for a moment."""
        deadline = time.monotonic() + READ_TIMEOUT_S
        while (event := self._next(deadline)) is not None:
            self._solicited(event, "")

    def close(self) -> None:
        """Let the port go."""
        self._port.close()

    def _answer(self, text: str, timeout_s: float) -> list[bytes]:
        found: list[bytes] = []
        deadline = time.monotonic() + timeout_s
        while (event := self._next(deadline)) is not None:
            line = self._solicited(event, text)
            if line is None or line.startswith(b"AT"):  # an echo
                continue
            if line == b"OK":
                return found
            if lines.kind(line, _own(text)) == lines.FINAL:
                raise ModemRefused(line)
            if len(found) < ANSWER_LINES_MAX:
                found.append(line)
        raise SmsPlatformUnreachable(f"the modem is silent after {text.split('=')[0]}")

    def _solicited(self, event: Event, text: str) -> bytes | None:
        """The line, unless it came by itself: then it is kept."""
        if event[0] != "line":
            return None
        line = event[1]  # type: ignore[misc]
        if self._body_of is not None and listing.is_body(self._body_of, line):
            self.urcs.append((self._body_of, line))
            self._body_of = None
            return None
        if not listing.came_by_itself(line, _own(text)):
            return line
        if listing.has_body(line):
            self._body_of = line
        else:
            self.urcs.append((line, b""))
        return None

    def _next(self, deadline: float) -> Event | None:
        """The next event; None at the deadline."""
        while not self._events:
            if time.monotonic() >= deadline:
                return None
            try:
                data = self._port.read_some(READ_TIMEOUT_S)
            except PortLost as error:
                raise SmsPlatformUnreachable("the modem's port is gone") from error
            self._events.extend(self._parser.feed(data))
        return self._events.popleft()

    def _write(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except PortLost as error:
            raise SmsPlatformUnreachable("the modem's port takes nothing") from error


def _own(text: str) -> bytes:
    """How the command's own lines begin: ``+CMGL:`` of ``AT+CMGL=4``."""
    name = text[2:].split("=")[0].rstrip("?")
    return name.encode() + b":" if name[:1] in NAMES and name else b""
