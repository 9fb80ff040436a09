"""The host link of a board as a test drives it: lines in, lines out, calls that run the world until the answer."""

import itertools
from typing import TYPE_CHECKING, Any, Final

from protocol import hostlink
from protocol.errors import ProtocolError

from emulator.errors import HostError, HostGone
from emulator.uart import Uart

if TYPE_CHECKING:
    from emulator.device import Board

CALL_TIMEOUT_MS: Final = 60_000
MAX_PARTIAL_BYTES: Final = 8192
MAX_NOISE_LINES: Final = 1000


class HostPort:
    """Whatever is no line of the host link (boot messages, garbage) is kept as noise."""

    def __init__(self, board: "Board", uart: Uart) -> None:
        self.notifications: list[dict[str, Any]] = []
        self.noise: list[bytes] = []
        self.checksum = True
        self._board = board
        self._uart = uart
        self._partial = bytearray()
        self._numbers = itertools.count(1)
        self._answers: dict[object, dict[str, Any]] = {}
        uart.on_sent.append(self._received)

    def send(self, line: str | bytes) -> None:
        """One line as a person types it; the newline is added."""
        data = line.encode() if isinstance(line, str) else line
        self.send_bytes(data if data.endswith(b"\n") else data + b"\n")

    def send_bytes(self, data: bytes) -> None:
        with self._board.world.lock:
            self._uart.push(data)

    def call(self, method: str, timeout_ms: int = CALL_TIMEOUT_MS, /, **params: Any) -> Any:
        """The result; HostError with the device's reason, HostGone when it lost its power or stays silent."""
        number = self.start(method, **params)
        return self.finish(number, timeout_ms)

    def start(self, method: str, /, **params: Any) -> int:
        """Send a request and do not wait: finish() does."""
        number = next(self._numbers)
        self.send_bytes(hostlink.encode(hostlink.request(number, method, params), self.checksum))
        return number

    def finish(self, number: int, timeout_ms: int = CALL_TIMEOUT_MS) -> Any:
        starts = self._board.starts
        world = self._board.world
        world.run_until(lambda: number in self._answers or self._lost(starts), timeout_ms)
        answer = self._answers.pop(number, None)
        if answer is None:
            raise HostGone("link_lost" if self._lost(starts) else "no_answer", self._board.crash_log[-2000:])
        if "error" in answer:
            raise _error(answer["error"])
        return answer.get("result")

    def answered(self, number: int) -> bool:
        return number in self._answers

    def take_notifications(self, method: str | None = None) -> list[dict[str, Any]]:
        """Those of one method (or all), which are forgotten then."""
        taken = [message for message in self.notifications if method in (None, message["method"])]
        self.notifications = [message for message in self.notifications if message not in taken]
        return taken

    def _lost(self, starts: int) -> bool:
        return not self._board.running or self._board.starts != starts

    def _received(self, data: bytes) -> None:
        self._partial += data
        while (end := self._partial.find(b"\n")) >= 0:
            line = bytes(self._partial[:end])
            del self._partial[: end + 1]
            self._take_line(line)
        if len(self._partial) > MAX_PARTIAL_BYTES:
            self._note_noise(bytes(self._partial))
            self._partial.clear()

    def _take_line(self, line: bytes) -> None:
        try:
            message = hostlink.decode(line)
        except ProtocolError:
            self._note_noise(line)
            return
        self._board.world.note(self._board.name, "host", line.decode(errors="replace"))
        if "method" in message:
            self.notifications.append(message)
        elif message.get("id") is not None:
            self._answers[message["id"]] = message
        else:
            self._note_noise(line)

    def _note_noise(self, line: bytes) -> None:
        if line.strip() and len(self.noise) < MAX_NOISE_LINES:
            self.noise.append(line)


def _error(error: dict[str, Any]) -> HostError:
    data = error.get("data") or {}
    return HostError(str(data.get("reason", "")), str(error.get("message", "")), data, int(error.get("code", 0)))
