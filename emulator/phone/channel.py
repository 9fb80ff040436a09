"""One TCP connection of a phone: a real socket on loopback behind a modelled, slow and faulty radio path.

In virtual time the world stands still while a real answer is awaited. It is awaited when it would arrive at the
earliest (one way after the last byte went up), never while bytes still go up, and at most for the world's patience;
after that virtual time goes on and the socket is looked at from time to time. So the same seed gives the same run as
long as the peer answers within that patience. In real time the world's thread listens to the socket.
"""

import select
import socket
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Final, Protocol

from emulator.phone.faults import SILENT_PEER_S, GprsFaults

if TYPE_CHECKING:
    from emulator.world import World

SEGMENT_BYTES: Final = 1460
WINDOW_BYTES: Final = 8 * SEGMENT_BYTES  # on the way down and not yet taken by the modem
READ_BYTES: Final = 16_384
SETTLE_MS: Final = 5  # real: a peer that writes in pieces is heard out, so that timing does not cut its answer
FOLLOW_UP_MS: Final = 100  # real: after an answer there may be more of it
GLANCE_MS: Final = 2  # real: looks at a peer that has used up the patience
BUSY_US: Final = 250_000  # virtual: between such looks
IDLE_US: Final = 1_000_000
ATTENTIVE_US: Final = 60_000_000  # virtual: after this without traffic the looks become rare
CONNECT_S: Final = 5.0  # real: loopback answers at once or never


class Accounting(Protocol):
    """The network that a channel belongs to."""

    faults: GprsFaults
    bytes_up: int
    bytes_down: int

    def closed(self, channel: "Channel") -> None: ...


class ChannelUser(Protocol):
    """The modem's side."""

    def received(self, data: bytes) -> None: ...

    def ended(self) -> None:
        """The peer closed, or TCP gave up."""
        ...


class Channel:
    """Made by open(). Nothing is called back after close()."""

    def __init__(
        self, world: "World", network: Accounting, peer: socket.socket | None, user: ChannelUser, random: Random
    ) -> None:
        self._world = world
        self._network = network
        self._peer = peer  # None: a silent peer needs no socket
        self._user = user
        self._random = random
        self._open = True
        self._hung = False
        self._held = False
        self._up_free_us = 0
        self._arrival_us = 0
        self._chunks_on_the_way = 0
        self._up = bytearray()
        self._down_free_us = 0
        self._unread_bytes = 0
        self._look_number = 0
        self._patience_ms = 0
        self._last_traffic_us = world.now_us
        self._peer_ended = False

    @classmethod
    def open(
        cls, world: "World", network: Accounting, address: tuple[str, int], user: ChannelUser, random: Random
    ) -> "Channel | None":
        """None: the connection was refused."""
        if network.faults.silent_peer:
            return cls(world, network, None, user, random)
        try:
            peer = socket.create_connection(address, CONNECT_S)
        except OSError:
            return None
        peer.setblocking(False)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        channel = cls(world, network, peer, user, random)
        if world.real_time:
            world.loop.watch(peer.fileno(), channel._readable)
        else:
            channel._look_in(IDLE_US)
        return channel

    # --- the modem's calls -------------------------------------------------------------------------------------

    def hold(self) -> None:
        """The modem is about to send: no answer is expected before it has."""
        self._held = True

    def release(self) -> None:
        self._held = False

    def send(self, data: bytes, on_gone: Callable[[], None]) -> None:
        """Bytes begin their way up now. on_gone: they left the modem, which is all that SEND OK means."""
        self._held = False
        faults = self._network.faults
        start_us = max(self._world.now_us, self._up_free_us)
        self._up_free_us = start_us + len(data) * 1_000_000 // faults.up_bytes_per_s
        self._chunks_on_the_way += 1
        self._world.schedule(self._up_free_us, on_gone)
        self._arrival_us = max(self._arrival_us, self._up_free_us + self._latency_us())  # TCP keeps the order
        self._world.schedule(self._arrival_us, lambda: self._arrive(data))

    def taken(self, count: int) -> None:
        """The modem's user has read so many bytes: the window opens."""
        self._unread_bytes -= count

    def close(self) -> None:
        if not self._open:
            return
        self._open = False
        if self._peer:
            if self._world.real_time:
                self._world.loop.unwatch(self._peer.fileno())
            self._peer.close()
        self._network.closed(self)

    # --- up ------------------------------------------------------------------------------------------------------

    def _arrive(self, data: bytes) -> None:
        self._chunks_on_the_way -= 1
        if not self._open or self._hung:
            return
        self._network.bytes_up += len(data)
        self._last_traffic_us = self._world.now_us
        if self._random.random() < self._network.faults.loss:
            self._break_down()
        elif self._peer is None:
            self._hung = True
            self._world.schedule(self._world.now_us + SILENT_PEER_S * 1_000_000, self._end)
        else:
            self._up += data
            self._flush()
            self._patience_ms = self._world.network_patience_ms
            self._look_in(self._way_us)

    def _flush(self) -> None:
        if not self._peer or not self._up:
            return
        try:
            sent = self._peer.send(self._up)
        except BlockingIOError:
            return  # its buffer is full; looked at again
        except OSError:
            self._peer_ended = True
            return
        del self._up[:sent]

    def _break_down(self) -> None:
        self._hung = True
        if self._random.random() < 0.5:
            self._end_later(self._latency_us())
        else:
            self._end_later(SILENT_PEER_S * 1_000_000)

    # --- down ----------------------------------------------------------------------------------------------------

    def _look_in(self, delay_us: int) -> None:
        """Only the latest appointment counts."""
        if self._world.real_time or not self._open:
            return
        self._look_number += 1
        number = self._look_number
        self._world.schedule(self._world.now_us + delay_us, lambda: self._look(number))

    def _look(self, number: int) -> None:
        if number != self._look_number or not self._open or self._hung:
            return
        if self._held or self._chunks_on_the_way:
            self._look_in(self._way_us)
            return
        self._flush()
        if self._read(self._patience_ms):
            self._patience_ms = FOLLOW_UP_MS
            self._look_in(max(self._down_free_us - self._world.now_us, self._way_us))
            return
        self._patience_ms = min(self._patience_ms, GLANCE_MS)
        quiet_us = self._world.now_us - self._last_traffic_us
        if quiet_us > ATTENTIVE_US:
            self._patience_ms = 0
        self._look_in(BUSY_US if quiet_us < ATTENTIVE_US else IDLE_US)

    def _readable(self) -> None:
        """Real time: the world's thread calls."""
        if self._unread_bytes >= WINDOW_BYTES and self._peer:
            self._world.loop.unwatch(self._peer.fileno())
            self._world.at(BUSY_US // 1000, self._listen_again)
            return
        self._flush()
        self._read(0)

    def _listen_again(self) -> None:
        if self._open and self._peer and not self._peer_ended:
            self._world.loop.watch(self._peer.fileno(), self._readable)

    def _read(self, patience_ms: int) -> bool:
        """Whether anything came. Waits really, so long, for the first byte; then until the peer is silent."""
        data = b""
        wait_ms = patience_ms
        while self._peer and not self._peer_ended and self._unread_bytes + len(data) < WINDOW_BYTES:
            if not self._wait_for(self._peer, wait_ms):
                break
            try:
                piece = self._peer.recv(READ_BYTES)
            except OSError:
                piece = b""
            if not piece:
                self._peer_ended = True
            data += piece
            wait_ms = 0 if self._world.real_time else SETTLE_MS
        self._send_down(data)
        if self._peer_ended:
            self._stop_listening()
            self._end_later(max(0, self._down_free_us - self._world.now_us) + (0 if data else self._way_us))
        return bool(data) or self._peer_ended

    def _wait_for(self, peer: socket.socket, wait_ms: int) -> bool:
        poll = select.poll()
        poll.register(peer, select.POLLIN)
        return bool(poll.poll(wait_ms))

    def _send_down(self, data: bytes) -> None:
        """The latency is behind it when it was awaited; in real time it still lies ahead."""
        if not data:
            return
        self._last_traffic_us = self._world.now_us
        self._network.bytes_down += len(data)
        self._unread_bytes += len(data)
        arrival_us = self._world.now_us + (self._way_us if self._world.real_time else 0)
        start_us = max(arrival_us, self._down_free_us)
        for position in range(0, len(data), SEGMENT_BYTES):
            segment = data[position : position + SEGMENT_BYTES]
            start_us += len(segment) * 1_000_000 // self._network.faults.down_bytes_per_s
            self._world.schedule(start_us, self._hand_over(segment))
        self._down_free_us = start_us

    def _hand_over(self, segment: bytes) -> Callable[[], None]:
        def hand_over() -> None:
            if self._open and not self._hung:
                self._user.received(segment)

        return hand_over

    def _stop_listening(self) -> None:
        if self._world.real_time and self._peer:
            self._world.loop.unwatch(self._peer.fileno())

    def _end_later(self, delay_us: int) -> None:
        self._look_number += 1  # no more looks
        self._world.schedule(self._world.now_us + delay_us, self._end)

    def _end(self) -> None:
        if self._open:
            self.close()
            self._user.ended()

    @property
    def _way_us(self) -> int:
        """The longest latency. Where the real peer's speed has a say nothing is drawn: the seed's numbers stay those of
        the chunks that go up."""
        return self._network.faults.latency_ms[1] * 1000

    def _latency_us(self) -> int:
        return self._random.randint(*self._network.faults.latency_ms) * 1000
