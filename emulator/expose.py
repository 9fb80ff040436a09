"""A serial line for other programs, in real time: a TCP port on loopback or a pseudo terminal."""

import os
import socket
import tty
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from emulator.world import World

READ_BYTES: Final = 4096


class Line(Protocol):
    """A board's UART, or a modem's port."""

    on_sent: list[Callable[[bytes], None]]

    def push(self, data: bytes) -> None: ...


class Exposure(Protocol):
    @property
    def address(self) -> str: ...

    def close(self) -> None: ...


class TcpExposure:
    """One line, one user: a new connection replaces the one before, as pulling a plug and putting in another does."""

    def __init__(self, world: "World", line: Line) -> None:
        self._loop = world.loop  # in virtual time there is none: nothing may be opened before this
        self._line = line
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self._peer: socket.socket | None = None
        line.on_sent.append(self._send)
        self._loop.watch(self._listener.fileno(), self._accept)

    @property
    def address(self) -> str:
        host, port = self._listener.getsockname()
        return f"socket://{host}:{port}"

    def close(self) -> None:
        self._hang_up()
        self._line.on_sent.remove(self._send)
        self._loop.unwatch(self._listener.fileno())
        self._listener.close()

    def _accept(self) -> None:
        self._hang_up()
        peer, _ = self._listener.accept()
        peer.setblocking(False)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._peer = peer
        self._loop.watch(peer.fileno(), self._receive)

    def _hang_up(self) -> None:
        if self._peer:
            self._loop.unwatch(self._peer.fileno())
            self._peer.close()
            self._peer = None

    def _receive(self) -> None:
        if not self._peer:
            return
        try:
            data = self._peer.recv(READ_BYTES)
        except ConnectionError:
            data = b""
        if data:
            self._line.push(data)
        else:
            self._hang_up()

    def _send(self, data: bytes) -> None:
        if not self._peer:
            return  # nobody listens: the bytes are gone, as on a real line
        try:
            self._peer.send(data)
        except BlockingIOError:
            return  # a listener that does not read loses what comes
        except ConnectionError:
            self._hang_up()


class PtyExposure:
    """A pseudo terminal in raw mode; users open and close it as they like."""

    def __init__(self, world: "World", line: Line) -> None:
        self._loop = world.loop  # in virtual time there is none: nothing may be opened before this
        self._line = line
        # Our own open end keeps the terminal alive while nobody else has it open.
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        line.on_sent.append(self._send)
        self._loop.watch(self._master, self._receive)

    @property
    def address(self) -> str:
        return os.ttyname(self._slave)

    def close(self) -> None:
        self._line.on_sent.remove(self._send)
        self._loop.unwatch(self._master)
        os.close(self._master)
        os.close(self._slave)

    def _receive(self) -> None:
        self._line.push(os.read(self._master, READ_BYTES))

    def _send(self, data: bytes) -> None:
        try:
            os.write(self._master, data)
        except BlockingIOError:
            return  # nobody reads and the terminal's buffer is full


def exposed(kind: Callable[["World", Line], Exposure], world: "World", line: Line) -> Exposure:
    with world.lock:
        return kind(world, line)
