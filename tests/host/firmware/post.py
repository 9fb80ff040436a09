"""Service cards as the courier and the back office see them, for tests: what is on them, and answers to put there."""

from protocol import journal, keys, mailbox, uplink
from protocol.journal import Entry
from protocol.mailbox import Frame

from emulator.cards.classic import ClassicCard
from emulator.kit import read_store, write_store

SERVER_TIME = 1_800_000_000


class Desk:
    """What one machine has reported by card, checked as the back office checks it."""

    def __init__(self, machine_key: bytes, machine_id: int = 1) -> None:
        self.machine_key = machine_key
        self.machine_id = machine_id
        self.entries: dict[int, Entry] = {}
        self.macs: dict[int, bytes] = {0: journal.genesis_mac(keys.journal_key(machine_key))}
        self.health: dict[int, object] = {}
        self.reports = 0
        self.serial = 0

    def collect(self, card: ClassicCard) -> int:
        """Take this machine's reports from the card into what is known: how many there were."""
        found = [
            uplink.open_report(self.machine_key, frame.message)
            for frame in frames_on(card)
            if (frame.kind, frame.machine_id) == (mailbox.UP, self.machine_id)
        ]
        for report in sorted(found, key=lambda report: report.first_seq):
            macs = uplink.chain_macs(keys.journal_key(self.machine_key), report)
            assert self.macs[report.first_seq - 1] == report.previous_mac
            for entry, mac in zip(report.entries, macs, strict=True):
                assert self.entries.setdefault(entry.seq, entry) == entry, "one seq, two contents"
                self.macs[entry.seq] = mac
            self.health = report.health
        self.reports += len(found)
        return len(found)

    @property
    def head(self) -> int:
        """Everything up to here is known."""
        assert sorted(self.entries) == list(range(1, len(self.entries) + 1))
        return len(self.entries)

    def of(self, kind: int) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.kind == kind]

    def push(self, commands: list[uplink.Command] | None = None, ack_seq: int | None = None, mac: bytes = b"") -> bytes:
        """Sealed for the machine."""
        self.serial += 1
        seq = self.head if ack_seq is None else ack_seq
        ack = uplink.Ack(seq, SERVER_TIME, commands or [], uplink.ALERT_NONE, mac or self.macs.get(seq, b""))
        return uplink.seal_push(self.machine_key, ack, self.serial)

    def answer(self, card: ClassicCard, message: bytes) -> None:
        """The card leaves the desk: this machine's reports are gone, the message is on it."""
        put(card, mailbox.PUSH, self.machine_id, message, [mailbox.UP, mailbox.PUSH])


def frames_on(card: ClassicCard) -> list[Frame]:
    return mailbox.frames(read_store(card))


def put(card: ClassicCard, kind: int, machine_id: int, message: bytes, instead_of: list[int] | None = None) -> None:
    """A message onto the card, where there is room beside the others'."""
    store = bytearray(read_store(card))
    kept = [f for f in frames_on(card) if f.machine_id != machine_id or f.kind not in (instead_of or [])]
    for frame in frames_on(card):
        if frame.unit not in [other.unit for other in kept]:
            start = frame.unit * mailbox.UNIT_BYTES
            store[start : start + frame.units * mailbox.UNIT_BYTES] = bytes(frame.units * mailbox.UNIT_BYTES)
    unit = mailbox.place(len(store), [frame.place() for frame in kept], len(message))
    assert unit is not None, "no room"
    frame_bytes = mailbox.encode(kind, machine_id, message)
    store[unit * mailbox.UNIT_BYTES : unit * mailbox.UNIT_BYTES + len(frame_bytes)] = frame_bytes
    write_store(card, bytes(store))
