"""What the porter says of the server's health, written down once a second by a thread that waits for no request."""

from collections.abc import Callable
from threading import Event

from backoffice.context import Context
from backoffice.health import service

EVERY_S = 1.0
SILENT_MAX_S = 30.0
"""When the event loop has not looked after its connections, or nothing has been written down, for so long, it hangs."""


class Notice:
    """``tell`` takes a status line and a body, a line feed between them."""

    def __init__(self, context: Context, tell: Callable[[bytes], None]) -> None:
        self._context = context
        self._tell = tell
        self._worker = context.workers.add("notice", SILENT_MAX_S)
        self._stop = Event()

    def start(self) -> None:
        """Write one down each second from now on."""
        self._worker.start_thread(self._keep_telling, self._stop)

    def stop(self) -> None:
        """The one that was written down is the last."""
        self._stop.set()

    def _keep_telling(self) -> None:
        while not self._stop.is_set():
            with self._worker.round(), self._worker.one():
                self._tell(self._words())
            self._stop.wait(EVERY_S)

    def _words(self) -> bytes:
        found = service.state(self._context, self._context.pulse.wait_for_beat())
        status = "200 OK" if found.status == "well" else "503 Service Unavailable"
        return f"{status}\n{found.model_dump_json()}".encode()
