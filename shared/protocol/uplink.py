"""The sealed report of a machine and the sealed answer: the same bytes on every transport.

Law: a payload is a CBOR list that starts with its version; members are only ever appended and a reader ignores
those it does not know. Command kinds, health numbers and alerts are never reused. A machine keeps and reports
(as COMMAND entry) only commands it knows; the others it leaves to the next firmware.
"""

from protocol import cbor, cose, entries, keys
from protocol.errors import BadTag, Malformed, OutOfRange, TooLong, UnknownKind, UnknownVersion
from protocol.journal import MAC_BYTES, Entry, chain_mac
from protocol.mac import equal, hmac_sha256

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

REVOKE_BATCH = 1  # [batch]: accept no card of it any more
REVOKE_CREDIT = 2  # [batch, credit]: do not accept this card
REFUND_CREDIT = 3  # [batch, credit]: an intent in doubt that never became a debit is given up
SETTINGS = 4  # [{name: value}]: change settings
LOCK = 5  # [number, signature, text]: grant nothing until unlocked; signed (see Orders)
UNLOCK = 6  # [number, signature, text]: grant again; signed
UPDATE_OFFER = 7  # [version, address, SHA-256]: a newer firmware is there
SET_TIME = 8  # [time]: set the clock and trust it; only in the answer to a report

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


def encode_report(report: Report) -> bytes:
    for index, entry in enumerate(report.entries):
        if entry.seq != report.first_seq + index:
            raise Malformed("entry %r is not the report's next one" % entry.seq)
    macs = report.previous_mac + report.head_mac
    _check_report(report.first_seq, macs, report.health)
    stream = entries.encode(report.entries)
    values = {"version": VERSION, "first_seq": report.first_seq, "macs": macs, "entries": stream}
    if report.health:
        values["health"] = report.health
    return cbor.encode([values[name] for name in REPORT_MEMBERS if name in values])


def decode_report(payload: bytes, machine_id: int = 0) -> Report:
    """The machine's number is not in the payload: it is the envelope's key id."""
    # Loaded only here: a machine never reads a report.
    from protocol import entries_reader

    values = _members(payload, REPORT_MEMBERS, len(REPORT_MEMBERS) - 1)
    first_seq, macs, stream, health = values["first_seq"], values["macs"], values["entries"], values.get("health", {})
    _check_report(first_seq, macs, health)
    if not isinstance(stream, bytes):
        raise Malformed("the entries are no bytes")
    found = entries_reader.decode(stream, first_seq)
    return Report(machine_id, first_seq, macs[:MAC_BYTES], found, macs[MAC_BYTES:], health)


def seal_report(machine_key: bytes, report: Report) -> bytes:
    payload = encode_report(report)
    # A nonce made of the payload: it can only repeat for the same payload, even if the flash is set back.
    iv = hmac_sha256(keys.nonce_key(machine_key), payload)[: cose.IV_BYTES]
    return cose.seal(keys.uplink_key(machine_key), _machine_bytes(report.machine_id), iv, payload)


def machine_of(message: bytes) -> int:
    """Whose report this claims to be. Opening it with that machine's key proves it."""
    key_id, _ = cose.header(message)
    if len(key_id) != 4:
        raise Malformed("a machine's key id has 4 bytes")
    return int.from_bytes(key_id, "big")


def open_report(machine_key: bytes, message: bytes) -> Report:
    machine_id = machine_of(message)
    return decode_report(cose.open_(keys.uplink_key(machine_key), message), machine_id)


def chain_macs(journal_key: bytes, report: Report) -> list[bytes]:
    """The MAC after each entry. BadTag when the last is not the one that was reported."""
    macs = []
    mac = report.previous_mac
    for entry in report.entries:
        mac = chain_mac(journal_key, mac, entry.encode())
        macs.append(mac)
    if not equal(mac, report.head_mac):
        raise BadTag("the journal's chain does not end in the reported MAC")
    return macs


def entries_that_fit(found: list[Entry], max_bytes: int, health: dict[int, object] | None = None) -> int:
    """How many of the entries, from the first on, go into one sealed report of that size."""
    if not found:
        return 0
    most = min(len(found), entries.MAX_ENTRIES)
    fits, too_many = 0, most + 1
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if report_bytes(found[:middle], health) <= max_bytes:
            fits = middle
        else:
            too_many = middle
    # A whole exam is smaller than its first entries: look past the first size that is too large.
    for count in range(min(fits + 3, most), fits, -1):
        if report_bytes(found[:count], health) <= max_bytes:
            return count
    return fits


def sealed_bytes(payload_bytes: int, envelope_bytes: int = ENVELOPE_BYTES) -> int:
    """Size of a sealed report (or answer, or push) on the wire."""
    ciphertext = payload_bytes + cose.TAG_BYTES
    return envelope_bytes + payload_bytes + (1 if ciphertext < 24 else 2 if ciphertext < 256 else 3)


def report_bytes(found: list[Entry], health: dict[int, object] | None) -> int:
    """Size of a report of these entries, sealed; without entries, at most."""
    first_seq = found[0].seq if found else 0xFFFFFFFF
    report = Report(0, first_seq, bytes(MAC_BYTES), found, bytes(MAC_BYTES), health)
    return sealed_bytes(len(encode_report(report)))


def encode_ack(ack: Ack) -> bytes:
    commands = [[command.id, command.kind, command.args] for command in ack.commands]
    _check_ack(ack.ack_seq, ack.server_time, commands, ack.alert, ack.ack_mac)
    values = {
        "version": VERSION,
        "ack_seq": ack.ack_seq,
        "server_time": ack.server_time,
        "commands": commands,
        "alert": ack.alert,
    }
    if ack.ack_mac:
        values["ack_mac"] = ack.ack_mac
    return cbor.encode([values[name] for name in ACK_MEMBERS if name in values])


def decode_ack(payload: bytes) -> Ack:
    values = _members(payload, ACK_MEMBERS, len(ACK_MEMBERS) - 1)
    ack_mac = values.get("ack_mac", b"")
    _check_ack(values["ack_seq"], values["server_time"], values["commands"], values["alert"], ack_mac)
    commands = [Command(*command[:3]) for command in values["commands"]]
    return Ack(values["ack_seq"], values["server_time"], commands, values["alert"], ack_mac)


def seal_ack(machine_key: bytes, request_message: bytes, ack: Ack, max_bytes: int = 0, alone_bytes: int = 0) -> bytes:
    """Bound to the request by its nonce, so that an old answer fits no other request.

    With ``max_bytes`` it carries only the commands that fit (fitting.commands_that_fit)."""
    key_id, request_iv = cose.header(request_message)
    if max_bytes:
        # Loaded only here: a machine answers nobody.
        from protocol import fitting

        ack = fitting.fitted(ack, max_bytes, alone_bytes)
    payload = encode_ack(ack)
    iv = hmac_sha256(keys.nonce_key(machine_key), b"ack" + request_iv + payload)[: cose.IV_BYTES]
    return cose.seal(keys.downlink_key(machine_key), key_id, iv, payload, request_iv)


def open_ack(machine_key: bytes, request_message: bytes, message: bytes) -> Ack:
    key_id, request_iv = cose.header(request_message)
    if cose.header(message)[0] != key_id:
        raise UnknownKind("an answer for another machine")
    return decode_ack(cose.open_(keys.downlink_key(machine_key), message, request_iv))


def seal_push(machine_key: bytes, ack: Ack, serial: int) -> bytes:
    """What the back office says unasked (by SMS, on a service card). It may come late and twice, so its time proves
    nothing. ``serial`` tells pushes of the same content apart."""
    payload = encode_ack(ack)
    _check_u32(serial, "serial")
    iv = hmac_sha256(keys.nonce_key(machine_key), PUSH_AAD + serial.to_bytes(4, "big") + payload)[: cose.IV_BYTES]
    return cose.seal(keys.downlink_key(machine_key), b"", iv, payload, PUSH_AAD)


def open_push(machine_key: bytes, message: bytes) -> Ack:
    return decode_ack(cose.open_(keys.downlink_key(machine_key), message, PUSH_AAD))


def _members(payload: bytes, names: tuple[str, ...], least: int) -> dict:  # type: ignore[type-arg]
    """The payload's members by name; members that came after this program was written are left out."""
    members = cbor.decode(payload)
    if not isinstance(members, list) or not members:
        raise Malformed("no list of members")
    if members[0] != VERSION:
        raise UnknownVersion("message version %r" % members[0])
    if len(members) < least:
        raise Malformed("members are missing")
    return {name: members[place] for place, name in enumerate(names) if place < len(members)}


def _check_report(first_seq: object, macs: object, health: object) -> None:
    _check_u32(first_seq, "first_seq")
    if not isinstance(macs, bytes) or len(macs) != 2 * MAC_BYTES:
        raise Malformed("macs must be 16 bytes")
    if not isinstance(health, dict) or len(health) > MAX_HEALTH_ITEMS:
        raise Malformed("health must be a map of at most %d values" % MAX_HEALTH_ITEMS)
    for key, value in health.items():
        _check_u32(key, "a health number")
        if not isinstance(value, (int, str, bytes)):
            raise Malformed("a health value is a number, a text or bytes")


def _check_ack(ack_seq: object, server_time: object, commands: object, alert: object, ack_mac: object) -> None:
    _check_u32(ack_seq, "ack_seq")
    _check_u32(server_time, "server_time")
    _check_u32(alert, "alert")
    if not isinstance(ack_mac, bytes) or len(ack_mac) not in (0, MAC_BYTES):
        raise Malformed("ack_mac has 8 bytes")
    if not isinstance(commands, list):
        raise Malformed("commands must be a list")
    if len(commands) > MAX_COMMANDS:
        raise TooLong("more than %d commands in one answer" % MAX_COMMANDS)
    for command in commands:
        if not isinstance(command, list) or len(command) < 3 or not isinstance(command[2], list):
            raise Malformed("a command is [id, kind, arguments]")
        _check_u32(command[0], "a command's id")
        _check_u32(command[1], "a command's kind")
        if len(command[2]) > MAX_COMMAND_ARGUMENTS:
            raise TooLong("more than %d arguments" % MAX_COMMAND_ARGUMENTS)


def _check_u32(value: object, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed(name + " must be a number")
    if not 0 <= value <= 0xFFFFFFFF:
        raise OutOfRange(name + " is no 32-bit number")


def _machine_bytes(machine_id: int) -> bytes:
    _check_u32(machine_id, "machine_id")
    return machine_id.to_bytes(4, "big")
