"""The sealed report of a machine and the sealed answer: the same bytes on every transport.

Law: a payload is a CBOR list that starts with its version; members are only ever appended and a reader ignores
those it does not know. Command kinds, health numbers and alerts are never reused. A machine keeps and reports
(as COMMAND entry) only commands it knows; the others it leaves to the next firmware.
"""

from protocol import cbor, cose
from protocol.command_kinds import LOCK as LOCK
from protocol.command_kinds import REFUND_CREDIT as REFUND_CREDIT
from protocol.command_kinds import REVOKE_BATCH as REVOKE_BATCH
from protocol.command_kinds import REVOKE_CREDIT as REVOKE_CREDIT
from protocol.command_kinds import SET_TIME as SET_TIME
from protocol.command_kinds import SETTINGS as SETTINGS
from protocol.command_kinds import UNLOCK as UNLOCK
from protocol.command_kinds import UPDATE_OFFER as UPDATE_OFFER
from protocol.errors import Malformed, OutOfRange, UnknownVersion
from protocol.journal import MAC_BYTES, Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from protocol.answer_writer import encode_ack as encode_ack
    from protocol.answer_writer import seal_ack as seal_ack
    from protocol.answer_writer import seal_push as seal_push
    from protocol.answers import decode_ack as decode_ack
    from protocol.answers import open_ack as open_ack
    from protocol.answers import open_push as open_push
    from protocol.report_reader import chain_macs as chain_macs
    from protocol.report_reader import decode_report as decode_report
    from protocol.report_reader import machine_of as machine_of
    from protocol.report_reader import open_report as open_report
    from protocol.report_writer import encode_report as encode_report
    from protocol.report_writer import entries_that_fit as entries_that_fit
    from protocol.report_writer import report_bytes as report_bytes
    from protocol.report_writer import seal_report as seal_report

VERSION = 1
SMS_BYTES = 140
TWO_SMS_BYTES = 266
ENVELOPE_BYTES = 36  # of a sealed report besides the payload and the length of the ciphertext
PUSH_ENVELOPE_BYTES = 30  # a push names no machine
MAX_MESSAGE_BYTES = 16384
MAX_COMMANDS = 32
MAX_COMMAND_ARGUMENTS = 8
MAX_HEALTH_ITEMS = 32
PUSH_AAD = b"push"

REPORT_MEMBERS = (
    "version",  # number: 1
    "first_seq",  # number: seq of the first entry; without entries, of the next one
    "macs",  # 16 bytes: the journal's chain MAC before the first entry, then the one after the last
    "entries",  # bytes: the entries as a stream of bits
    "health",  # map of health numbers to values; left out when empty
)
ACK_MEMBERS = (
    "version",  # number: 1
    "ack_seq",  # number: everything up to this seq is stored for good
    "server_time",  # number: unix time
    "commands",  # list of [id, kind, [arguments]]
    "alert",  # number: what the back office found wrong with the report
    "ack_mac",  # 8 bytes: the chain MAC of the entry ack_seq, left out when it is not known
)

HEALTH_UPTIME_S = 1  # seconds since power came up
HEALTH_FIRMWARE = 2  # firmware version, text
HEALTH_HEAP_FREE_BYTES = 3  # least free heap since power came up
HEALTH_FLASH_FREE_BYTES = 4  # free bytes of the file system
HEALTH_READER_REINITS = 5  # how often the card reader was restarted since power came up
HEALTH_READER_VERSION = 6  # the reader chip's version register
HEALTH_TRANSPORT = 7  # which way this report took, text
HEALTH_EPOCH = 8  # provisioning epoch
HEALTH_PENDING = 9  # entries not acknowledged yet, those of this report included
HEALTH_CLOCK = 10  # the machine's unix time when it made the report, 0 = its clock is not set
HEALTH_SWITCH_REASON = 11  # why the machine last took another link, text
HEALTH_SIGNAL_DBM = 12  # strength of the phone network, a negative number; 0 = none
HEALTH_MODEM_RESTARTS = 13  # how often the modem was restarted since power came up
HEALTH_SMS_SENT = 14  # short messages sent since power came up
HEALTH_LINK_ERRORS = 15  # attempts to report that failed since power came up
HEALTH_NETWORK_TIME = 16  # unix time that the phone network claims, a hint only; 0 = none

ALERT_NONE = 0  # all is well
ALERT_GAP = 1  # entries are missing: report again from ack_seq + 1
ALERT_FORK = 2  # the journal differs from what was reported before


class Report:
    def __init__(
        self,
        machine_id: int,
        first_seq: int,
        previous_mac: bytes,
        entries: list[Entry],
        head_mac: bytes,
        health: dict[int, object] | None = None,
    ) -> None:
        self.machine_id = machine_id
        self.first_seq = first_seq
        self.previous_mac = previous_mac
        self.entries = entries
        self.head_mac = head_mac
        self.health = health or {}


class Command:
    def __init__(self, id: int, kind: int, args: list[object]) -> None:  # noqa: A002 (the field's name on the wire)
        self.id = id
        self.kind = kind
        self.args = args


class Ack:
    def __init__(
        self, ack_seq: int, server_time: int, commands: list[Command], alert: int = ALERT_NONE, ack_mac: bytes = b""
    ) -> None:
        self.ack_seq = ack_seq
        self.server_time = server_time
        self.commands = commands
        self.alert = alert
        self.ack_mac = ack_mac


def sealed_bytes(payload_bytes: int, envelope_bytes: int = ENVELOPE_BYTES) -> int:
    """Size of a sealed report (or answer, or push) on the wire."""
    ciphertext = payload_bytes + cose.TAG_BYTES
    return envelope_bytes + payload_bytes + (1 if ciphertext < 24 else 2 if ciphertext < 256 else 3)


def __getattr__(name: str) -> "Any":
    """Writing, reading and answering are files of their own: a machine that opens an answer has no room to spare for
    the code that wrote the report. Whoever has room finds all of it here.
    """
    from protocol import answer_writer, answers, report_reader, report_writer

    for module in (answers, answer_writer, report_reader, report_writer):
        if name[0] != "_" and hasattr(module, name):
            return getattr(module, name)
    raise AttributeError(name)


def members(payload: bytes, names: tuple[str, ...], least: int) -> dict:  # type: ignore[type-arg]
    """The payload's members by name; members that came after this program was written are left out."""
    members = cbor.decode(payload)
    if not isinstance(members, list) or not members:
        raise Malformed("no list of members")
    if members[0] != VERSION:
        raise UnknownVersion("message version %r" % members[0])
    if len(members) < least:
        raise Malformed("members are missing")
    return {name: members[place] for place, name in enumerate(names) if place < len(members)}


def check_u32(value: object, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed(name + " must be a number")
    if not 0 <= value <= 0xFFFFFFFF:
        raise OutOfRange(name + " is no 32-bit number")


def machine_bytes(machine_id: int) -> bytes:
    check_u32(machine_id, "machine_id")
    return machine_id.to_bytes(4, "big")


def check_report(first_seq: object, macs: object, health: object) -> None:
    check_u32(first_seq, "first_seq")
    if not isinstance(macs, bytes) or len(macs) != 2 * MAC_BYTES:
        raise Malformed("macs must be 16 bytes")
    if not isinstance(health, dict) or len(health) > MAX_HEALTH_ITEMS:
        raise Malformed("health must be a map of at most %d values" % MAX_HEALTH_ITEMS)
    for key, value in health.items():
        check_u32(key, "a health number")
        if not isinstance(value, (int, str, bytes)):
            raise Malformed("a health value is a number, a text or bytes")
