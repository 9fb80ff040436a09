"""The back office's sealed answers and pushes, made and opened (law: uplink.py)."""

from protocol import cbor, cose, keys
from protocol.errors import Malformed, TooLong, UnknownKind
from protocol.journal import MAC_BYTES
from protocol.mac import hmac_sha256
from protocol.uplink import (
    ACK_MEMBERS,
    MAX_COMMAND_ARGUMENTS,
    MAX_COMMANDS,
    PUSH_AAD,
    VERSION,
    Ack,
    Command,
    check_u32,
    members,
)


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
    values = members(payload, ACK_MEMBERS, len(ACK_MEMBERS) - 1)
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
    check_u32(serial, "serial")
    iv = hmac_sha256(keys.nonce_key(machine_key), PUSH_AAD + serial.to_bytes(4, "big") + payload)[: cose.IV_BYTES]
    return cose.seal(keys.downlink_key(machine_key), b"", iv, payload, PUSH_AAD)


def open_push(machine_key: bytes, message: bytes) -> Ack:
    return decode_ack(cose.open_(keys.downlink_key(machine_key), message, PUSH_AAD))


def _check_ack(ack_seq: object, server_time: object, commands: object, alert: object, ack_mac: object) -> None:
    check_u32(ack_seq, "ack_seq")
    check_u32(server_time, "server_time")
    check_u32(alert, "alert")
    if not isinstance(ack_mac, bytes) or len(ack_mac) not in (0, MAC_BYTES):
        raise Malformed("ack_mac has 8 bytes")
    if not isinstance(commands, list):
        raise Malformed("commands must be a list")
    if len(commands) > MAX_COMMANDS:
        raise TooLong("more than %d commands in one answer" % MAX_COMMANDS)
    for command in commands:
        if not isinstance(command, list) or len(command) < 3 or not isinstance(command[2], list):
            raise Malformed("a command is [id, kind, arguments]")
        check_u32(command[0], "a command's id")
        check_u32(command[1], "a command's kind")
        if len(command[2]) > MAX_COMMAND_ARGUMENTS:
            raise TooLong("more than %d arguments" % MAX_COMMAND_ARGUMENTS)
