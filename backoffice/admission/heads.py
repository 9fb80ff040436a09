"""What the head of a request may hold, before anything reads it.

Only cookies that are plain words go on; all of ours are. Whatever reads cookies behind us (FastAPI does so for every
request, in the event loop) unquotes others, and the standard library of many a system does that in a time that grows
with the square of their length (CVE-2024-7592).
"""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from backoffice.errors import HeadTooLarge
from backoffice.http_errors import shown

LINES_MAX = 64
COOKIES_MAX_CHARS = 4096
PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}=[A-Za-z0-9_.~-]{0,400}")
COOKIE = "cookie"


class HeadBounds:
    """Middleware before anything that reads a head."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            _keep_plain_cookies(scope)
            if len(scope["headers"]) > LINES_MAX:
                response = shown(Request(scope), HeadTooLarge())
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _keep_plain_cookies(scope: Scope) -> None:
    given = Headers(scope=scope).getlist(COOKIE)
    if not given:
        return
    headers = MutableHeaders(scope=scope)
    del headers[COOKIE]
    pairs = [pair.strip() for line in given if len(line) <= COOKIES_MAX_CHARS for pair in line.split(";")]
    plain = [pair for pair in pairs if PLAIN.fullmatch(pair)]
    if plain:
        headers[COOKIE] = "; ".join(plain)
