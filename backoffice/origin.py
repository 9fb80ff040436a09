"""Refuses requests that another site's page makes a browser send (cross-site request forgery).

Browsers put ``Origin`` on every POST, and ``Sec-Fetch-Site`` on everything. A request that would change something
passes when these name our own site, or when neither is there and no login cookie came with it (machines, programs
with an API token).
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from backoffice.accounts.access import COOKIE
from backoffice.errors import ForeignOrigin
from backoffice.http_errors import shown

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
OWN_FETCH_SITES = ("same-origin", "none")


class OriginGuard:
    """Middleware around the whole application."""

    def __init__(self, app: ASGIApp, public_origin: str) -> None:
        self.app = app
        self.public_origin = public_origin.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS and not self._own(Headers(scope=scope)):
            response = shown(Request(scope), ForeignOrigin())
            await response(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _own(self, headers: Headers) -> bool:
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is not None:
            return self._is_ours(origin, headers.get("host", ""))
        if site is not None:
            return site in OWN_FETCH_SITES
        return f"{COOKIE}=" not in headers.get("cookie", "")

    def _is_ours(self, origin: str, host: str) -> bool:
        if self.public_origin:
            return origin == self.public_origin
        try:
            return bool(host) and urlsplit(origin).netloc == host
        except ValueError:
            return False
