"""What goes into an answer when there is little room: an SMS has 140 bytes, two joined ones TWO_SMS_BYTES.

Commands that do not fit wait; a later one may go before them, but never before one of its own kind, so that settings
arrive in the order of issue, and never before a signed order, which stops a clinic or lets it go on.
"""

from protocol import uplink
from protocol.uplink import Ack, Command


def commands_that_fit(
    ack: Ack, max_bytes: int, alone_bytes: int = 0, envelope_bytes: int = uplink.ENVELOPE_BYTES
) -> list[Command]:
    """The commands of an answer (or, with PUSH_ENVELOPE_BYTES, a push) that may have max_bytes when it is sealed.

    When no command fits that, the first one that fits ``alone_bytes`` goes alone. So does a signed order that comes
    first, whatever else would fit: it takes two SMS where its text is long.
    """
    first = ack.commands[:1]
    signed = first and first[0].kind in (uplink.LOCK, uplink.UNLOCK)
    if signed and max_bytes < ack_bytes(ack, first, envelope_bytes) <= alone_bytes:
        return first
    fitting: list[Command] = []
    waiting = []
    for command in ack.commands:
        tried = list(fitting)
        tried.append(command)
        if command.kind in waiting or ack_bytes(ack, tried, envelope_bytes) > max_bytes:
            waiting.append(command.kind)
        else:
            fitting = tried
    if fitting:
        return fitting
    for command in ack.commands:
        if ack_bytes(ack, [command], envelope_bytes) <= alone_bytes:
            return [command]
    return []


def ack_bytes(ack: Ack, commands: list[Command], envelope_bytes: int = uplink.ENVELOPE_BYTES) -> int:
    """Size of the answer with these commands, sealed."""
    sized = Ack(ack.ack_seq, ack.server_time, commands, ack.alert, ack.ack_mac)
    return uplink.sealed_bytes(len(uplink.encode_ack(sized)), envelope_bytes)
