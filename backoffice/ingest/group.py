"""The work on one group of reports: what is known, and the rows that are written together at its end."""

from dataclasses import dataclass, field
from typing import Any

from protocol.journal import Entry
from sqlmodel import Session

from backoffice.alerts import service as alerts
from backoffice.alerts.kinds import Kind
from backoffice.events.broker import Broker, Event
from backoffice.ingest.incoming import Incoming
from backoffice.ingest.merge import Chain, Pair
from backoffice.models import Institution, Machine


@dataclass(frozen=True)
class Debit:
    """A DEBIT entry that was not stored before."""

    incoming: Incoming
    entry: Entry
    other_history: bool


@dataclass
class Group:
    """One group."""

    session: Session
    broker: Broker
    now: int
    machines: dict[int, tuple[Machine, Institution | None]]
    chains: dict[tuple[int, int], Chain]
    entry_rows: list[dict[str, Any]] = field(default_factory=list)
    entries_added: int = 0
    """Entries that were not stored before, those that were written meanwhile included."""
    debits: list[Debit] = field(default_factory=list)
    in_doubt_rows: list[dict[str, Any]] = field(default_factory=list)
    decided: list[tuple[int, int]] = field(default_factory=list)
    """(machine, credit) of exams that were in doubt before."""

    def machine_of(self, incoming: Incoming) -> Machine:
        """Whose report it is."""
        return self.machines[incoming.machine_id][0]

    def alert(
        self,
        incoming: Incoming,
        kind: Kind,
        message: str,
        *,
        subject: str = "",
        detail: dict[str, Any] | None = None,
    ) -> None:
        """Raise an alert about the machine of a report."""
        machine = self.machine_of(incoming)
        alerts.raise_alert(
            self.session,
            self.broker,
            kind,
            message,
            self.now,
            subject=subject,
            machine_id=machine.id,
            institution_id=machine.institution_id,
            detail=detail,
        )

    def settle(self, incoming: Incoming, kind: Kind, *, subject: str = "") -> None:
        """Clear an alert about the machine of a report, because it is no longer so."""
        machine_id = incoming.machine_id
        alerts.clear_fact(self.session, self.broker, kind, self.now, machine_id=machine_id, subject=subject)

    def tell(self, incoming: Incoming, kind: str, **data: Any) -> None:
        """Tell open pages, once the group is durable."""
        data["machine_id"] = incoming.machine_id
        event = Event(kind, data, self.machine_of(incoming).institution_id)
        self.broker.publish_after_commit(self.session, event)


def journal_row(incoming: Incoming, pair: Pair, now: int) -> dict[str, Any]:
    """An entry as it is stored, in whichever history."""
    entry, mac = pair
    return {
        "machine_id": incoming.machine_id,
        "epoch": incoming.epoch,
        "seq": entry.seq,
        "kind": entry.kind,
        "time": entry.time,
        "clock": entry.clock,
        "batch": entry.batch,
        "credit": entry.credit,
        "detail": entry.detail,
        "mac": mac,
        "received_at": now,
    }
