"""The one-time setup link: how the first administrator of a new back office gets in.

The server prints the link on its terminal when there is no administrator. The token stands after the ``#``, which
browsers never send: it is in no request line and in no log. It lives in memory and dies with its first use.
"""

import hmac
from threading import Lock

from backoffice.accounts.secrets import hash_token, new_token
from backoffice.errors import BadSetupToken


class SetupToken:
    """At most one outstanding setup token of this process."""

    def __init__(self) -> None:
        self._hash: bytes | None = None
        self._lock = Lock()

    def issue(self) -> str:
        """A new token; an earlier one stops working."""
        token = new_token()
        with self._lock:
            self._hash = hash_token(token)
        return token

    def check(self, token: str) -> None:
        """Raise BadSetupToken unless this is the outstanding token."""
        with self._lock:
            if self._hash is None or not hmac.compare_digest(self._hash, hash_token(token)):
                raise BadSetupToken()

    def spend(self) -> None:
        """End the outstanding token."""
        with self._lock:
            self._hash = None
