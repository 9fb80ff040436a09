"""How far the world has come, as one reader sees it.

A page carries the moment at which it was made, an event of the stream the moment that it led to. Two moments of one
*epoch* are numbers that can be compared, so a page knows without asking whether it has missed something; of two epochs
nothing is known, and the page asks for itself again. A reader's moment counts only what that reader may see: how much
happens elsewhere is not everybody's business, and moves nobody's page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from backoffice.accounts.roles import Viewer

EPOCH_BYTES = 8
COUNT_MAX_DIGITS = 16
"""JavaScript compares them as numbers."""
MOMENT_MAX_CHARS = 2 * EPOCH_BYTES + 1 + COUNT_MAX_DIGITS


@dataclass(frozen=True)
class Moment:
    """Events so far, by whose they are (None: staff only). Immutable: a later moment is another object."""

    key: bytes
    """Of one start of the server: counts of two starts have nothing to do with each other."""
    counts: Mapping[int | None, int] = field(default_factory=dict)
    total: int = 0

    def after(self, institution_id: int | None) -> "Moment":
        """The moment after one more event."""
        return Moment(self.key, {**self.counts, institution_id: self.counts.get(institution_id, 0) + 1}, self.total + 1)

    def seen_by(self, viewer: Viewer) -> str:
        """This moment for a reader: ``<epoch>-<count>``. The epoch is of those who see the same institutions."""
        ids = viewer.institution_ids
        count = self.total if ids is None else sum(self.counts.get(one, 0) for one in ids)
        whose = "all" if ids is None else ",".join(map(str, sorted(ids)))
        epoch = blake2b(whose.encode(), key=self.key, digest_size=EPOCH_BYTES).hexdigest()
        return f"{epoch}-{count}"
