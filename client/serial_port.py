"""A serial port behind any pyserial URL (`/dev/ttyUSB0`, `COM3`, `socket://host:port`, `rfc2217://...`).

The one place that knows how such a port fails. pyserial promises SerialException, but what lies below it raises what it
likes: `termios.error`, which is no OSError, when the cable is pulled while a port is opened or its timeout is set;
TypeError from `read` while another thread closes; OSError from the kernel. To a caller all of these are one thing.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import serial

READ_CHUNK_BYTES = 4096
WRITE_TIMEOUT_S = 5.0


class PortLost(Exception):
    """The port cannot be opened, or went away."""


class SerialPort:
    """An open port. Every call may raise PortLost, and nothing else; `close` raises nothing."""

    def __init__(self, url: str, baud: int, *, lines_at_rest: bool = False, exclusive: bool | None = None) -> None:
        """`lines_at_rest`: DTR and RTS stay off: on an ESP32 they are wired to reset."""
        self.url = url
        with _as_port_lost(f"cannot open {url}"):
            self._port = serial.serial_for_url(
                url, do_not_open=True, baudrate=baud, timeout=0, write_timeout=WRITE_TIMEOUT_S, exclusive=exclusive
            )
            if lines_at_rest:
                self._port.dtr = False
                self._port.rts = False
            self._port.open()

    def write(self, data: bytes) -> None:
        """All of it, within WRITE_TIMEOUT_S."""
        with _as_port_lost(f"{self.url} went away while writing"):
            self._port.write(data)

    def read_some(self, timeout_s: float) -> bytes:
        """What comes within the time, or nothing. Waits for one byte, then takes what is there: pyserial's sockets
        report no more than "something is there"."""
        with _as_port_lost(f"{self.url} went away while reading"):
            self._port.timeout = timeout_s
            first: bytes = self._port.read(1)
            if not first:
                return b""
            self._port.timeout = 0
            rest: bytes = self._port.read(READ_CHUNK_BYTES)
            return first + rest

    def close(self) -> None:
        """pyserial's socket port sleeps 0.3 s when it closes: too long for a desk that opens ports all day."""
        with suppress(PortLost), _as_port_lost("closing"):
            connection = getattr(self._port, "_socket", None)
            if isinstance(connection, socket.socket):
                connection.close()
                self._port.is_open = False
            self._port.close()


@contextmanager
def _as_port_lost(what: str) -> Iterator[None]:
    """Only calls into pyserial stand in such a block, so whatever is raised there is the port's trouble."""
    try:
        yield
    except Exception as error:
        raise PortLost(f"{what}: {error}") from error
