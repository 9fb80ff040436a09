"""Lines over any pyserial URL (`/dev/ttyUSB0`, `COM3`, `socket://host:port`, `rfc2217://...`), every wait bounded."""

import socket
import time

import serial
from protocol import hostlink

from client.errors import LinkLost

BAUD = 115_200
READ_CHUNK_BYTES = 4096
WRITE_TIMEOUT_S = 5.0


class LinePort:
    """An open port that writes whole lines and gives back whole lines; an endless line is dropped, not collected."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.dropped_bytes = 0
        self._buffer = bytearray()
        try:
            self._port = serial.serial_for_url(
                url, do_not_open=True, baudrate=BAUD, timeout=0, write_timeout=WRITE_TIMEOUT_S, exclusive=True
            )
            # Both lines at rest: on an ESP32 board they are wired to reset, and opening a port must not restart it.
            self._port.dtr = False
            self._port.rts = False
            self._port.open()
        except (serial.SerialException, OSError, ValueError) as error:
            raise LinkLost(f"cannot open {url}: {error}") from error

    def write(self, line: bytes) -> None:
        try:
            self._port.write(line)
        except (serial.SerialException, OSError) as error:
            raise LinkLost(f"{self.url} went away while writing: {error}") from error

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
        """pyserial's socket port sleeps 0.3 s when it closes: too long for a desk that opens ports all day."""
        connection = getattr(self._port, "_socket", None)
        if isinstance(connection, socket.socket):
            connection.close()
            self._port.is_open = False
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
        """Wait for one byte, then take what is there: pyserial's sockets report no more than "something is there"."""
        try:
            self._port.timeout = timeout_s
            first: bytes = self._port.read(1)
            if not first:
                return b""
            self._port.timeout = 0
            rest: bytes = self._port.read(READ_CHUNK_BYTES)
        except (serial.SerialException, OSError) as error:
            raise LinkLost(f"{self.url} went away while reading: {error}") from error
        return first + rest
