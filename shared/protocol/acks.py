"""What the back office says, as objects (law: uplink.py). What outlives the code that read it keeps no more
than this file in memory.
"""

PUSH_AAD = b"push"

ALERT_NONE = 0  # all is well
ALERT_GAP = 1  # entries are missing: report again from ack_seq + 1
ALERT_FORK = 2  # the journal differs from what was reported before


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
