"""The people at the back office, as its API sees them."""

import secrets
import ssl
import time
from collections.abc import Mapping
from typing import Any, Self

import httpx2

from tools.demo.errors import DemoFailed, NoAnswer

CARD_TIMEOUT_S = 150.0
TRIES = 5
BUSY_S = 5


class Operator:
    """Somebody logged in at the back office. Every answer that is no success ends the demonstration with its words."""

    def __init__(self, url: str, trusted: ssl.SSLContext | None = None) -> None:
        self._http = httpx2.Client(
            base_url=url,
            timeout=CARD_TIMEOUT_S,
            headers={"Origin": url},
            trust_env=False,
            verify=True if trusted is None else trusted,
        )

    @classmethod
    def first_administrator(
        cls, url: str, setup_token: str, login: str, password: str, trusted: ssl.SSLContext | None = None
    ) -> Self:
        """Go through the one-time link, and stay logged in: what is shown here takes a person, not an API token."""
        operator = cls(url, trusted)
        operator.post(
            "/api/v1/setup", {"token": setup_token, "login": login, "name": "Ada Admin", "password": password}
        )
        return operator

    def get(self, path: str, **params: str | int) -> Any:
        return self._answered("GET", path, params=params)

    def post(self, path: str, content: Mapping[str, Any] | None = None) -> Any:
        return self._answered("POST", path, json=content or {})

    def patch(self, path: str, content: Mapping[str, Any]) -> Any:
        return self._answered("PATCH", path, json=content)

    def close(self) -> None:
        self._http.close()

    def _answered(self, method: str, path: str, **content: Any) -> Any:
        response = self._asked(method, path, **content)
        for _ in range(TRIES):
            if response.status_code != httpx2.codes.SERVICE_UNAVAILABLE:
                break
            time.sleep(int(response.headers.get("Retry-After", BUSY_S)))  # a busy computer: nothing was done
            response = self._asked(method, path, **content)
        if response.is_success:
            return response.json() if response.content else None
        raise DemoFailed(f"{method} {path}: {response.status_code} {_words_of(response)}")

    def _asked(self, method: str, path: str, **content: Any) -> httpx2.Response:
        try:
            return self._http.request(method, path, **content)
        except httpx2.HTTPError as error:
            raise NoAnswer(f"{method} {path}: {error}") from error


def _words_of(response: httpx2.Response) -> str:
    """What the back office says is wrong; the whole answer if it is not in its one form."""
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return response.text


def new_pin() -> str:
    """A PIN as a careful person would choose it: by dice."""
    return f"{secrets.randbelow(10**8):08d}"


def new_password() -> str:
    return secrets.token_urlsafe(12)
