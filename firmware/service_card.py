"""A service card in the field: the machine takes what the back office wrote for it, and leaves its sealed reports.

The card is a letter box that anybody may open, so nothing depends on it: an entry stays pending until a sealed
acknowledgement has come, on whatever way. What other machines wrote is never touched; what this machine wrote and the
back office has since acknowledged makes room. Torn anywhere, the same card tapped again goes on. Borrowed code.
"""

import journal_report
from borrowed import Borrowed
from errors import Refused
from media import Medium, Store
from micropython import const
from protocol import answers, cbor, cose, fitting, keys, mailbox, reasons, report_writer, uplink
from protocol import journal as codec
from protocol.bit_reader import BitReader
from protocol.entries import COUNT_ORDER
from protocol.errors import ProtocolError
from state import ROLLED_BACK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from config import Config
    from device import Device
    from journal import Journal

_ENTRIES_MAX = const(48)  # in one report: bounds the heap
_REPORTS_MAX = const(8)  # at one tap
LINK = "card"


class Visit:
    """What one tap of a service card did."""

    def __init__(self) -> None:
        self.pushes = 0  # messages of the back office that were for this machine
        self.reports = 0
        self.entries = 0
        self.left = 0  # entries that are neither acknowledged nor on the card


def exchange(device: "Device", medium: Medium) -> Visit:
    """Give and take. Raises Refused(service_full) when nothing could be left, and what the reader raises."""
    config, journal = device.config, device.journal
    assert config is not None
    assert journal is not None
    store = medium.store()
    kept, own = _sorted_out(store, config.machine_id)
    device.feed()
    visit = Visit()
    _take_pushes(device, [frame for frame in own if frame.kind == mailbox.PUSH], visit)
    seq, mac, live = _covered(journal, config.machine_key, [frame for frame in own if frame.kind == mailbox.UP])
    own = []
    _leave_reports(device, store, (kept + live, seq, mac), bool(live), visit)
    return visit


def _sorted_out(store: Store, machine_id: int) -> tuple[list[mailbox.Frame], list[mailbox.Frame]]:
    """The places of the others' frames, and ours with their messages."""
    others, own = [], []
    for frame in mailbox.frames(store.read()):
        if frame.machine_id == machine_id and frame.kind in mailbox.KINDS:
            own.append(frame)
        else:
            frame.message = b""
            others.append(frame)
    return others, own


# What the back office wrote


def _take_pushes(device: "Device", frames: list[mailbox.Frame], visit: Visit) -> None:
    assert device.config is not None
    for frame in frames:
        try:
            ack = answers.open_push(device.config.machine_key, frame.message)
        except ProtocolError:
            continue  # of an earlier life of this machine, or nobody's: its room is free
        visit.pushes += 1
        _take(device, ack)
        device.feed()


def _take(device: "Device", ack: uplink.Ack) -> None:
    """A push may be old: it sets no clock, and what it acknowledges must be this very journal."""
    journal = device.journal
    assert journal is not None
    before = journal.head_seq
    if ack.ack_seq > before or not journal_report.acknowledge(journal, ack.ack_seq, ack.ack_mac):
        _note_rollback(journal)
    elif ack.commands:
        _obey(device, ack)
    if journal.head_seq != before:
        device.reported.set()
    device.link.notify("uplink", {"acked": journal.acked_seq, "pending": journal.pending()})


def _obey(device: "Device", ack: uplink.Ack) -> None:
    """All at once: the only card in the field is this one, so no tap waits for it."""
    assert device.config is not None
    assert device.journal is not None
    with Borrowed("commands") as code:
        obey = code.Obey(device.config, device.journal, device.clock, device.settings_changed)
        for command in ack.commands:
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


# What this machine writes


def _covered(
    journal: "Journal", machine_key: bytes, frames: list[mailbox.Frame]
) -> tuple[int, bytes, list[mailbox.Frame]]:
    """Up to where the reports on the card go on from what is acknowledged: (seq, MAC there, those reports' frames)."""
    seq, mac = journal.acked_seq, journal.acked_mac
    key = keys.uplink_key(machine_key) if frames else b""
    spans = []
    for frame in frames:
        message, frame.message = frame.message, b""
        try:
            first, last, head_mac = _span(key, message)
        except ProtocolError:
            continue
        spans.append((first, last, head_mac, frame))
    live = []
    for first, last, head_mac, frame in sorted(spans, key=lambda span: span[:2]):
        if not first <= seq + 1 <= last <= journal.head_seq:
            continue
        if journal_report.mac_at(journal, last, seq, mac) == head_mac:
            seq, mac = last, head_mac
            live.append(frame)
    return seq, mac, live


def _span(key: bytes, message: bytes) -> tuple[int, int, bytes]:
    """(first seq, last seq, MAC of the last) of a report of ours."""
    members: Any = cbor.decode(cose.open_(key, message))
    _, first, macs, stream = members[:4]
    count = BitReader(stream).golomb(COUNT_ORDER) if stream else 0
    return first, first + count - 1, macs[codec.MAC_BYTES :]


def _leave_reports(
    device: "Device", store: Store, present: tuple[list[mailbox.Frame], int, bytes], reported: bool, visit: Visit
) -> None:
    """As many reports as there are entries, or as the card has room for. One without entries says: I am alive."""
    config, journal = device.config, device.journal
    assert config is not None
    assert journal is not None
    kept, seq, mac = present
    while visit.reports < _REPORTS_MAX and (seq < journal.head_seq or not (reported or visit.reports)):
        room_bytes = max([0] + [mailbox.room_bytes(units) for _, units in mailbox.gaps(store.size_bytes, kept)])
        entries, _ = journal_report.following(journal, seq, mac, _ENTRIES_MAX)
        fits = report_writer.entries_that_fit(entries, room_bytes)
        if not fits and (entries or report_writer.report_bytes([], None) > room_bytes):
            break
        entries, head_mac = journal_report.following(journal, seq, mac, fits)
        health = fitting.health_that_fits(entries, room_bytes, _health(config, journal))
        report = uplink.Report(config.machine_id, seq + 1, mac, entries, head_mac, health)
        sealed = report_writer.seal_report(config.machine_key, report)
        device.feed()
        _put(store, kept, config.machine_id, sealed)
        seq, mac = seq + fits, head_mac
        visit.reports += 1
        visit.entries += fits
    visit.left = journal.head_seq - seq
    if not visit.reports and (visit.left or not reported):
        raise Refused(reasons.SERVICE_FULL)


def _put(store: Store, kept: list[mailbox.Frame], machine_id: int, sealed: bytes) -> None:
    unit = mailbox.place(store.size_bytes, kept, len(sealed))
    if unit is None:
        raise Refused(reasons.SERVICE_FULL)
    store.write(unit, mailbox.encode(mailbox.UP, machine_id, sealed))
    frame = mailbox.Frame(mailbox.UP, machine_id, sealed, unit)
    frame.message = b""
    kept.append(frame)


def _health(config: "Config", journal: "Journal") -> dict[int, object]:
    """No clock: nobody knows how long the card is on its way."""
    return {
        uplink.HEALTH_EPOCH: config.epoch,
        uplink.HEALTH_TRANSPORT: LINK,
        uplink.HEALTH_PENDING: journal.pending(),
    }
