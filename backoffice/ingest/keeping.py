"""Keeps a genuine report: its entries and how far its journal goes. What they mean is another question (meaning.py).

Nothing here reads a table of people, places, cards or orders: the report and its own journal decide alone.
"""

from protocol import uplink

from backoffice.alerts.kinds import Kind
from backoffice.ingest import history, merge
from backoffice.ingest.incoming import Incoming
from backoffice.ingest.journals import Journals, Kept


def keep(journals: Journals, incoming: Incoming) -> Kept:
    """Add what a report brings. ``journals.close`` has to follow."""
    kept = Kept(incoming)
    if incoming.broken:
        kept.tell(Kind.CHAIN_BROKEN, "A genuine report's entries do not chain to its own head.", "", {})
        kept.alert = uplink.ALERT_FORK
        return kept
    chain = journals.chain_of(incoming)
    if merge.follows_directly(chain, incoming):
        journals.add(kept, merge.append(chain, incoming))
        kept.ack_seq = chain.contiguous_seq
    else:
        _keep_carefully(journals, kept)
    return kept


def _keep_carefully(journals: Journals, kept: Kept) -> None:
    """A report that repeats, leaves a gap, fills one, or belongs to another history."""
    journals.write()  # queries have to find what earlier reports of this group brought
    history.mend(journals, kept)
    divided, kept_is_complete = history.divide(journals, kept)
    journals.add(kept, divided.fresh)
    journals.write()
    history.advance(journals, kept, divided)
    if divided.departed:
        kept.ack_seq, kept.alert = history.keep_other(journals, kept, divided, kept_is_complete), uplink.ALERT_FORK
        return
    kept.ack_seq = merge.ack_seq(journals.chain_of(kept.incoming), kept.incoming)
    kept.alert = uplink.ALERT_GAP if kept.ack_seq < kept.incoming.last_seq else uplink.ALERT_NONE
