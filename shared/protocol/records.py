"""What is written on the four cards, and on the service card, whatever the medium.

Law: a record starts with HEADER_FIELDS. A kind's number is never reused. Version 1 of a kind never changes: a
field more is a new version, appended at the end. Certificates are signed over body(), which starts with magic,
version and kind, so no signed thing can be read as another.
"""

from protocol.errors import Malformed, TooLong, UnknownKind, UnknownVersion
from protocol.fields import Struct, pack, size_bytes, unpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from protocol.certificates import BatchCertificate as BatchCertificate
    from protocol.certificates import BatchRecord as BatchRecord
    from protocol.certificates import MasterRecord as MasterRecord
    from protocol.certificates import WhiteCertificate as WhiteCertificate
    from protocol.certificates import WhiteRecord as WhiteRecord

MAGIC = b"PS"
VERSION = 1

MASTER = 1  # the one master card: the root of all keys, sealed under the authority's PIN
WHITE = 2  # the right to issue a range of credits, signed by the authority
BATCH = 3  # a range of credits for one machine, signed by a white card
ONE_TIME = 4  # one credit
SERVICE = 5  # a letter box between machines and the back office (mailbox.py): worth nothing, proves nothing
KINDS = (MASTER, WHITE, BATCH, ONE_TIME, SERVICE)

HEADER_FIELDS = (
    ("magic", "b", 2),  # the letters PS
    ("version", "u", 1),  # 1
    ("kind", "u", 1),  # 1 master, 2 white, 3 batch, 4 one-time, 5 service
    ("length", "u", 2),  # bytes of the whole record, this header included
)
HEADER_BYTES = size_bytes(HEADER_FIELDS)
SIGNATURE_BYTES = 64
PUBLIC_KEY_BYTES = 64
SEALED_BATCH_KEY_BYTES = 40
MAX_SEALED_BYTES = 256
MAX_RECORD_BYTES = 640

ANY_MACHINE = 0  # machine_id of a batch that any machine of the institution may use
NEVER = 0  # expires of a certificate that does not expire


class OneTimeRecord(Struct):
    KIND = ONE_TIME
    FIELDS = (
        ("batch_id", "u", 4),  # the batch it belongs to
        ("credit", "u", 4),  # the one credit it is
        ("tag", "b", 16),  # HMAC-SHA256(K_batch, label, UID, batch, credit), the first 16 bytes
    )

    def __init__(self, batch_id: int, credit: int, tag: bytes) -> None:
        self.batch_id = batch_id
        self.credit = credit
        self.tag = tag

    def encode(self) -> bytes:
        return framed(ONE_TIME, pack(self.FIELDS, self))

    @staticmethod
    def decode(data: bytes) -> "OneTimeRecord":
        fixed, tail = split(ONE_TIME, data, OneTimeRecord.FIELDS)
        if tail:
            raise Malformed("bytes after the record")
        return OneTimeRecord(*unpack(OneTimeRecord.FIELDS, fixed))


class ServiceRecord(Struct):
    KIND = SERVICE
    FIELDS = (
        ("store_bytes", "u", 2),  # size of the store that the card holds besides this record
    )

    def __init__(self, store_bytes: int) -> None:
        self.store_bytes = store_bytes

    def encode(self) -> bytes:
        return framed(SERVICE, pack(self.FIELDS, self))

    @staticmethod
    def decode(data: bytes) -> "ServiceRecord":
        fixed, tail = split(SERVICE, data, ServiceRecord.FIELDS)
        if tail:
            raise Malformed("bytes after the record")
        return ServiceRecord(*unpack(ServiceRecord.FIELDS, fixed))


def __getattr__(name: str) -> "Any":
    """Master, white and batch cards are another file: a swipe machine sees such a card once in a batch, and what it
    does not load costs it no heap.
    """
    from protocol import certificates

    if name not in certificates.NAMES:
        raise AttributeError(name)
    return getattr(certificates, name)


def header(data: bytes) -> tuple[int, int]:
    """(kind, length of the whole record) from a record's first bytes: enough to know what to read next."""
    if len(data) < HEADER_BYTES:
        raise Malformed("shorter than a record's header")
    magic, version, kind, length = unpack(HEADER_FIELDS, data[:HEADER_BYTES])
    if magic != MAGIC:
        raise Malformed("no record of ours")
    if version != VERSION:
        raise UnknownVersion("record version %d" % version)
    if kind not in KINDS:
        raise UnknownKind("record kind %d" % kind)
    if length > MAX_RECORD_BYTES:
        raise TooLong("a record of %d bytes" % length)
    if length < HEADER_BYTES:
        raise Malformed("a record shorter than its header")
    return kind, length


def framed(kind: int, content: bytes) -> bytes:
    length = HEADER_BYTES + len(content)
    if length > MAX_RECORD_BYTES:
        raise TooLong("a record of %d bytes" % length)
    return signed_prefix(kind) + length.to_bytes(2, "big") + content


def signed_prefix(kind: int) -> bytes:
    return MAGIC + bytes([VERSION, kind])


def split(kind: int, data: bytes, fields: tuple[tuple[str, str, int], ...]) -> tuple[bytes, bytes]:
    """(the fixed fields' bytes, what follows them)."""
    found, length = header(data)
    if found != kind:
        raise UnknownKind("a record of kind %d where %d was expected" % (found, kind))
    if len(data) != length:
        raise Malformed("%d bytes where the record says %d" % (len(data), length))
    end = HEADER_BYTES + size_bytes(fields)
    if length < end:
        raise Malformed("the record is shorter than its fields")
    if length - end > MAX_SEALED_BYTES:
        raise TooLong("the record's last field")
    return bytes(data[HEADER_BYTES:end]), bytes(data[end:])
