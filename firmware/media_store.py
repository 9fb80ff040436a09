"""What the workflow asks of a service card, whatever it is made of: room for messages (protocol.mailbox).

A medium that has the room names the module (media.Medium.STORE) whose open_store(medium) gives this. The keys of a
service card are public. Units are protocol.mailbox's, whatever the medium's own pages are.
"""

from errors import Refused
from media import Medium
from protocol import reasons

TYPE_CHECKING = False
if TYPE_CHECKING:
    from media import Progress


class Store:
    """The interface. Besides Refused(damaged) every method raises what the reader raises."""

    size_bytes = 0

    def read(self) -> bytes:
        """All of it."""
        raise NotImplementedError

    def write(self, unit: int, data: bytes) -> None:
        """Whole units from that one on, last first, each read back; those that are right already are left alone."""
        raise NotImplementedError

    def format(self, progress: "Progress") -> None:
        """A blank card becomes an empty service card, one that is becomes empty. Resumable like personalise()."""
        raise NotImplementedError


def module_of(medium: Medium) -> str:
    """Who opens this medium's store. Refused(weak_medium): it has no room for messages."""
    if not medium.STORE:
        raise Refused(reasons.WEAK_MEDIUM, detail="no room for messages on this medium")
    return medium.STORE
