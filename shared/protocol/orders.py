"""Orders that stop a clinic, or let it go on: LOCK and UNLOCK are signed by the authority, not only sealed.

Law: the signature (ECDSA P-256 with SHA-256) covers body(): the prefix "PS", version 1, kind 17, then FIELDS, then the
text in UTF-8 to the end. The number rises strictly with every order for one machine and epoch; it is the unix time of
signing, or one more than the last. A machine refuses a number that is not above the last one it obeyed, so an order
that was kept and sent again does nothing. The command's arguments are ARGUMENTS in this order; members are only ever
appended. Arguments without a signature, as in the first version, are refused.
"""

from protocol.command_kinds import LOCK, UNLOCK
from protocol.errors import Malformed, TooLong, UnknownKind
from protocol.fields import pack, raw, unsigned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from protocol.uplink import Command

SIGNED_PREFIX = b"PS\x01\x11"
SIGNATURE_BYTES = 64
MAX_TEXT_BYTES = 64
KINDS = (LOCK, UNLOCK)

FIELDS = (
    ("machine_id", "u", 4),  # the one machine it is for
    ("epoch", "u", 4),  # that machine's provisioning epoch
    ("kind", "u", 1),  # 5 lock, 6 unlock
    ("number", "u", 4),  # above that of every earlier order, never 0
)
ARGUMENTS = (
    "number",  # number: the order's number, as signed
    "signature",  # 64 bytes: by the authority's key, r then s
    "text",  # text: for the machine's screen, at most 64 bytes
)


class Order:
    def __init__(self, machine_id: int, epoch: int, kind: int, number: int, text: str = "") -> None:
        self.machine_id = machine_id
        self.epoch = epoch
        self.kind = kind
        self.number = number
        self.text = text
        self.signature = b""

    def body(self) -> bytes:
        """What the authority signs."""
        if self.kind not in KINDS:
            raise UnknownKind("command %r is no signed order" % self.kind)
        if not self.number:
            raise Malformed("an order's number is never 0")
        return SIGNED_PREFIX + pack(FIELDS, self) + _text(self.text)

    def arguments(self) -> list[object]:
        """The signed order as a command's arguments."""
        self.body()
        return [self.number, raw(self.signature, SIGNATURE_BYTES, "signature"), self.text]


def read(machine_id: int, epoch: int, command: "Command") -> Order:
    """The order that a command carries, as if it were for this machine: its signature is still to be verified."""
    args = command.args
    if len(args) < len(ARGUMENTS):
        raise Malformed("an order has a number, a signature and a text")
    number, signature, text = args[:3]
    if isinstance(number, bool) or not isinstance(number, int):
        raise Malformed("an order's number is a number")
    if not isinstance(signature, bytes) or not isinstance(text, str):
        raise Malformed("an order has a signature and a text")
    unsigned(number, 4, "number")
    order = Order(machine_id, epoch, command.kind, number, text)
    order.signature = raw(signature, SIGNATURE_BYTES, "signature")
    order.body()
    return order


def verify(authority_key: bytes, order: Order) -> None:
    """Nothing, or BadSignature. In one go: a machine that serves cards takes p256_portable.steps instead."""
    from protocol import p256

    p256.verify(authority_key, order.body(), order.signature)


def _text(text: str) -> bytes:
    data = text.encode()
    if len(data) > MAX_TEXT_BYTES:
        raise TooLong("an order's text has at most %d bytes" % MAX_TEXT_BYTES)
    return data
