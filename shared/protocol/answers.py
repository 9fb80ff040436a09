"""What is in the back office's answers and pushes (law: uplink.py). answer_opener.py opens them before."""

from protocol.acks import Ack, Command
from protocol.errors import Malformed, TooLong
from protocol.journal import MAC_BYTES
from protocol.uplink import (
    ACK_MEMBERS,
    MAX_COMMAND_ARGUMENTS,
    MAX_COMMANDS,
    check_u32,
    members,
)


def decode_ack(payload: bytes) -> Ack:
    values = members(payload, ACK_MEMBERS, len(ACK_MEMBERS) - 1)
    ack_mac = values.get("ack_mac", b"")
    check_ack(values["ack_seq"], values["server_time"], values["commands"], values["alert"], ack_mac)
    commands = [Command(*command[:3]) for command in values["commands"]]
    return Ack(values["ack_seq"], values["server_time"], commands, values["alert"], ack_mac)


def check_ack(ack_seq: object, server_time: object, commands: object, alert: object, ack_mac: object) -> None:
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
