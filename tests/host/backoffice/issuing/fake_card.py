"""Cards on a make-believe reader: what a device of ours would see, without its radio."""

from dataclasses import dataclass, field

from protocol.records import WhiteRecord

BLANK, TORN = "blank", "torn"


@dataclass
class FakeCard:
    """One piece of plastic. `mishaps` are the reasons with which its next writes fail, one each."""

    uid: bytes
    medium: str = "classic1k"
    kind: str = BLANK
    record: bytes = b""
    read_key: bytes = b""
    write_key: bytes = b""
    next_credit: int = 0
    store: bytes = b""
    """Of a service card."""
    mishaps: list[str] = field(default_factory=list)
    writes: int = 0

    @property
    def header(self) -> bytes:
        return self.record[:16]

    def write(self, kind: str, record: bytes, read_key: bytes, write_key: bytes) -> str | None:
        """None, or the reason why it failed."""
        if self.kind not in (BLANK, TORN) and (self.kind, self.record) != (kind, record):
            return "wrong_card"
        self.writes += 1
        mishap = self.mishaps.pop(0) if self.mishaps else None
        self.record, self.read_key, self.write_key = record, read_key, write_key
        self.kind = kind if mishap is None or mishap == "after" else TORN
        if kind == "white" and self.kind == kind:
            self.next_credit = WhiteRecord.decode(record).certificate.first_credit
        return "removed_early" if mishap == "after" else mishap

    def erase(self, write_key: bytes) -> bool:
        if self.kind != BLANK and write_key != self.write_key:
            return False
        self.kind, self.record, self.read_key, self.write_key = BLANK, b"", b"", b""
        return True
