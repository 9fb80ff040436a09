"""A report under a key that was sent to a machine, and of which nobody heard whether it took it: it did."""

from backoffice.authority import epochs
from backoffice.ingest.group import Group
from backoffice.ingest.incoming import Incoming


def begin(group: Group, incoming: Incoming) -> None:
    """Begin the epoch of the report if it is later than the one that is known."""
    if incoming.secrets.committed or incoming.epoch <= group.machine_of(incoming).epoch:
        return
    epochs.begin(group.session, incoming.machine_id, incoming.epoch, group.now)
    group.tell(incoming, "machine", epoch=incoming.epoch)
