"""The meaning of one group of reports: what is known, and the rows that are written together at its end."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from protocol.journal import Entry
from sqlmodel import Session

from backoffice.alerts import service as alerts
from backoffice.alerts.kinds import Kind
from backoffice.errors import NotFound, UplinkUnknownMachine
from backoffice.events.broker import Broker, Event
from backoffice.ingest import repository
from backoffice.models import Institution, Machine
from backoffice.timekeeping.rule import Believed


class Reporter(Protocol):
    """Whose entries they are: a report that just came, or what was stored of one."""

    @property
    def machine_id(self) -> int:
        """The machine."""

    @property
    def epoch(self) -> int:
        """In which of its epochs it wrote them."""


@dataclass(frozen=True)
class Debit:
    """A DEBIT entry whose usage is not written yet."""

    reporter: Reporter
    entry: Entry
    other_history: bool
    received_at: int


@dataclass
class Group:
    """One group."""

    session: Session
    broker: Broker
    time: Believed
    machines: dict[int, tuple[Machine, Institution | None]]
    debits: list[Debit] = field(default_factory=list)
    in_doubt_rows: list[dict[str, Any]] = field(default_factory=list)
    decided: list[tuple[int, int]] = field(default_factory=list)
    """(machine, credit) of exams that were in doubt before."""
    zones: dict[int, str] = field(default_factory=dict)
    """By institution: the time zone in which its days are counted, once it was looked for."""

    @classmethod
    def open(cls, session: Session, broker: Broker, machine_ids: Iterable[int], time: Believed) -> "Group":
        """Raises UplinkUnknownMachine, and NotFound when the place of a machine is not there: whose exams are these?"""
        wanted = set(machine_ids)
        machines = repository.machines(session, wanted)
        if unknown := sorted(wanted - machines.keys()):
            raise UplinkUnknownMachine(machine_id=unknown[0])
        for machine, institution in machines.values():
            if machine.institution_id is not None and institution is None:
                raise NotFound(f"machine {machine.id} stands at an institution that is not there")
        return cls(session, broker, time, machines)

    @property
    def now(self) -> int:
        """Unix seconds, as far as they are believed."""
        return self.time.now

    def machine_of(self, reporter: Reporter) -> Machine:
        """Whose report it is."""
        return self.machines[reporter.machine_id][0]

    def institution_of(self, reporter: Reporter) -> Institution | None:
        """Where the machine stands."""
        return self.machines[reporter.machine_id][1]

    def alert(
        self,
        reporter: Reporter,
        kind: Kind,
        message: str,
        *,
        subject: str = "",
        detail: dict[str, Any] | None = None,
    ) -> None:
        """Raise an alert about the machine of a report."""
        machine = self.machine_of(reporter)
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

    def settle(self, reporter: Reporter, kind: Kind, *, subject: str = "") -> None:
        """Clear an alert about the machine of a report, because it is no longer so."""
        machine_id = reporter.machine_id
        alerts.clear_fact(self.session, self.broker, kind, self.now, machine_id=machine_id, subject=subject)

    def tell(self, reporter: Reporter, kind: str, **data: Any) -> None:
        """Tell open pages, once the group is durable."""
        data["machine_id"] = reporter.machine_id
        event = Event(kind, data, self.machine_of(reporter).institution_id)
        self.broker.publish_after_commit(self.session, event)
