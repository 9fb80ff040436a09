"""Joins a real Kannel: the SMS centre speaks to a bearerbox as Kannel's own fakesmsc does (User's Guide, appendix B).

Lines: sender receiver "text" words | "data" urlcoded | "udh" urlcoded urlcoded. Newer bearerboxes say "udh X data Y"
and "ucs-2 urlcoded" too.
"""

import select
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_plus, unquote_to_bytes

from gsm import fields
from gsm.errors import PduError
from gsm.network_pdu import encode_deliver
from gsm.pdu import decode_deliver

from emulator.phone.smsc import Message

if TYPE_CHECKING:
    from emulator.world import World

READ_BYTES: Final = 4096
MAX_LINE_BYTES: Final = 8192
CONNECT_S: Final = 5.0  # real
GLANCE_MS: Final = 2  # real: looks at a Kannel that has used up the world's patience
LOOK_US: Final = 2_000_000  # virtual: between looks
RECONNECT_US: Final = 5_000_000


class FakeSmscLink:
    """One connection to one bearerbox. Messages to these numbers (default: to nobody else's) go to Kannel; what Kannel
    sends is submitted here. While Kannel is away its messages wait in the centre."""

    def __init__(self, world: "World", address: tuple[str, int], numbers: Iterable[str] = ("",)) -> None:
        self.sent = 0
        self.received = 0
        self.ignored_lines: list[str] = []
        self._world = world
        self._address = address
        self._peer: socket.socket | None = None
        self._partial = b""
        self._open = True
        self._numbers = tuple(numbers)
        self._patience_ms = 0
        with world.lock:
            world.phone.on_close.append(self.close)
            for number in self._numbers:
                world.phone.smsc.raw_application(number, self._forward)
            self._connect()
            if not world.real_time:
                self._look()

    @property
    def connected(self) -> bool:
        return self._peer is not None

    def close(self) -> None:
        with self._world.lock:
            self._open = False
            self._hang_up()

    # --- to Kannel -----------------------------------------------------------------------------------------------

    def _forward(self, message: Message) -> bool:
        if not self._peer:
            return False
        try:
            self._peer.sendall(line_of(message))
        except OSError:
            self._lose()
            return False
        self.sent += 1
        self._patience_ms = self._world.network_patience_ms
        return True

    # --- from Kannel -----------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Virtual time: it stands still for as long as the world has patience, once after each message to Kannel."""
        if not self._open:
            return
        if self._peer:
            poll = select.poll()
            poll.register(self._peer, select.POLLIN)
            while self._peer and poll.poll(self._patience_ms):
                self._patience_ms = GLANCE_MS
                self._readable()
            self._patience_ms = GLANCE_MS
        self._world.schedule(self._world.now_us + LOOK_US, self._look)

    def _readable(self) -> None:
        if not self._peer:
            return
        try:
            data = self._peer.recv(READ_BYTES)
        except OSError:
            data = b""
        if not data:
            self._lose()
            return
        *lines, self._partial = (self._partial + data).split(b"\n")
        self._partial = self._partial[-MAX_LINE_BYTES:]
        for line in lines:
            self._take(line.strip(b"\r"))

    def _take(self, line: bytes) -> None:
        try:
            sender, receiver, pdu = parse_line(line, self._world.unix_time)
        except (ValueError, PduError):
            self.ignored_lines.append(line.decode(errors="replace"))
            return
        self.received += 1
        self._world.phone.smsc.send_pdu(sender, receiver, pdu)

    # --- the connection --------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        if not self._open or self._peer:
            return
        try:
            self._peer = socket.create_connection(self._address, CONNECT_S)
        except OSError:
            self._world.schedule(self._world.now_us + RECONNECT_US, self._connect)
            return
        if self._world.real_time:
            self._world.loop.watch(self._peer.fileno(), self._readable)
        for number in self._numbers:
            self._world.phone.smsc.reachable(number)

    def _lose(self) -> None:
        self._hang_up()
        self._world.schedule(self._world.now_us + RECONNECT_US, self._connect)

    def _hang_up(self) -> None:
        if self._peer:
            if self._world.real_time:
                self._world.loop.unwatch(self._peer.fileno())
            self._peer.close()
            self._peer = None
            self._partial = b""


def line_of(message: Message) -> bytes:
    """A message as fakesmsc sends it."""
    part = decode_deliver(message.pdu)
    head = f"{message.sender} {message.receiver}"
    if part.text is not None:
        return f"{head} text {part.text}\n".encode()
    if part.parts == 1:
        return f"{head} data {quote_plus(part.data)}\n".encode()
    header = fields.concatenation_header(part.reference, part.part, part.parts)
    return f"{head} udh {quote_plus(header)} {quote_plus(part.data)}\n".encode()


def parse_line(line: bytes, unix_s: int) -> tuple[str, str, bytes]:
    """Sender, receiver and the PDU for the receiver's phone."""
    sender, receiver, kind, rest = line.decode("latin-1").split(" ", 3)
    if kind == "text":
        return sender, receiver, encode_deliver(sender, rest, unix_s)
    if kind == "data":
        return sender, receiver, encode_deliver(sender, _decoded(rest), unix_s)
    if kind == "ucs-2":
        return sender, receiver, encode_deliver(sender, _decoded(rest).decode("utf-16-be"), unix_s)
    if kind != "udh":
        raise ValueError(kind)
    header, _, content = rest.partition(" ")
    elements = _decoded(header)
    if not elements or elements[0] != len(elements) - 1:
        raise ValueError(header)
    reference, part, parts = fields.concatenation(elements[1:])
    data = _decoded(content.removeprefix("data ") if " " in content else content)
    return sender, receiver, encode_deliver(sender, data, unix_s, reference, part, parts)


def _decoded(text: str) -> bytes:
    return unquote_to_bytes(text.replace("+", " "))
