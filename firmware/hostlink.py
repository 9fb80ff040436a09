"""The host link: newline-delimited JSON-RPC 2.0 on UART 0, served to the back office, the client and the issuing desk.

Short methods answer at once. One long method (a wait for a card) may run at a time; it answers when it is done, and
card.cancel ends it. Whatever arrives, the answer is a JSON-RPC error at worst, and the link lives on.
"""

import asyncio
import gc

from borrowed import Borrowed
from byte_source import read
from errors import BadParams, Refused
from protocol import hostlink as codec
from protocol import reasons
from protocol.errors import ProtocolError, TooLong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from machine import UART

    Handler = Callable[["Params"], object]
    Method = tuple[Handler, bool]

READ_BYTES = 256


class Params:
    """The parameters of one call, checked as they are asked for. Every complaint is a BadParams."""

    def __init__(self, values: dict[str, object]) -> None:
        self._values = values

    def integer(self, name: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number between the bounds, both included."""
        value = self._values.get(name, default)
        if type(value) is not int or not low <= value <= high:
            raise BadParams("%s must be a number from %d to %d" % (name, low, high))
        return value

    def text(self, name: str, max_length: int, default: str | None = None) -> str:
        """A text of bounded length."""
        value = self._values.get(name, default)
        if not isinstance(value, str) or len(value) > max_length:
            raise BadParams("%s must be a text of at most %d characters" % (name, max_length))
        return value

    def boolean(self, name: str) -> bool:
        """True or false."""
        value = self._values.get(name)
        if not isinstance(value, bool):
            raise BadParams(name + " must be true or false")
        return value

    def octets(self, name: str, low: int, high: int) -> bytes:
        """Bytes in hexadecimal, between ``low`` and ``high`` of them."""
        value = self._values.get(name)
        if not isinstance(value, str) or len(value) % 2 or not low <= len(value) // 2 <= high:
            raise BadParams("%s must be %d to %d bytes in hexadecimal" % (name, low, high))
        try:
            return bytes.fromhex(value)
        except ValueError:
            raise BadParams(name + " must be hexadecimal") from None


class HostLink:
    """The service on one serial line."""

    def __init__(self, uart: "UART", require_checksum: bool = False) -> None:
        self._uart = uart
        self._require_checksum = require_checksum
        self._methods: dict[str, Method] = {}  # handler, and whether it is a coroutine that may take its time
        self._running: asyncio.Task[None] | None = None
        self.add("link.checksum", self._checksum)

    def add(self, name: str, handler: "Callable[[Params], object]", long: bool = False) -> None:
        """Offer a method."""
        self._methods[name] = (handler, long)

    def remove(self, prefix: str) -> None:
        """Offer the methods of that prefix no more."""
        for name in [name for name in self._methods if name.startswith(prefix)]:
            del self._methods[name]

    async def serve(self) -> None:
        """For ever."""
        buffer = bytearray()
        skipping = False
        while True:
            buffer.extend(await read(self._uart, READ_BYTES))
            while True:
                end = buffer.find(b"\n")
                if end < 0:
                    break
                line = bytes(buffer[:end])
                buffer = buffer[end + 1 :]
                if not skipping and line.strip():
                    try:
                        self._take(line)
                    except MemoryError:
                        gc.collect()  # the line is lost: whoever asked asks again, and the machine goes on
                skipping = False
            if len(buffer) > codec.MAX_LINE_BYTES:
                if not skipping:
                    self._complain(TooLong("a line has at most %d bytes" % codec.MAX_LINE_BYTES))
                skipping = True
                buffer = bytearray()

    def notify(self, method: str, params: dict[str, object]) -> None:
        """Tell whoever listens. Nobody answers."""
        self._send(codec.notification(method, params))

    def is_busy(self) -> bool:
        """Whether a long method is running."""
        return self._running is not None

    def cancel(self) -> bool:
        """End the long method that is running. False: none was."""
        if self._running is None:
            return False
        self._running.cancel()
        return True

    def _take(self, line: bytes) -> None:
        try:
            with Borrowed("protocol.json_strict"):
                message = codec.decode(line, self._require_checksum)
        except ProtocolError as error:
            self._complain(error)
            return
        except MemoryError:
            gc.collect()
            self._fail(None, codec.INTERNAL_ERROR, reasons.BUSY, "out of memory")
            return
        number = message.get("id")
        try:
            number, name, values = codec.read_request(message)
        except ProtocolError as error:
            number = number if isinstance(number, (int, str)) else None
            self._fail(number, codec.INVALID_REQUEST, error.code, str(error))
            return
        method = self._methods.get(name)
        if method is None:
            self._fail(number, codec.METHOD_NOT_FOUND, reasons.WRONG_ROLE, "no method %s here" % name[:32])
        elif method[1]:
            self._begin(number, method[0], Params(values))
        else:
            self._answer(number, method[0], Params(values))

    def _begin(self, number: object, handler: "Handler", params: Params) -> None:
        if self._running is not None:
            self._fail(number, codec.REFUSED, reasons.BUSY, "another operation is running")
            return
        self._running = asyncio.create_task(self._run(number, handler, params))

    async def _run(self, number: object, handler: "Handler", params: Params) -> None:
        try:
            work: Any = handler(params)
            value = await work
        except asyncio.CancelledError:
            self._fail(number, codec.REFUSED, reasons.CANCELLED, "the operation was called off")
        except (Refused, BadParams, ProtocolError, OSError, MemoryError) as error:
            self._report(number, error)
        else:
            self._send(codec.result(number, value))
        finally:
            self._running = None

    def _answer(self, number: object, handler: "Handler", params: Params) -> None:
        try:
            value = handler(params)
        except (Refused, BadParams, ProtocolError, OSError, MemoryError) as error:
            self._report(number, error)
        else:
            if number is not None:
                self._send(codec.result(number, value))

    def _report(self, number: object, error: Exception) -> None:
        if isinstance(error, Refused):
            data: dict[str, object] = {"batch": error.batch, "credit": error.credit} if error.batch else {}
            self._fail(number, codec.REFUSED, error.reason, str(error), data)
        elif isinstance(error, BadParams):
            self._fail(number, codec.INVALID_PARAMS, "malformed", str(error))
        elif isinstance(error, ProtocolError):
            self._fail(number, codec.REFUSED, error.code, str(error))
        elif isinstance(error, MemoryError):
            gc.collect()
            self._fail(number, codec.INTERNAL_ERROR, reasons.BUSY, "out of memory")
        else:
            self._fail(number, codec.INTERNAL_ERROR, reasons.STORAGE_FAILED, repr(error))

    def _complain(self, error: ProtocolError) -> None:
        self._fail(None, codec.PARSE_ERROR, error.code, str(error))

    def _fail(
        self, number: object, code: int, reason: str, message: str, data: dict[str, object] | None = None
    ) -> None:
        self._send(codec.failure(number, code, reason, message, data))

    def _send(self, message: dict[str, object]) -> None:
        try:
            line = codec.encode(message)
        except TooLong:
            line = codec.encode(codec.failure(message.get("id"), codec.INTERNAL_ERROR, "too_long", "answer too long"))
        self._uart.write(line)

    def _checksum(self, params: Params) -> dict[str, object]:
        self._require_checksum = params.boolean("required")
        return {"required": self._require_checksum}
