"""The sealed report of a machine and the sealed answer: the same bytes on every transport.

Law: a payload is a CBOR list that starts with its version; members are only ever appended and a reader ignores
those it does not know. Command kinds, health numbers and alerts are never reused. A machine keeps and reports
(as COMMAND entry) only commands it knows; the others it leaves to the next firmware.
"""

from protocol import cbor
from protocol.acks import ALERT_FORK as ALERT_FORK
from protocol.acks import ALERT_GAP as ALERT_GAP
from protocol.acks import ALERT_NONE as ALERT_NONE
from protocol.acks import PUSH_AAD as PUSH_AAD
from protocol.acks import Ack as Ack
from protocol.acks import Command as Command
from protocol.command_kinds import LOCK as LOCK
from protocol.command_kinds import REFUND_CREDIT as REFUND_CREDIT
from protocol.command_kinds import REVOKE_BATCH as REVOKE_BATCH
from protocol.command_kinds import REVOKE_CREDIT as REVOKE_CREDIT
from protocol.command_kinds import SET_TIME as SET_TIME
from protocol.command_kinds import SETTINGS as SETTINGS
from protocol.command_kinds import UNLOCK as UNLOCK
from protocol.errors import Malformed, OutOfRange, UnknownVersion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from protocol.answer_reader import open_ack as open_ack
    from protocol.answer_reader import open_push as open_push
    from protocol.answer_writer import encode_ack as encode_ack
    from protocol.answer_writer import seal_ack as seal_ack
    from protocol.answer_writer import seal_push as seal_push
    from protocol.answers import decode_ack as decode_ack
    from protocol.health import HEALTH_CLOCK as HEALTH_CLOCK
    from protocol.health import HEALTH_EPOCH as HEALTH_EPOCH
    from protocol.health import HEALTH_FIRMWARE as HEALTH_FIRMWARE
    from protocol.health import HEALTH_FLASH_FREE_BYTES as HEALTH_FLASH_FREE_BYTES
    from protocol.health import HEALTH_HEAP_FREE_BYTES as HEALTH_HEAP_FREE_BYTES
    from protocol.health import HEALTH_LINK_ERRORS as HEALTH_LINK_ERRORS
    from protocol.health import HEALTH_MODEM_RESTARTS as HEALTH_MODEM_RESTARTS
    from protocol.health import HEALTH_NETWORK_TIME as HEALTH_NETWORK_TIME
    from protocol.health import HEALTH_PENDING as HEALTH_PENDING
    from protocol.health import HEALTH_READER_REINITS as HEALTH_READER_REINITS
    from protocol.health import HEALTH_READER_VERSION as HEALTH_READER_VERSION
    from protocol.health import HEALTH_SIGNAL_DBM as HEALTH_SIGNAL_DBM
    from protocol.health import HEALTH_SMS_SENT as HEALTH_SMS_SENT
    from protocol.health import HEALTH_SWITCH_REASON as HEALTH_SWITCH_REASON
    from protocol.health import HEALTH_TRANSPORT as HEALTH_TRANSPORT
    from protocol.health import HEALTH_UPTIME_S as HEALTH_UPTIME_S
    from protocol.health import MAX_HEALTH_ITEMS as MAX_HEALTH_ITEMS
    from protocol.report_payload import ENVELOPE_BYTES as ENVELOPE_BYTES
    from protocol.report_payload import sealed_bytes as sealed_bytes
    from protocol.report_reader import chain_macs as chain_macs
    from protocol.report_reader import decode_report as decode_report
    from protocol.report_reader import machine_of as machine_of
    from protocol.report_reader import open_report as open_report
    from protocol.report_writer import encode_report as encode_report
    from protocol.report_writer import entries_that_fit as entries_that_fit
    from protocol.report_writer import report_bytes as report_bytes
    from protocol.report_writer import seal_report as seal_report
    from protocol.reports import REPORT_MEMBERS as REPORT_MEMBERS
    from protocol.reports import Report as Report
    from protocol.reports import check_report as check_report
    from protocol.reports import machine_bytes as machine_bytes

VERSION = 1
SMS_BYTES = 140
TWO_SMS_BYTES = 266
PUSH_ENVELOPE_BYTES = 30  # a push names no machine
MAX_MESSAGE_BYTES = 16384
MAX_COMMANDS = 32
MAX_COMMAND_ARGUMENTS = 8

ACK_MEMBERS = (
    "version",  # number: 1
    "ack_seq",  # number: everything up to this seq is stored for good
    "server_time",  # number: unix time
    "commands",  # list of [id, kind, [arguments]]
    "alert",  # number: what the back office found wrong with the report
    "ack_mac",  # 8 bytes: the chain MAC of the entry ack_seq, left out when it is not known
)


def __getattr__(name: str) -> "Any":
    """Writing, reading and answering are files of their own: a machine that opens an answer has no room to spare for
    the code that wrote the report. Whoever has room finds all of it here.
    """
    if name[0] == "_":  # the import system asks for such, in the middle of loading one of these
        raise AttributeError(name)
    from protocol import (
        answer_reader,
        answer_writer,
        answers,
        health,
        report_payload,
        report_reader,
        report_writer,
        reports,
    )

    for module in (
        health,
        report_payload,
        reports,
        answers,
        answer_reader,
        answer_writer,
        report_reader,
        report_writer,
    ):
        if hasattr(module, name):
            found = globals()[name] = getattr(module, name)
            return found
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
