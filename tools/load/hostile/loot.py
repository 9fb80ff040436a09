"""What attackers know: the server's address, accounts of low users, names of others, reports that they overheard."""

from dataclasses import dataclass
from typing import Final

from tools.load.address import Target

COOKIE: Final = "perscan_session"


@dataclass(frozen=True)
class Account:
    """Of a low user."""

    login: str
    password: str
    cookie: str
    """The token of a login session."""


@dataclass(frozen=True)
class Loot:
    """Everything."""

    target: Target
    low: Account
    """Reads its own institution, opens streams."""
    changers: tuple[Account, ...]
    """Change their passwords."""
    victim: str
    """Somebody else's login name."""
    overheard: tuple[bytes, ...]
    """Genuine reports that were stored already."""
    seed: int

    @property
    def host(self) -> str:
        """For the Host header."""
        return f"{self.target[0]}:{self.target[1]}"

    @property
    def origin(self) -> str:
        """For the Origin header: it is no secret."""
        return f"http://{self.host}"
