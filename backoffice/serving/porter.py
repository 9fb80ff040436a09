"""The porter: a process that takes connections in, answers whoever only asks how the server is, and hands in the rest.

The server computes in Python, one thing at a time, and under load each of them waits for the others. Whoever watches
its health has nothing to do with any of them: what they are told was written down by the server within the last second
(``backoffice.serving.notice``), and saying it takes the porter a tenth of a millisecond, however busy the server is.

A new connection is looked at without reading from it: its first bytes are a health check, or something else, or have
not come yet. Those that say nothing for a moment are handed in, where it is known how long to wait for whom. The first
bytes of TLS say nothing of what is asked within it; there, and on connections that go on after another request, the
server itself says how it is. A health check in the clear is answered beside TLS as well: it says nothing secret.

It says a word when it begins and for each notice, so that the server knows that it is there. It ends when the server
does: ``channel`` then has an end. It imports little, starts in no time, and is started again should it end by itself.
"""

import errno
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from enum import Enum, auto
from itertools import islice

from backoffice.admission.clients import client_of
from backoffice.serving.crowd import Crowd
from backoffice.serving.files import raise_limit

HEALTH = b"GET /health HTTP/1."
HEAD_END = b"\r\n\r\n"
HEAD_MAX_BYTES = 2048
"""Of a health check; what is longer is none that we know."""
SILENT_S = 0.5
SILENT_MAX = 128
"""Connections that have said nothing yet."""
FILES_WANTED = 16 * 1024
"""Nearly all for connections that the server has not taken yet: who waits keeps quiet, who is closed comes again."""
FILES_FOR_THE_REST = 64
IN_FLIGHT_BYTES = 16 * 1024
"""Of the channel's buffer, at some 800 bytes a connection: the rest waits here, where clients take turns."""
ACCEPTS_A_TURN = 64
NO_ROOM_PAUSE_S = 0.01
NOTICE_MAX_BYTES = 64 * 1024
STALE_S = 10.0
"""Of a server that has written nothing down for so long it is said that it is unwell."""
STALE = (
    "503 Service Unavailable",
    b'{"status":"unwell","database":"unwell","ingest":"unwell","reports_waiting":0,"workers":{"notice":"unwell"}}',
)
HERE = b"."
HANDED_IN = b"!"
GONE = frozenset({7, 8})
"""States of a TCP connection whose client has closed it: CLOSE, CLOSE_WAIT (Linux, tcp_states.h)."""
_NO_ROOM = frozenset({errno.ENOBUFS, errno.ETOOMANYREFS, errno.ENOMEM})


class Asks(Enum):
    """What the first bytes of a connection ask for."""

    HEALTH = auto()
    OTHER = auto()
    UNKNOWN = auto()
    """Not enough has come."""


def asks_for(first: bytes) -> Asks:
    """``first`` = what has come of a connection so far, at most ``HEAD_MAX_BYTES``."""
    if not first.startswith(HEALTH[: len(first)]) or len(first) >= HEAD_MAX_BYTES:
        return Asks.OTHER
    end = first.find(HEAD_END)
    if end < 0:
        return Asks.UNKNOWN
    return Asks.HEALTH if end + len(HEAD_END) == len(first) else Asks.OTHER


class ServerGone(Exception):
    """The channel has ended."""


class Porter:
    """``listener`` = where clients connect; ``channel`` = packets to the server: notices come, connections go."""

    def __init__(
        self,
        listener: socket.socket,
        channel: socket.socket,
        waiting_max: int,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._waiting_max = waiting_max
        self._listener = listener
        self._channel = channel
        self._clock_s = clock_s
        self._silent: Crowd[socket.socket] = Crowd()
        self._patience_until_s: dict[socket.socket, float] = {}
        """Of the silent ones, in the order in which they came."""
        self._waiting: Crowd[socket.socket] = Crowd()
        self._by_descriptor: dict[int, socket.socket] = {}
        self._hand_in_again_s: float | None = None
        """When to try anew, although the channel would take more."""
        self._notice: tuple[str, bytes] | None = None
        self._notice_at_s = 0.0
        listener.setblocking(False)
        channel.setblocking(False)
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, IN_FLIGHT_BYTES)
        self._poll = select.epoll()
        self._poll.register(listener, select.EPOLLIN)
        self._poll.register(channel, select.EPOLLIN)
        self._say_a_word()

    def run(self) -> None:
        """Until the server is gone."""
        with suppress(ServerGone):
            while True:
                self.turn(self._wait_s())
        self.close()

    def close(self) -> None:
        """Let everything go."""
        self._poll.close()
        for one in (*self._silent, *self._waiting, self._listener, self._channel):
            one.close()

    def turn(self, wait_s: float) -> None:
        """What has come meanwhile, after at most ``wait_s``. Raises ServerGone."""
        for descriptor, events in self._poll.poll(wait_s):
            if descriptor == self._listener.fileno():
                self._accept_some()
            elif descriptor == self._channel.fileno():
                if events & ~select.EPOLLOUT:
                    self._read_notices()
            elif descriptor in self._by_descriptor:  # else it gave way to another in this very turn
                self._look_at(self._by_descriptor[descriptor])
        self._lose_patience()
        self._hand_in()

    def _wait_s(self) -> float:
        moments_s = [*islice(self._patience_until_s.values(), 1)]
        if self._hand_in_again_s is not None:
            moments_s.append(self._hand_in_again_s)
        return max(0.0, min(moments_s) - self._clock_s()) if moments_s else -1

    def _accept_some(self) -> None:
        for _ in range(ACCEPTS_A_TURN):
            try:
                connection, address = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionAbortedError:
                continue
            except OSError:  # no files or no memory, most of the time: trying again at once would be all we do
                time.sleep(NO_ROOM_PAUSE_S)
                return
            self._receive(connection, client_of(str(address[0])))

    def _receive(self, connection: socket.socket, client: str) -> None:
        connection.setblocking(False)
        self._silent.add(client, connection)
        self._patience_until_s[connection] = self._clock_s() + SILENT_S
        self._by_descriptor[connection.fileno()] = connection
        self._poll.register(connection, select.EPOLLIN | select.EPOLLET)  # once for all that came: it stays unread
        self._look_at(connection)
        if len(self._silent) > SILENT_MAX and (first := self._silent.oldest_of_most()) is not None:
            self._let_wait(first)

    def _look_at(self, connection: socket.socket) -> None:
        try:
            first = connection.recv(HEAD_MAX_BYTES, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            first = b""
        if not first:  # gone without a word
            self._stop_looking(connection)
            connection.close()
            return
        asked = asks_for(first)
        if asked is Asks.HEALTH and self._notice is not None:
            self._stop_looking(connection)
            self._answer(connection, len(first))
        elif asked is not Asks.UNKNOWN:
            self._let_wait(connection)

    def _answer(self, connection: socket.socket, asked_bytes: int) -> None:
        is_stale = self._clock_s() - self._notice_at_s > STALE_S
        status, body = STALE if is_stale or self._notice is None else self._notice
        head = (
            f"HTTP/1.1 {status}\r\ndate: {formatdate(usegmt=True)}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n"
            "connection: close\r\n\r\n"
        )
        with connection, suppress(OSError):
            connection.recv(asked_bytes)  # what is closed unread tears the answer away
            connection.send(head.encode() + body)
            connection.shutdown(socket.SHUT_WR)

    def _stop_looking(self, connection: socket.socket) -> str:
        self._poll.unregister(connection)
        del self._by_descriptor[connection.fileno()]
        del self._patience_until_s[connection]
        return self._silent.remove(connection)

    def _let_wait(self, connection: socket.socket) -> None:
        """For the server to take it."""
        self._waiting.add(self._stop_looking(connection), connection)
        if len(self._waiting) > self._waiting_max and (last := self._waiting.newest_of_most()) is not None:
            self._waiting.remove(last)
            last.close()

    def _lose_patience(self) -> None:
        now_s = self._clock_s()
        late = []
        for connection, until_s in self._patience_until_s.items():
            if until_s > now_s:
                break
            late.append(connection)
        for connection in late:
            self._let_wait(connection)

    def _hand_in(self) -> None:
        is_full, self._hand_in_again_s = False, None
        while (connection := self._waiting.next()) is not None:
            try:
                if not _has_gone(connection):  # after a stall, the server would serve those who gave up
                    socket.send_fds(self._channel, [HANDED_IN], [connection.fileno()])
            except BlockingIOError:
                is_full = True
                break
            except OSError as error:
                if error.errno not in _NO_ROOM:
                    raise ServerGone from error
                self._hand_in_again_s = self._clock_s() + NO_ROOM_PAUSE_S
                break
            self._waiting.turn_over(connection)
            connection.close()
        self._poll.modify(self._channel, select.EPOLLIN | (select.EPOLLOUT if is_full else 0))

    def _say_a_word(self) -> None:
        with suppress(BlockingIOError):  # it is full of connections, which say as much
            self._channel.send(HERE)

    def _read_notices(self) -> None:
        """The newest one counts: a status line and a body."""
        try:
            while notice := self._channel.recv(NOTICE_MAX_BYTES):
                status, _, body = notice.partition(b"\n")
                self._notice, self._notice_at_s = (status.decode(), body), self._clock_s()
                self._say_a_word()
        except BlockingIOError:
            return
        except OSError as error:
            raise ServerGone from error
        raise ServerGone


def _has_gone(connection: socket.socket) -> bool:
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] in GONE


def main(listener_descriptor: int, channel_descriptor: int) -> None:
    """The process: both sockets were left open for it by the server."""
    signal.signal(
        signal.SIGTERM, signal.SIG_IGN
    )  # a service manager asks all of a service; the server says when we end
    files = raise_limit(FILES_WANTED)
    waiting_max = max(files - SILENT_MAX - FILES_FOR_THE_REST, files // 4)
    Porter(socket.socket(fileno=listener_descriptor), socket.socket(fileno=channel_descriptor), waiting_max).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
