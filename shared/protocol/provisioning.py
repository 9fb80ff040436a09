"""What a machine is given in the factory, signed by the authority and bound to the nonce that the machine chose.

Law: the message is a CBOR list of MEMBERS in this order; members are only ever appended, a reader ignores those it
does not know. The signature covers body(): the prefix "PS", version 1, kind 16, then the message. Roles and setting
names are never reused for another meaning.
"""

from protocol import cbor
from protocol.errors import Malformed, OutOfRange, TooLong, UnknownKind
from protocol.roles import ROLES

SIGNED_PREFIX = b"PS\x01\x10"
MAX_BYTES = 1024
NONCE_BYTES = 16

# name, type, bytes (of a byte string; a number's are its largest size)
MEMBERS = (
    ("nonce", "b", 16),  # chosen by the machine for this provisioning only
    ("role", "s", 16),  # swipe, master_issuer or child_issuer
    ("machine_id", "u", 4),  # the machine's number, never 0
    ("epoch", "u", 4),  # how often it has been provisioned; keys change with it
    ("institution", "u", 4),  # institution code, 0 for an issuer
    ("authority_key", "b", 64),  # the authority's P-256 public key, X then Y
    ("machine_key", "b", 32),  # root of this machine's keys
    ("institution_key", "b", 32),  # root of the institution's card keys
    ("settings", "d", 0),  # names and values: how to reach the server, language, relay times
)


class ProvisioningMessage:
    def __init__(
        self,
        nonce: bytes,
        role: str,
        machine_id: int,
        epoch: int,
        institution: int,
        authority_key: bytes,
        machine_key: bytes,
        institution_key: bytes,
        settings: dict[str, object],
    ) -> None:
        self.nonce = nonce
        self.role = role
        self.machine_id = machine_id
        self.epoch = epoch
        self.institution = institution
        self.authority_key = authority_key
        self.machine_key = machine_key
        self.institution_key = institution_key
        self.settings = settings

    def encode(self) -> bytes:
        values = [getattr(self, name) for name, _, _ in MEMBERS]
        _check(values)
        message = cbor.encode(values)
        if len(message) > MAX_BYTES:
            raise TooLong("a provisioning message of %d bytes" % len(message))
        return message

    def body(self) -> bytes:
        """What the authority signs."""
        return SIGNED_PREFIX + self.encode()

    @staticmethod
    def decode(data: bytes) -> "ProvisioningMessage":
        if len(data) > MAX_BYTES:
            raise TooLong("a provisioning message of %d bytes" % len(data))
        values = cbor.decode(data)
        if not isinstance(values, list) or len(values) < len(MEMBERS):
            raise Malformed("no provisioning message")
        values = values[: len(MEMBERS)]
        _check(values)
        return ProvisioningMessage(*values)


def signed_body(message: bytes) -> bytes:
    """What the signature covers, for a message as received (members that we do not know included)."""
    return SIGNED_PREFIX + message


def _check(values: list) -> None:  # type: ignore[type-arg]
    for (name, kind, size), value in zip(MEMBERS, values):  # noqa: B905 (MicroPython's zip has no strict)
        if kind == "b" and not (isinstance(value, bytes) and len(value) == size):
            raise Malformed(name + " must be %d bytes" % size)
        if kind == "u":
            if isinstance(value, bool) or not isinstance(value, int):
                raise Malformed(name + " must be a number")
            if not 0 <= value < 1 << 8 * size:
                raise OutOfRange(name + " does not fit %d bytes" % size)
        if kind == "s" and value not in ROLES:
            raise UnknownKind("no such role")
        if kind == "d" and not _is_settings(value):
            raise Malformed(name + " must be named values")


def _is_settings(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(key, str) for key in value)
