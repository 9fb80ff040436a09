"""Roles, and what each may see."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a user is. Stored as its text; never renamed."""

    ADMINISTRATOR = "administrator"
    ISSUER = "issuer"
    AGENT = "agent"
    INSTITUTION = "institution"
    INVESTOR = "investor"


STAFF = (Role.ADMINISTRATOR, Role.ISSUER, Role.INVESTOR)
"""Roles that see every institution. Agents see the ones they serve, institutions see themselves."""


@dataclass(frozen=True)
class Viewer:
    """Who makes the request, and which institutions that person may see."""

    user_id: int
    login: str
    name: str
    role: Role
    institution_ids: frozenset[int] | None
    """None: all of them."""
    by_token: bool = False
    """True when a program called with an API token."""

    def sees(self, institution_id: int | None) -> bool:
        """Whether things of this institution are shown; what belongs to none is for staff."""
        return self.institution_ids is None or institution_id in self.institution_ids
