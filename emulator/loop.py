"""Real time: one thread that serves the boards' pipes, their exposed host links, and the timers."""

import os
import selectors
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from emulator.device import Board
    from emulator.world import World

LONGEST_SLEEP_S: Final = 0.5


class RealTimeLoop:
    def __init__(self, world: "World") -> None:
        self._world = world
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._selector.register(self._wake_read, selectors.EVENT_READ, self._drain)
        self._changed = threading.Condition(world.lock)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="world", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self.wake()
        self._thread.join()
        self._selector.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def wake(self) -> None:
        """Something earlier than the loop knows of may be due."""
        if threading.current_thread() is not self._thread:
            try:
                os.write(self._wake_write, b"\0")
            except BlockingIOError:
                return  # it has been woken often enough

    def attend(self, board: "Board") -> None:
        self.watch(board.requests, board.receive_ready)

    def forget(self, board: "Board") -> None:
        self.unwatch(board.requests)

    def watch(self, file_descriptor: int, on_readable: Callable[[], None]) -> None:
        self._selector.register(file_descriptor, selectors.EVENT_READ, on_readable)
        self.wake()

    def unwatch(self, file_descriptor: int) -> None:
        """Also when it is not watched any more: a process may have ended before somebody ends it."""
        if file_descriptor in self._selector.get_map():
            self._selector.unregister(file_descriptor)
        self.wake()

    def wait_until(self, predicate: Callable[[], bool], timeout_ms: int) -> bool:
        deadline = time.monotonic() + timeout_ms / 1000
        with self._changed:
            while not predicate():
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    return False
                self._changed.wait(left_s)
        return True

    def _run(self) -> None:
        while not self._stopping:
            ready = self._selector.select(self._sleep_s())
            with self._changed:
                for key, _ in ready:
                    if self._selector.get_map().get(key.fd) == key:  # an earlier one may have ended it
                        key.data()
                while self._world.serve_due():
                    pass
                self._changed.notify_all()

    def _sleep_s(self) -> float:
        with self._world.lock:
            return min(LONGEST_SLEEP_S, max(0, self._world.next_us() - self._world.now_us) / 1e6)

    def _drain(self) -> None:
        try:
            while os.read(self._wake_read, 4096):
                pass
        except BlockingIOError:
            return
