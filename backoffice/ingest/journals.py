"""What is stored of machines' journals: all that a genuine report needs in order to be kept and acknowledged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from protocol.journal import Entry, genesis_mac
from sqlmodel import Session

from backoffice.alerts.kinds import Kind
from backoffice.ingest import repository
from backoffice.ingest.incoming import Incoming
from backoffice.ingest.merge import Chain, Pair


@dataclass(frozen=True)
class Finding:
    """What a person should hear of a journal; ``cleared``: it is no longer so."""

    kind: Kind
    message: str = ""
    subject: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    cleared: bool = False


@dataclass
class Kept:
    """One report, kept: what it brought, and how far its journal is complete now."""

    incoming: Incoming
    ack_seq: int = 0
    alert: int = 0
    fresh: list[Entry] = field(default_factory=list)
    """Entries that were not stored before."""
    other: list[Entry] = field(default_factory=list)
    """The same, of another history."""
    findings: list[Finding] = field(default_factory=list)

    def tell(self, kind: Kind, message: str, subject: str, detail: dict[str, Any]) -> None:
        """Something that a person should hear of."""
        self.findings.append(Finding(kind, message, subject, detail))

    def settle(self, kind: Kind, subject: str) -> None:
        """It is no longer so."""
        self.findings.append(Finding(kind, subject=subject, cleared=True))


@dataclass
class Journals:
    """The journals that a group of reports goes on with, and the rows that are written together."""

    session: Session
    now: int
    chains: dict[tuple[int, int], Chain]
    entry_rows: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def open(cls, session: Session, incomings: Sequence[Incoming], now: int) -> "Journals":
        """Where the journals of these reports stand."""
        chains = repository.chains(session, {(incoming.machine_id, incoming.epoch) for incoming in incomings})
        for incoming in incomings:
            place = incoming.machine_id, incoming.epoch
            if place not in chains:
                chains[place] = Chain(*place, 0, genesis_mac(incoming.secrets.journal_key), 0, forked=False)
        return cls(session, now, chains)

    def chain_of(self, incoming: Incoming) -> Chain:
        """Where the journal of a report stands."""
        return self.chains[incoming.machine_id, incoming.epoch]

    def add(self, kept: Kept, pairs: Iterable[Pair]) -> None:
        """Entries that were not stored before."""
        pairs = list(pairs)
        self.entry_rows += [journal_row(kept.incoming, pair, self.now) for pair in pairs]
        kept.fresh += [entry for entry, _mac in pairs]

    def write(self) -> None:
        """Queries find from now on what was added."""
        repository.add_entries(self.session, self.entry_rows)
        self.entry_rows = []

    def close(self) -> None:
        """Write all that is left."""
        self.write()
        repository.save_chains(self.session, list(self.chains.values()))


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
