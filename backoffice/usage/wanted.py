"""Which debits are meant: what the viewer may see, and what was asked for."""

from dataclasses import dataclass, replace
from datetime import date

from backoffice.days import Span


@dataclass(frozen=True)
class Wanted:
    """A choice of debits. Days are those of each clinic (``backoffice.days``); both ends are included."""

    visible: frozenset[int] | None
    """The viewer's institutions; None: all of them, and what belongs to none."""
    institution_id: int | None = None
    machine_id: int | None = None
    since: date | None = None
    until: date | None = None
    disputed: bool | None = None
    spans: tuple[Span, ...] = ()
    """Last days, each group of clinics by its own clock; empty: any day."""

    newest_id: int | None = None
    """Debits that were stored after this one are left out: a list that takes long to read stays the same list."""

    @property
    def first_day(self) -> date | None:
        """No day before this is meant anywhere."""
        return max(filter(None, (self.since, min((span.first for span in self.spans), default=None))), default=None)

    @property
    def last_day(self) -> date | None:
        """No day after this is meant anywhere."""
        return min(filter(None, (self.until, max((span.last for span in self.spans), default=None))), default=None)

    @property
    def institutions(self) -> frozenset[int] | None:
        """The institutions that are meant; None: all, and none."""
        if self.institution_id is None:
            return self.visible
        wanted = frozenset({self.institution_id})
        return wanted if self.visible is None else wanted & self.visible

    def between(self, since: date, until: date) -> "Wanted":
        """The same on these days."""
        return replace(self, since=since, until=until)
