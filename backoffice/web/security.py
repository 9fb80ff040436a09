"""The headers that keep a page honest: it talks to nothing but this server, and runs no inline script or style."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types perscan default",
    )
)

HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), usb=(), serial=()",
}


HSTS_KEPT_S = 365 * 86400
"""A browser that was here once over HTTPS tries nothing else with this host for so long (RFC 6797)."""


class SecurityHeaders:
    """Adds the headers to every answer that has none of its own. Plain ASGI: event streams are not held back."""

    def __init__(self, app: ASGIApp, speaks_https: bool) -> None:
        self.app = app
        transport = {"strict-transport-security": f"max-age={HSTS_KEPT_S}"} if speaks_https else {}
        self.headers = HEADERS | transport

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)
