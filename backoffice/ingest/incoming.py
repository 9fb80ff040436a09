"""A report that was opened: what it says, and proof of who says it."""

from dataclasses import dataclass

from protocol import keys, uplink
from protocol.errors import BadTag, ProtocolError
from protocol.journal import Entry

from backoffice.errors import UplinkChainBroken, UplinkMalformed, UplinkNotAuthentic


@dataclass(frozen=True)
class MachineSecrets:
    """The keys of one machine in one epoch, opened."""

    machine_id: int
    epoch: int
    machine_key: bytes
    journal_key: bytes
    committed: bool = True
    """False for a key that was sent to the machine without hearing whether it took it."""

    @classmethod
    def of(cls, machine_id: int, epoch: int, machine_key: bytes, *, committed: bool = True) -> "MachineSecrets":
        """All keys follow from the machine key."""
        return cls(machine_id, epoch, machine_key, keys.journal_key(machine_key), committed)


@dataclass(frozen=True)
class Incoming:
    """A genuine report."""

    secrets: MachineSecrets
    report: uplink.Report
    macs: list[bytes]
    """The chain's MAC after each entry; empty when ``broken``."""
    broken: bool = False
    """True when the entries do not chain to the head that the report states."""
    answer_bytes: int = 0
    """Room for the answer on a slow link (SMS, service card); 0: it goes back at once, whatever its size."""
    alone_bytes: int = 0
    """Room for an answer with one command that needs more than ``answer_bytes``."""
    link: str = ""
    """Which way it came, where that is known here: a short message has no room to say so."""

    @property
    def machine_id(self) -> int:
        """Whose report it is."""
        return self.secrets.machine_id

    @property
    def epoch(self) -> int:
        """In which epoch the machine made it."""
        return self.secrets.epoch

    @property
    def entries(self) -> list[Entry]:
        """What happened, in order."""
        return self.report.entries

    @property
    def last_seq(self) -> int:
        """The last entry's number; without entries, the one before the next."""
        return self.report.first_seq + len(self.report.entries) - 1


def sender_of(message: bytes) -> int:
    """Which machine the message claims to come from; raises UplinkMalformed."""
    try:
        return uplink.machine_of(message)
    except ProtocolError as error:
        raise _malformed(error) from error


def open_message(message: bytes, candidates: list[MachineSecrets]) -> Incoming:
    """Open a sealed report with the machine's keys, newest epoch first."""
    for secrets in candidates:
        try:
            report = uplink.open_report(secrets.machine_key, message)
        except BadTag:
            continue
        except ProtocolError as error:
            raise _malformed(error) from error
        if report.first_seq < 1:
            raise UplinkMalformed("entries are numbered from 1", reason="out_of_range")
        return _checked(secrets, report)
    raise UplinkNotAuthentic()


def _checked(secrets: MachineSecrets, report: uplink.Report) -> Incoming:
    try:
        return Incoming(secrets, report, uplink.chain_macs(secrets.journal_key, report))
    except BadTag:
        return Incoming(secrets, report, [], broken=True)


def refuse_broken(incoming: Incoming) -> None:
    """Raise UplinkChainBroken for a report that contradicts itself."""
    if incoming.broken:
        raise UplinkChainBroken(first_seq=incoming.report.first_seq)


def _malformed(error: ProtocolError) -> UplinkMalformed:
    return UplinkMalformed(f"the report is malformed: {error}", reason=error.code)
