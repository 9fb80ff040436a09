"""How a debit fits what was issued. Income is what is ``COUNTED``, and nothing else: every total asks for it."""

from enum import StrEnum
from typing import Any

from sqlmodel import col

from backoffice.models import Usage


class Standing(StrEnum):
    """Stored as its text; never renamed."""

    COUNTED = "counted"
    """The card was written for this batch, this machine and this provisioning of it."""
    UNISSUED = "unissued"
    """No such batch was signed, the credit is outside of it, or no card was written for it."""
    FOREIGN = "foreign"
    """The batch is bound to another machine, or to another provisioning of this one."""
    VOID = "void"
    """The credit was given up before it was debited."""


def is_income() -> Any:
    """The condition on ``usage`` rows that make a total."""
    return col(Usage.standing) == Standing.COUNTED.value
