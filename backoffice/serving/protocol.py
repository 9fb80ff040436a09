"""uvicorn's HTTP/1.1 protocol, which waits for ever, with an end to each wait.

A connection is looked at once a second (``look``). What the client owes us (the head of a request, its body, the
reading of an answer) has to come in time; who owes nothing is waited for by uvicorn's own keep-alive time. No timer is
set and none can be forgotten: what a connection waits for is read from the state of its parser.

Whatever fails in a callback for a reason that nobody foresaw is told, and ends this connection alone.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

import h11
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.h11_impl import H11Protocol

from backoffice.admission import WAITS_IN_LINE
from backoffice.admission.clients import client_of
from backoffice.serving.turns import Turns
from backoffice.supervision import Worker

HEAD_S = 20
BODY_S = 20
BODY_LEAST_BYTES_S = 200
"""Beyond ``BODY_S``, a body may take as long as at this rate: a modem's worst."""
PARSED_A_TURN_BYTES = 1024
"""An ordinary head, or 170 chunks of one byte: two milliseconds at worst."""
READER_S = 30
CLOSING_S = 5

_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Phase(Enum):
    """What a connection waits for."""

    HEAD = "the head of a request"
    BODY = "the body of a request"
    ANSWER = "our own answer"
    NOTHING = "the next request, if any"
    CLOSING = "the client to read the last bytes"


class PatientFlow(FlowControl):
    """Reads no more while what was read waits."""

    def __init__(self, transport: asyncio.Transport, inbox: bytearray) -> None:
        super().__init__(transport)
        self._inbox = inbox

    def resume_reading(self) -> None:
        if not self._inbox:
            super().resume_reading()


class PatientProtocol(H11Protocol):
    """One connection."""

    def __init__(self, *args: Any, turns: Turns, worker: Worker, **options: Any) -> None:
        super().__init__(*args, **options)
        self._turns = turns
        self._worker = worker
        self.inbox = bytearray()
        """Read and not parsed yet."""
        self.lost: asyncio.Future[None] = self.loop.create_future()
        self.received_bytes = 0
        self._wait: tuple[Phase, object] = (Phase.HEAD, None)
        self._since_s = self.loop.time()
        self._since_bytes = 0
        self._unread_bytes = 0
        self._unread_since_s = self._since_s

    @property
    def phase(self) -> Phase:
        """What it waits for now."""
        if self.transport.is_closing():
            return Phase.CLOSING
        if self.inbox:
            return Phase.ANSWER  # it waits for us, not we for it
        if self.conn.their_state is h11.SEND_BODY:
            return Phase.BODY
        if self.conn.their_state is not h11.IDLE:
            return Phase.ANSWER
        return Phase.HEAD if self.cycle is None or self.conn.trailing_data[0] else Phase.NOTHING

    @property
    def may_go(self) -> bool:
        """Whether nothing of ours is under way, so that it can give way to somebody else."""
        waits_in_line = self.scope is not None and WAITS_IN_LINE in self.scope
        waits_for_its_reader = self.flow.write_paused
        return self.phase is not Phase.ANSWER or bool(self.inbox) or waits_in_line or waits_for_its_reader

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.flow = PatientFlow(transport, self.inbox)

    def data_received(self, data: bytes) -> None:
        """Bytes wait for this client's turn: to parse them costs more than to receive them."""
        self.received_bytes += len(data)
        self._unset_keepalive_if_required()
        if not self.inbox:
            self._wait_for_a_turn()
        self.inbox += data
        self.flow.pause_reading()

    def _wait_for_a_turn(self) -> None:
        self._turns.wait(client_of(self.client[0] if self.client else None), self._parse_some)

    def _parse_some(self) -> None:
        if self.transport.is_closing():
            self.inbox.clear()
            return
        data = bytes(self.inbox[:PARSED_A_TURN_BYTES])
        del self.inbox[:PARSED_A_TURN_BYTES]
        with self._or_abort():
            self.flow.resume_reading()
            super().data_received(data)
        if self.inbox:
            self._wait_for_a_turn()

    def send_400_response(self, msg: str) -> None:
        """Say that this is no HTTP; after an answer that has begun there is nothing more to say."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.transport.close()

    def on_response_complete(self) -> None:
        with self._or_abort():
            super().on_response_complete()

    def timeout_keep_alive_handler(self) -> None:
        with self._or_abort():
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        with self._or_abort():
            super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        with self._or_abort():
            super().connection_lost(exc)
        if not self.lost.done():
            self.lost.set_result(None)

    @contextmanager
    def _or_abort(self) -> Iterator[None]:
        """What fails in here ends this connection, not whoever looks after all of them."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - that is what this is for
            self._worker.failed(error)
            self.transport.abort()

    def look(self, now_s: float) -> None:
        """End what was waited for long enough."""
        with self._or_abort():
            self._look(now_s)

    def _look(self, now_s: float) -> None:
        wait = (self.phase, self.cycle)  # each request is another wait
        if wait != self._wait:
            self._wait, self._since_s, self._since_bytes = wait, now_s, self.received_bytes
        if now_s - self._since_s >= self._patience_s():
            self._give_up()
        elif self._reader_stalls(now_s):
            self.transport.abort()

    def _patience_s(self) -> float:
        match self._wait[0]:
            case Phase.HEAD:
                return HEAD_S
            case Phase.BODY:
                return BODY_S + (self.received_bytes - self._since_bytes) / BODY_LEAST_BYTES_S
            case Phase.CLOSING:
                return CLOSING_S
            case _:
                return float("inf")

    def _give_up(self) -> None:
        if self._wait[0] is Phase.CLOSING:
            self.transport.abort()
            return
        if self.received_bytes and (self.cycle is None or not self.cycle.response_started):
            self.transport.write(_TOO_SLOW)
        self.transport.close()

    def _reader_stalls(self, now_s: float) -> bool:
        """Whether the client has taken nothing of what waits for it, or too little, for too long."""
        unread_bytes = self.transport.get_write_buffer_size()
        reads = self._unread_bytes == 0 or (unread_bytes < self._unread_bytes and not self.flow.write_paused)
        if unread_bytes == 0 or reads:
            self._unread_since_s = now_s
        self._unread_bytes = unread_bytes
        return now_s - self._unread_since_s >= READER_S
