"""What the back office wrote on a service card for this machine. Borrowed code, once to open it, once to take it."""

from borrowed import Borrowed
from errors import Refused
from protocol import journal as codec
from protocol.errors import ProtocolError
from state import ROLLED_BACK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from device import Device
    from journal import Journal
    from protocol.acks import Ack, Command


def opened(device: "Device", message: bytes) -> "Ack | None":
    """None: of an earlier life of this machine, or nobody's."""
    try:
        return _read(_content(device, message))
    except ProtocolError:
        return None


def _content(device: "Device", message: bytes) -> bytes:
    assert device.config is not None
    with Borrowed("protocol.answer_opener") as code:
        content: bytes = code.opened_push(device.config.machine_key, message)
        return content


def _read(content: bytes) -> "Ack":
    with Borrowed("protocol.answers") as code:
        ack: Ack = code.decode_ack(content)
        return ack


def take(device: "Device", ack: "Ack") -> None:
    """A push may be old: it sets no clock, and what it acknowledges must be this very journal."""
    journal = device.journal
    assert journal is not None
    before = journal.head_seq
    if not _acknowledged(journal, ack):
        _note_rollback(journal)
    elif ack.commands:
        _obey(device, ack.commands)
    if journal.head_seq != before:
        device.reported.set()
    device.link.notify("uplink", {"acked": journal.acked_seq, "pending": journal.pending()})


def _acknowledged(journal: "Journal", ack: "Ack") -> bool:
    if ack.ack_seq > journal.head_seq:
        return False
    with Borrowed("journal_report") as code:
        known: bool = code.acknowledge(journal, ack.ack_seq, ack.ack_mac)
        return known


def _obey(device: "Device", commands: "list[Command]") -> None:
    """All at once: the only card in the field is this one, so no tap waits for it."""
    assert device.config is not None
    assert device.journal is not None
    with Borrowed("commands") as code:
        obey = code.Obey(device.config, device.journal, device.clock, device.settings_changed)
        for command in commands:
            for _ in obey.steps(command, bound=False):
                device.feed()


def _note_rollback(journal: "Journal") -> None:
    """The back office knows other or later entries of ours: this flash is an old copy."""
    if journal.state.rolled_back:
        return
    try:
        journal.append(codec.FAULT, detail=ROLLED_BACK)
    except Refused:
        pass  # said again by the next answer
