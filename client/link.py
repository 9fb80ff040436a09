"""JSON-RPC 2.0 to a device over the host link: one caller at a time, notifications on the side, every wait bounded."""

import itertools
import secrets
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from protocol import hostlink
from protocol.errors import ProtocolError

from client.errors import LinkLost, LinkTimeout, Refused, RequestTooLong
from client.port import LinePort

ANSWER_MARGIN_MS = 3_000
CONNECT_ATTEMPTS = 3
CONNECT_PAUSE_S = 0.3
LISTEN_SLICE_S = 0.5

Notification = Callable[[str, dict[str, Any]], None]


class HostLink:
    """A device at a pyserial URL. `call` and `listen` belong to one thread; `cancel` may come from any other."""

    def __init__(
        self,
        url: str,
        *,
        on_notification: Notification | None = None,
        checksum: bool = True,
        connect_attempts: int = CONNECT_ATTEMPTS,
        connect_pause_s: float = CONNECT_PAUSE_S,
    ) -> None:
        self.url = url
        self.on_notification = on_notification
        self.noise_lines = 0
        self.connects = 0
        self._checksum = checksum
        self._connect_attempts = connect_attempts
        self._connect_pause_s = connect_pause_s
        self._port: LinePort | None = None
        self._port_lock = threading.Lock()
        # A device may still answer what an earlier process asked: starting at random keeps its ids apart from ours.
        self._ids = itertools.count(secrets.randbelow(1 << 28) + 1)

    def call(self, method: str, params: dict[str, Any] | None = None, timeout_ms: int = 5_000) -> dict[str, Any]:
        """Ask and wait for the answer. The time is the whole wait of this side."""
        identity, line = self._request(method, params or {})
        port = self._connect()
        deadline_s = time.monotonic() + timeout_ms / 1000
        self._write(port, line)
        while True:
            message = self._next_message(port, deadline_s)
            if message is None:
                raise LinkTimeout(f"no answer to {method} within {timeout_ms} ms")
            if message.get("id") == identity and "method" not in message:
                return _result_of(message)
            self._notify(message)

    def wait_call(self, method: str, timeout_ms: int, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """A call in which the device itself waits (for a card) up to `timeout_ms`: it answers before we give up."""
        return self.call(method, {**(params or {}), "timeout_ms": timeout_ms}, timeout_ms + ANSWER_MARGIN_MS)

    def cancel(self) -> None:
        """End a waiting call of another thread: the device answers that call with `cancelled`."""
        with self._port_lock:
            port = self._port
            if port is not None:
                _, line = self._request("card.cancel", {})
                port.write(line)

    def listen(self, timeout_ms: int) -> None:
        """Hand notifications to the callback until the time is over."""
        port = self._connect()
        deadline_s = time.monotonic() + timeout_ms / 1000
        while (message := self._next_message(port, deadline_s)) is not None:
            self._notify(message)

    def close(self) -> None:
        with self._port_lock:
            if self._port is not None:
                self._port.close()
                self._port = None

    def __enter__(self) -> "HostLink":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _request(self, method: str, params: dict[str, Any]) -> tuple[int, bytes]:
        identity = next(self._ids)
        try:
            return identity, hostlink.encode(hostlink.request(identity, method, params), self._checksum)
        except ProtocolError as error:
            raise RequestTooLong(f"{method}: {error}") from error

    def _connect(self) -> LinePort:
        """The open port, or a new one within a bounded number of attempts."""
        if self._port is not None:
            return self._port
        for attempt in range(1, self._connect_attempts + 1):
            try:
                port = LinePort(self.url)
            except LinkLost:
                if attempt == self._connect_attempts:
                    raise
                time.sleep(self._connect_pause_s * attempt)
                continue
            with self._port_lock:
                self._port = port
            self.connects += 1
            self._write(port, b"\n")  # ends whatever half line an earlier owner of the port left in the device
            return port
        raise LinkLost(f"cannot open {self.url}: no attempt allowed")

    def _write(self, port: LinePort, line: bytes) -> None:
        try:
            with self._port_lock:
                port.write(line)
        except LinkLost:
            self.close()
            raise

    def _next_message(self, port: LinePort, deadline_s: float) -> dict[str, Any] | None:
        """The next line that is a message; anything else on the wire (boot text, garbage) is counted and skipped."""
        while (left_s := deadline_s - time.monotonic()) > 0:
            try:
                line = port.read_line(min(left_s, LISTEN_SLICE_S))
            except LinkLost:
                self.close()
                raise
            if not line:
                continue
            try:
                return hostlink.decode(line)
            except ProtocolError:
                self.noise_lines += 1
        return None

    def _notify(self, message: dict[str, Any]) -> None:
        method, params = message.get("method"), message.get("params")
        if self.on_notification is not None and isinstance(method, str) and "id" not in message:
            self.on_notification(method, params if isinstance(params, dict) else {})


def _result_of(message: dict[str, Any]) -> dict[str, Any]:
    error = message.get("error")
    if isinstance(error, dict):
        data = error.get("data")
        details: dict[str, Any] = data if isinstance(data, dict) else {}
        text, code = error.get("message"), error.get("code")
        raise Refused(
            str(details.get("reason", "device_error")),
            text if isinstance(text, str) else "the device reported an error",
            code if isinstance(code, int) else 0,
            details,
        )
    result = message.get("result")
    return result if isinstance(result, dict) else {}
