"""The back office's sealed answers and pushes, made (law: uplink.py). No machine loads this."""

from protocol import cbor, cose, keys
from protocol.answers import check_ack
from protocol.mac import hmac_sha256
from protocol.uplink import ACK_MEMBERS, PUSH_AAD, VERSION, Ack, check_u32


def encode_ack(ack: Ack) -> bytes:
    commands = [[command.id, command.kind, command.args] for command in ack.commands]
    check_ack(ack.ack_seq, ack.server_time, commands, ack.alert, ack.ack_mac)
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


def seal_ack(machine_key: bytes, request_message: bytes, ack: Ack) -> bytes:
    """Bound to the request by its nonce, so that an old answer fits no other request."""
    key_id, request_iv = cose.header(request_message)
    payload = encode_ack(ack)
    iv = hmac_sha256(keys.nonce_key(machine_key), b"ack" + request_iv + payload)[: cose.IV_BYTES]
    return cose.seal(keys.downlink_key(machine_key), key_id, iv, payload, request_iv)


def seal_push(machine_key: bytes, ack: Ack, serial: int) -> bytes:
    """What the back office says unasked (by SMS, on a service card). It may come late and twice, so its time proves
    nothing. ``serial`` tells pushes of the same content apart."""
    payload = encode_ack(ack)
    check_u32(serial, "serial")
    iv = hmac_sha256(keys.nonce_key(machine_key), PUSH_AAD + serial.to_bytes(4, "big") + payload)[: cose.IV_BYTES]
    return cose.seal(keys.downlink_key(machine_key), b"", iv, payload, PUSH_AAD)
