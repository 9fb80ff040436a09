"""The porter's lodge: the server's side of the porter. Starts it, takes what it hands in, and engages another should it
ever end by itself (docs/decisions/0055-a-porter-at-the-door.md).
"""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from threading import Lock

from backoffice import logs
from backoffice.serving.porter import HANDED_IN
from backoffice.supervision import Worker

log = logs.get(__name__)

TAKEN_A_TURN = 16
END_S = 5
"""After its channel has ended, the porter ends within a millisecond."""
LOOK_EVERY_S = 10
TOLD_IN_VAIN = 5
"""It says a word for each notice: after so many without one, it hangs."""
OWN_SETTINGS = "PERSCAN_"


class PorterGone(Exception):
    """It ended, and was not asked to."""


class Lodge:
    """One porter after the other at one listening socket."""

    def __init__(self, listener: socket.socket, take_in: Callable[[socket.socket], None], worker: Worker) -> None:
        self._listener = listener
        self._take_in = take_in
        self._worker = worker
        self._loop = asyncio.get_running_loop()
        self._open = False
        self._channel: socket.socket | None = None
        self._channel_lock = Lock()
        self._told_in_vain = 0
        self._porter: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Of the porter, while there is one."""
        return None if self._porter is None else self._porter.pid

    def open(self) -> None:
        """Have connections taken in from now on."""
        self._open = True
        self._engage()
        self._looking = self._loop.call_later(LOOK_EVERY_S, self._look_after)

    def close(self) -> None:
        """Take none in any more. The porter ends, and closes those that it has in hand."""
        self._open = False
        self._looking.cancel()
        self._let_go()
        self._listener.close()

    async def wait_closed(self) -> None:
        """Until the porter has ended."""
        if self._porter is not None:
            await asyncio.to_thread(_await_end, self._porter)

    def tell(self, notice: bytes) -> None:
        """What the porter is to say of our health from now on; nothing happens while there is none. Any thread."""
        with self._channel_lock:
            if self._channel is None:
                return
            self._told_in_vain += 1
            try:
                self._channel.send(notice)
            except OSError as error:  # the next one comes in a second
                log.debug("porter_not_told", reason=error.strerror)

    def _engage(self) -> None:
        if not self._open:
            return
        try:
            self._start_porter()
        except Exception as error:  # noqa: BLE001 - told and counted; without a porter nobody comes in
            self._worker.failed(error)
            self._loop.call_later(self._worker.pause_s, self._engage)

    def _start_porter(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            given = (self._listener.fileno(), theirs.fileno())
            # -P: what lies in the folder in which the server was started is no program of ours
            program = [sys.executable, "-P", "-m", "backoffice.serving.porter", *map(str, given)]
            try:
                self._porter = subprocess.Popen(
                    program,
                    pass_fds=given,
                    stdin=subprocess.DEVNULL,
                    env={name: value for name, value in os.environ.items() if not name.startswith(OWN_SETTINGS)},
                    start_new_session=True,  # Ctrl-C is for the server; and sched(7) shares processors by session
                )
            except BaseException:
                ours.close()
                raise
        ours.setblocking(False)
        self._channel, self._told_in_vain = ours, 0
        self._loop.add_reader(ours, self._take_some)

    def _take_some(self) -> None:
        assert self._channel is not None
        for _ in range(TAKEN_A_TURN):
            try:
                word, descriptors, _flags, _address = socket.recv_fds(self._channel, 1, 1)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                word, descriptors = b"", []
            if not word:
                self._porter_gone()
                return
            self._heard(word, descriptors)

    def _heard(self, word: bytes, descriptors: list[int]) -> None:
        self._told_in_vain = 0
        with self._worker.round():  # it lives, and does what it is for
            if descriptors:
                connection = socket.socket(fileno=descriptors[0])
                connection.set_inheritable(False)
                self._take_in(connection)
            elif word == HANDED_IN:  # the kernel has closed it: we may open no more files
                log.error("no_connection_accepted", reason="too many open files")

    def _look_after(self) -> None:
        with self._worker.one():
            if self._told_in_vain >= TOLD_IN_VAIN and self._porter is not None:
                log.error("porter_hangs", notices=self._told_in_vain)
                self._porter.kill()  # its channel ends, which is seen as ever
        self._looking = self._loop.call_later(LOOK_EVERY_S, self._look_after)

    def _porter_gone(self) -> None:
        self._let_go()
        if self._porter is not None:
            _await_end(self._porter)
        self._worker.failed(PorterGone())
        self._loop.call_later(self._worker.pause_s, self._engage)

    def _let_go(self) -> None:
        with self._channel_lock:
            channel, self._channel = self._channel, None
        if channel is not None:
            self._loop.remove_reader(channel)
            channel.close()


def _await_end(porter: "subprocess.Popen[bytes]") -> None:
    try:
        porter.wait(END_S)
    except subprocess.TimeoutExpired:
        porter.kill()
        porter.wait()
