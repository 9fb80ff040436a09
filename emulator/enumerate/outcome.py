"""What one run came to, and many runs together."""

from collections.abc import Iterable
from dataclasses import dataclass, field

INVARIANTS = ("lost", "double", "granted_without_debit", "bricked")


@dataclass
class Outcome:
    """Findings by invariant, in words. ``spoiled`` = a blank card that the tear destroyed and the issuer reported."""

    lost: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)
    granted_without_debit: list[str] = field(default_factory=list)
    bricked: list[str] = field(default_factory=list)
    spoiled: list[str] = field(default_factory=list)

    def findings(self) -> list[str]:
        return [f"{name}: {words}" for name in INVARIANTS for words in getattr(self, name)]


@dataclass
class Tally:
    """Runs added up."""

    tears: int = 0
    cuts: int = 0
    lost: int = 0
    double: int = 0
    granted_without_debit: int = 0
    bricked: int = 0
    spoiled: int = 0

    def add(self, outcome: Outcome, *, torn: bool) -> None:
        if torn:
            self.tears += 1
        else:
            self.cuts += 1
        for name in (*INVARIANTS, "spoiled"):
            setattr(self, name, getattr(self, name) + bool(getattr(outcome, name)))

    @property
    def whole(self) -> bool:
        """Every invariant held in every run. A spoiled blank is plastic, not a lost credit."""
        return not any(getattr(self, name) for name in INVARIANTS)

    @staticmethod
    def total(tallies: Iterable["Tally"]) -> "Tally":
        total = Tally()
        for tally in tallies:
            for name in ("tears", "cuts", *INVARIANTS, "spoiled"):
                setattr(total, name, getattr(total, name) + getattr(tally, name))
        return total
