"""What goes into a message when there is little room: an SMS has 140 bytes, two joined ones TWO_SMS_BYTES.

Money first: entries take what room there is, health only what they leave. Commands that do not fit wait; a later one
may go before them, but never before one of its own kind, so that settings and orders arrive in the order of issue,
and never before a signed order, which stops a clinic or lets it go on.
"""

from protocol import uplink
from protocol.journal import Entry
from protocol.uplink import Ack, Command

# Health numbers by their worth where not all of them fit. The others are not sent over a narrow link.
SHORT_HEALTH = (
    uplink.HEALTH_EPOCH,
    uplink.HEALTH_CLOCK,
    uplink.HEALTH_TRANSPORT,
    uplink.HEALTH_SWITCH_REASON,
    uplink.HEALTH_PENDING,
    uplink.HEALTH_SIGNAL_DBM,
    uplink.HEALTH_MODEM_RESTARTS,
    uplink.HEALTH_SMS_SENT,
)


def health_that_fits(found: list[Entry], max_bytes: int, health: dict[int, object]) -> dict[int, object]:
    """The health that a report of these entries still has room for, the most useful numbers first."""
    from protocol.report_writer import report_bytes  # in memory already, where a report is made

    kept: dict[int, object] = {}
    for number in SHORT_HEALTH:
        if number in health:
            tried = dict(kept)
            tried[number] = health[number]
            if report_bytes(found, tried) <= max_bytes:
                kept = tried
    return kept


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


def fitted(ack: Ack, max_bytes: int, alone_bytes: int = 0, envelope_bytes: int = uplink.ENVELOPE_BYTES) -> Ack:
    """The same answer with the commands that fit. Its MAC is left out where even that is too much."""
    kept = Ack(ack.ack_seq, ack.server_time, ack.commands, ack.alert, ack.ack_mac)
    if ack_bytes(kept, [], envelope_bytes) > max_bytes:
        kept.ack_mac = b""
    kept.commands = commands_that_fit(kept, max_bytes, alone_bytes, envelope_bytes)
    return kept


def ack_bytes(ack: Ack, commands: list[Command], envelope_bytes: int = uplink.ENVELOPE_BYTES) -> int:
    """Size of the answer with these commands, sealed."""
    sized = Ack(ack.ack_seq, ack.server_time, commands, ack.alert, ack.ack_mac)
    return uplink.sealed_bytes(len(uplink.encode_ack(sized)), envelope_bytes)
