"""The journal of one machine and its sealed reports, with the protocol's own code: what `firmware/journal.py` and
`firmware/report.py` do, without their flash.
"""

from dataclasses import dataclass, field
from typing import Final

from protocol import journal, keys, uplink
from protocol.errors import ProtocolError
from protocol.journal import Entry

EXAM: Final = (journal.INTENT, journal.DEBIT, journal.STARTED, journal.ENDED)
ENTRIES_MAX: Final = 96
"""In one report, as uplink_round.py."""
MESSAGE_MAX_BYTES: Final = 4096
EXAM_SECONDS: Final = (0, 2, 3, 9)
FIRMWARE: Final = "load"


class StrangeAnswer(Exception):
    """The back office says something that cannot be."""


@dataclass(frozen=True)
class Identity:
    """What the factory told a machine, and which cards its clinic holds."""

    machine_id: int
    epoch: int
    key: bytes
    batch: int
    first_credit: int
    credits: int


@dataclass
class Journal:
    """Entries that are not acknowledged, and where the chain stands."""

    identity: Identity
    head_seq: int = 0
    acked_seq: int = 0
    _acked_mac: bytes = b""
    _head_mac: bytes = b""
    _pending: list[tuple[Entry, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._key = keys.journal_key(self.identity.key)
        self._head_mac = self._acked_mac = journal.genesis_mac(self._key)

    @property
    def pending(self) -> int:
        """Entries that the back office does not have."""
        return len(self._pending)

    def begin(self, now: int) -> list[Entry]:
        """What stands in a journal before the first exam: provisioned, power, the batch card."""
        of = self.identity
        return [
            self._write(journal.PROVISIONED, now, detail=of.epoch.to_bytes(4, "big")),
            self._write(journal.BOOT, now, detail=b"\x01"),
            self._write(journal.BATCH, now, batch=of.batch, credit=of.first_credit),
        ]

    def exam(self, credit: int, now: int) -> list[Entry]:
        """One exam that ends now, with this card."""
        began = now - EXAM_SECONDS[-1]
        return [
            self._write(kind, began + after, batch=self.identity.batch, credit=credit)
            for kind, after in zip(EXAM, EXAM_SECONDS, strict=True)
        ]

    def sealed(self, health: dict[int, object]) -> bytes:
        """The report of what is pending, as much as fits."""
        found = [entry for entry, _mac in self._pending[:ENTRIES_MAX]]
        fits = uplink.entries_that_fit(found, MESSAGE_MAX_BYTES, health) if found else 0
        head = self._pending[fits - 1][1] if fits else self._acked_mac
        report = uplink.Report(
            self.identity.machine_id, self.acked_seq + 1, self._acked_mac, found[:fits], head, health
        )
        return uplink.seal_report(self.identity.key, report)

    def take(self, message: bytes, answer: bytes) -> bool:
        """The answer to that report; whether it takes us further. Raises StrangeAnswer."""
        try:
            ack = uplink.open_ack(self.identity.key, message, answer)
        except ProtocolError as error:
            raise StrangeAnswer(f"an answer that does not open: {error}") from error
        if ack.ack_seq > self.head_seq or ack.alert == uplink.ALERT_FORK:
            raise StrangeAnswer(f"has entry {ack.ack_seq} of {self.head_seq}, alert {ack.alert}")
        moved = ack.ack_seq > self.acked_seq
        while self._pending and self._pending[0][0].seq <= ack.ack_seq:
            entry, self._acked_mac = self._pending.pop(0)
            self.acked_seq = entry.seq
        return moved

    def _write(self, kind: int, time: int, *, batch: int = 0, credit: int = 0, detail: bytes = b"") -> Entry:
        self.head_seq += 1
        entry = Entry(self.head_seq, kind, time, journal.CLOCK_TRUSTED, batch, credit, detail)
        self._head_mac = journal.chain_mac(self._key, self._head_mac, entry.encode())
        self._pending.append((entry, self._head_mac))
        return entry
