"""One bounded POST to a platform: no redirects, no proxies, no address in any log (it may name a person's number)."""

import http.client
import ssl
from collections.abc import Mapping
from contextlib import closing
from urllib.parse import urlsplit

from backoffice.errors import SmsPlatformUnreachable

TIMEOUT_S = 10
ANSWER_MAX_BYTES = 64 * 1024


def post(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Status and body of the answer. Raises SmsPlatformUnreachable."""
    try:
        parts = urlsplit(url)
        with closing(_connection(parts.scheme, parts.hostname or "", parts.port)) as connection:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read(ANSWER_MAX_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise SmsPlatformUnreachable() from error
    except ValueError as error:  # a port above 65535, letters that no address has
        raise SmsPlatformUnreachable("the platform's address is none") from error


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
