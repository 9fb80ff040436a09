"""One log line a request: method, path and status; never the query, a header or a body."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backoffice import logs

log = logs.get(__name__)

PATH_MAX_CHARS = 200
"""No address of ours is that long; a log line has the length that we want, not the caller."""


class RequestLog:
    """Middleware around the whole application. Refusals are logged, successes only when debugging."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started_s = time.perf_counter()

        async def send_and_log(message: Message) -> None:
            if message["type"] == "http.response.start":
                _write(scope, message["status"], time.perf_counter() - started_s)
            await send(message)

        await self.app(scope, receive, send_and_log)


def _write(scope: Scope, status: int, took_s: float) -> None:
    write = log.debug if status < 400 else log.info
    client = scope.get("client")
    write(
        "request",
        method=scope["method"],
        path=scope["path"][:PATH_MAX_CHARS],
        status=status,
        took_ms=round(took_s * 1000, 1),
        address=client[0] if client else None,
    )
