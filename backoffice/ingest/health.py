"""What machines say about themselves, and what is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass

from protocol import journal, reasons, uplink
from protocol.journal import Entry

from backoffice.alerts.kinds import Kind
from backoffice.ingest import newness
from backoffice.ingest.group import Group
from backoffice.ingest.incoming import Incoming
from backoffice.machines.schemas import MachineState
from backoffice.models import Machine

TEXT_MAX_CHARS = 16
FIRMWARE_MAX_CHARS = 32
REASON_MAX_CHARS = 24
SIGNAL_WEAKEST_DBM = -150
DEAD_READER_VERSIONS = (0x00, 0xFF)
CLOCK_OFFSET_MAX_S = 300
SILENT_INTERVALS = 3
"""After so many of its own report intervals without a report a machine counts as silent."""
STARTS_IN_AN_EXAM_MAX = 3
"""A machine may lose its power so often during one exam before anybody wonders."""
FORGED = reasons.NAMES.index(reasons.FORGED)


@dataclass(frozen=True)
class Trouble:
    """Something to raise an alert about."""

    kind: Kind
    message: str
    subject: str = ""


def note(group: Group, incoming: Incoming) -> None:
    """Note that a machine reported and what it said of itself; raise and clear the alerts that follow."""
    machine = group.machine_of(incoming)
    if machine.state == MachineState.RETIRED.value:
        group.alert(incoming, Kind.RETIRED_MACHINE, MESSAGES[Kind.RETIRED_MACHINE])
    said = incoming.report.health
    if incoming.epoch == machine.epoch and newness.is_newer(machine, incoming.last_seq, said):
        newness.remember(machine, incoming.last_seq, said, group.now)
        _note_newest(group, incoming, machine)
    group.tell(incoming, "report", last_seen_at=machine.last_seen_at, entries=len(incoming.entries))


def _note_newest(group: Group, incoming: Incoming, machine: Machine) -> None:
    was_silent = is_silent(machine, group.now)
    reader_was_dead, clock_was_wrong = machine.reader_healthy is False, _clock_is_wrong(machine)
    machine.last_seen_at = group.now
    read_health(machine, incoming.report.health, group.now, at_once=not incoming.answer_bytes)
    machine.transport = incoming.link or machine.transport
    if incoming.entries:
        machine.clock_quality = incoming.entries[-1].clock
    _judge(group, incoming, Kind.MACHINE_SILENT, was_silent, is_so=False)
    _judge(group, incoming, Kind.READER_DEAD, reader_was_dead, is_so=machine.reader_healthy is False)
    _judge(group, incoming, Kind.CLOCK_WRONG, clock_was_wrong, is_so=_clock_is_wrong(machine))


MESSAGES = {
    Kind.READER_DEAD: "The card reader does not answer.",
    Kind.CLOCK_WRONG: "The machine's clock is far off.",
    Kind.RETIRED_MACHINE: "A retired machine still reports.",
    Kind.MACHINE_SILENT: "The machine has not reported.",
}


def is_silent(machine: Machine, now: int) -> bool:
    """Whether the machine has not reported for too long."""
    seen_at = machine.last_seen_at if machine.last_seen_at is not None else machine.registered_at
    return seen_at + machine.report_interval_s * SILENT_INTERVALS < now


def read_health(machine: Machine, health: Mapping[int, object], now: int, *, at_once: bool) -> None:
    """Take over what is said; what is left out stays. A value of the wrong kind is as good as left out."""
    _read_link(machine, health)
    _read_clock(machine, health, now, at_once=at_once)
    machine.firmware = _text(health, uplink.HEALTH_FIRMWARE, machine.firmware, FIRMWARE_MAX_CHARS)
    machine.uptime_s = _number(health, uplink.HEALTH_UPTIME_S, machine.uptime_s)
    machine.heap_free_bytes = _number(health, uplink.HEALTH_HEAP_FREE_BYTES, machine.heap_free_bytes)
    machine.flash_free_bytes = _number(health, uplink.HEALTH_FLASH_FREE_BYTES, machine.flash_free_bytes)
    machine.reader_reinits = _number(health, uplink.HEALTH_READER_REINITS, machine.reader_reinits) or 0
    machine.pending_entries = _number(health, uplink.HEALTH_PENDING, machine.pending_entries) or 0
    version = _number(health, uplink.HEALTH_READER_VERSION, None)
    if version is not None:
        machine.reader_healthy = version not in DEAD_READER_VERSIONS


def _read_link(machine: Machine, health: Mapping[int, object]) -> None:
    machine.transport = _text(health, uplink.HEALTH_TRANSPORT, machine.transport, TEXT_MAX_CHARS)
    machine.switch_reason = _text(health, uplink.HEALTH_SWITCH_REASON, machine.switch_reason, REASON_MAX_CHARS)
    machine.modem_restarts = _number(health, uplink.HEALTH_MODEM_RESTARTS, machine.modem_restarts)
    machine.sms_sent = _number(health, uplink.HEALTH_SMS_SENT, machine.sms_sent)
    machine.link_errors = _number(health, uplink.HEALTH_LINK_ERRORS, machine.link_errors)
    signal_dbm = health.get(uplink.HEALTH_SIGNAL_DBM)
    if isinstance(signal_dbm, int) and SIGNAL_WEAKEST_DBM <= signal_dbm <= 0:
        machine.signal_dbm = signal_dbm or None


def _read_clock(machine: Machine, health: Mapping[int, object], now: int, *, at_once: bool) -> None:
    """How far the clock is off. A report that was on its way for hours only shows that a clock is ahead."""
    clock = _number(health, uplink.HEALTH_CLOCK, None)
    if clock == 0:
        machine.clock_offset_s, machine.clock_quality = None, journal.CLOCK_NONE
    elif clock is not None and (at_once or clock > now):
        machine.clock_offset_s = clock - now
    network_time = _number(health, uplink.HEALTH_NETWORK_TIME, None)
    if network_time is not None and (at_once or network_time > now):
        machine.network_time_offset_s = network_time - now if network_time else None


def troubles(entries: list[Entry]) -> list[Trouble]:
    """What new entries complain about."""
    found = []
    for entry in entries:
        if entry.kind == journal.FAULT:
            part = entry.detail.decode("ascii", "replace") or "unknown"
            found.append(Trouble(Kind.MACHINE_FAULT, f"A part failed and was restarted: {part}.", part))
        elif entry.kind == journal.REFUSED and entry.detail[:1] == bytes([FORGED]):
            found.append(Trouble(Kind.FORGED_CARD, f"A forged card was refused, UID {entry.detail[1:].hex()}."))
        elif entry.kind == journal.BOOT and (starts := _starts_in_an_exam(entry)) > STARTS_IN_AN_EXAM_MAX:
            message = f"The power came back {starts} times during the exam of card {entry.credit}."
            found.append(Trouble(Kind.EXAM_RESTARTED, message, str(entry.credit)))
    return found


def _starts_in_an_exam(entry: Entry) -> int:
    """The machine counts them itself: a report may hold any part of an exam."""
    return entry.detail[1] if len(entry.detail) > 1 else 0


def _judge(group: Group, incoming: Incoming, kind: Kind, was_so: bool, *, is_so: bool) -> None:
    if is_so and not was_so:
        group.alert(incoming, kind, MESSAGES[kind])
    elif was_so and not is_so:
        group.settle(incoming, kind)


def _clock_is_wrong(machine: Machine) -> bool:
    """A clock that nobody vouches for may be off by as long as the power was; the next answer sets it."""
    if machine.clock_quality == journal.CLOCK_HINT:
        return False
    return machine.clock_offset_s is not None and abs(machine.clock_offset_s) > CLOCK_OFFSET_MAX_S


def _text(health: Mapping[int, object], number: int, otherwise: str, max_chars: int) -> str:
    value = health.get(number)
    return value[:max_chars] if isinstance(value, str) else otherwise


def _number(health: Mapping[int, object], number: int, otherwise: int | None) -> int | None:
    value = health.get(number)
    in_range = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 0xFFFFFFFF
    return value if in_range and isinstance(value, int) else otherwise
