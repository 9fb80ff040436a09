"""Lines over a serial port, every wait bounded."""

import time

from protocol import hostlink

from client.errors import LinkLost
from client.serial_port import PortLost, SerialPort

BAUD = 115_200


class LinePort:
    """An open port that writes whole lines and gives back whole lines; an endless line is dropped, not collected."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.dropped_bytes = 0
        self._buffer = bytearray()
        try:
            self._port = SerialPort(url, BAUD, lines_at_rest=True, exclusive=True)
        except PortLost as error:
            raise LinkLost(str(error)) from error

    def write(self, line: bytes) -> None:
        try:
            self._port.write(line)
        except PortLost as error:
            raise LinkLost(str(error)) from error

    def read_line(self, timeout_s: float) -> bytes | None:
        """The next line without its end, or None when none is complete within the time."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            line = self._take_line()
            if line is not None:
                return line
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                return None
            self._buffer += self._read_some(left_s)

    def close(self) -> None:
        self._port.close()

    def _take_line(self) -> bytes | None:
        end = self._buffer.find(b"\n")
        if end >= 0:
            line = bytes(self._buffer[:end]).rstrip(b"\r")
            del self._buffer[: end + 1]
            return line
        if len(self._buffer) > hostlink.MAX_LINE_BYTES:
            self.dropped_bytes += len(self._buffer)
            self._buffer.clear()
        return None

    def _read_some(self, timeout_s: float) -> bytes:
        try:
            return self._port.read_some(timeout_s)
        except PortLost as error:
            raise LinkLost(str(error)) from error
