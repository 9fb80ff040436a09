"""Phone numbers as machines have them: digits, perhaps with a plus."""

import re

from backoffice.errors import SmsBadSender

PRETTY = str.maketrans("", "", " -()./")
NUMBER = re.compile(r"\+?[0-9]{3,20}")


def normal(number: str) -> str:
    """The number without ornaments; ``00`` in front becomes ``+``. Raises SmsBadSender for a name or nonsense."""
    plain = number.translate(PRETTY)
    if plain.startswith("00"):
        plain = "+" + plain[2:]
    if not NUMBER.fullmatch(plain):
        raise SmsBadSender()
    return plain


def same(one: str, other: str) -> bool:
    """Whether two platforms mean the same number: some leave the plus out."""
    return one.lstrip("+") == other.lstrip("+")
