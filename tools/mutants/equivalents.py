"""The reviewed changes that change nothing: each with its reason, and stale when its line is gone."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.mutants.critical import ListError
from tools.mutants.sites import Site

LIST: Final = Path(__file__).with_name("equivalent.toml")
KEYS: Final = {"module", "function", "operator", "line", "reason"}


@dataclass(frozen=True)
class Equivalent:
    """All sites of one operator on one line of one function."""

    module: str
    function: str
    operator: str
    line: str
    reason: str

    def covers(self, site: Site) -> bool:
        return (self.module, self.function, self.operator, self.line) == (
            site.module,
            site.function,
            site.operator,
            site.text,
        )


def read_equivalents(path: Path = LIST) -> list[Equivalent]:
    """Raises: ListError, an entry lacks a word, or its reason is empty."""
    found = []
    for entry in tomllib.loads(path.read_text()).get("equivalent", []):
        if set(entry) != KEYS or not all(isinstance(value, str) and value.strip() for value in entry.values()):
            raise ListError(f"an equivalent has exactly {', '.join(sorted(KEYS))}: {entry}")
        found.append(Equivalent(**entry))
    return found


def stale(equivalents: Iterable[Equivalent], sites: Iterable[Site]) -> list[Equivalent]:
    """Those that cover none of the sites: their line has changed. The sites are all of these modules'."""
    known = list(sites)
    return [one for one in equivalents if not any(one.covers(site) for site in known)]
