"""What is written on the four cards, and on the service card, whatever the medium.

Law: a record starts with HEADER_FIELDS. A kind's number is never reused. Version 1 of a kind never changes: a
field more is a new version, appended at the end. Certificates are signed over body(), which starts with magic,
version and kind, so no signed thing can be read as another.
"""

from protocol.errors import Malformed, TooLong, UnknownKind, UnknownVersion
from protocol.fields import Struct, pack, rest, size_bytes, unpack

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


class MasterRecord(Struct):
    KIND = MASTER
    FIELDS = (
        ("master_id", "u", 4),  # number of the master card
        ("authority_key", "b", 64),  # the authority's P-256 public key, X then Y
    )

    def __init__(self, master_id: int, authority_key: bytes, sealed: bytes) -> None:
        self.master_id = master_id
        self.authority_key = authority_key
        self.sealed = sealed

    def encode(self) -> bytes:
        return _framed(self.KIND, pack(self.FIELDS, self) + rest(self.sealed, MAX_SEALED_BYTES, "sealed"))

    @staticmethod
    def decode(data: bytes) -> "MasterRecord":
        fixed, sealed = _split(MASTER, data, MasterRecord.FIELDS)
        master_id, authority_key = unpack(MasterRecord.FIELDS, fixed)
        return MasterRecord(master_id, authority_key, sealed)


class WhiteCertificate(Struct):
    KIND = WHITE
    FIELDS = (
        ("white_id", "u", 4),  # number of the white card
        ("first_credit", "u", 4),  # first credit of its range
        ("quota", "u", 4),  # how many credits the range has
        ("expires", "u", 4),  # unix time after which it issues nothing, 0 = never
        ("issuer_key", "b", 64),  # the white card's P-256 public key, X then Y
        ("signature", "b", 64),  # by the authority's key, r then s, over body()
    )

    def __init__(
        self,
        white_id: int,
        first_credit: int,
        quota: int,
        expires: int,
        issuer_key: bytes,
        signature: bytes = bytes(SIGNATURE_BYTES),
    ) -> None:
        self.white_id = white_id
        self.first_credit = first_credit
        self.quota = quota
        self.expires = expires
        self.issuer_key = issuer_key
        self.signature = signature

    def body(self) -> bytes:
        return _signed_prefix(WHITE) + pack(self.FIELDS[:-1], self)

    @staticmethod
    def decode(data: bytes) -> "WhiteCertificate":
        return WhiteCertificate(*unpack(WhiteCertificate.FIELDS, data))


class WhiteRecord(Struct):
    KIND = WHITE
    FIELDS = WhiteCertificate.FIELDS

    def __init__(self, certificate: WhiteCertificate, sealed_key: bytes) -> None:
        self.certificate = certificate
        self.sealed_key = sealed_key

    def encode(self) -> bytes:
        return _framed(WHITE, self.certificate.encode() + rest(self.sealed_key, MAX_SEALED_BYTES, "sealed_key"))

    @staticmethod
    def decode(data: bytes) -> "WhiteRecord":
        fixed, sealed = _split(WHITE, data, WhiteRecord.FIELDS)
        return WhiteRecord(WhiteCertificate.decode(fixed), sealed)


class BatchCertificate(Struct):
    KIND = BATCH
    FIELDS = (
        ("batch_id", "u", 4),  # number of the batch in the whole system
        ("white_id", "u", 4),  # the white card it was made from
        ("institution", "u", 4),  # institution code
        ("batch_number", "u", 4),  # the institution's own count of its batches
        ("first_credit", "u", 4),  # first credit of its range
        ("count", "u", 4),  # how many one-time cards belong to it
        ("machine_id", "u", 4),  # the one machine it is for, 0 = any machine of the institution
        ("epoch", "u", 4),  # that machine's provisioning epoch
        ("expires", "u", 4),  # unix time after which it is refused, 0 = never
        ("signature", "b", 64),  # by the white card's key, r then s, over body()
    )

    def __init__(
        self,
        batch_id: int,
        white_id: int,
        institution: int,
        batch_number: int,
        first_credit: int,
        count: int,
        machine_id: int,
        epoch: int,
        expires: int,
        signature: bytes = bytes(SIGNATURE_BYTES),
    ) -> None:
        self.batch_id = batch_id
        self.white_id = white_id
        self.institution = institution
        self.batch_number = batch_number
        self.first_credit = first_credit
        self.count = count
        self.machine_id = machine_id
        self.epoch = epoch
        self.expires = expires
        self.signature = signature

    def body(self) -> bytes:
        return _signed_prefix(BATCH) + pack(self.FIELDS[:-1], self)

    @staticmethod
    def decode(data: bytes) -> "BatchCertificate":
        return BatchCertificate(*unpack(BatchCertificate.FIELDS, data))


class BatchRecord(Struct):
    """The batch certificate comes first, so that the card's first block names the batch."""

    KIND = BATCH
    FIELDS = (
        ("batch", "b", size_bytes(BatchCertificate.FIELDS)),  # the batch certificate
        ("white", "b", size_bytes(WhiteCertificate.FIELDS)),  # the white certificate that signed it
        ("machine_sealed", "b", 40),  # K_batch sealed for the machine (AES-CCM, 8-byte tag)
    )

    def __init__(
        self, white: WhiteCertificate, batch: BatchCertificate, machine_sealed: bytes, issuer_sealed: bytes
    ) -> None:
        self.white = white
        self.batch = batch
        self.machine_sealed = machine_sealed
        self.issuer_sealed = issuer_sealed

    def encode(self) -> bytes:
        sealed = rest(self.machine_sealed, SEALED_BATCH_KEY_BYTES, "machine_sealed")
        if len(sealed) != SEALED_BATCH_KEY_BYTES:
            raise Malformed("machine_sealed must be 40 bytes")
        sealed += rest(self.issuer_sealed, MAX_SEALED_BYTES, "issuer_sealed")
        return _framed(BATCH, self.batch.encode() + self.white.encode() + sealed)

    @staticmethod
    def decode(data: bytes) -> "BatchRecord":
        fixed, issuer_sealed = _split(BATCH, data, BatchRecord.FIELDS)
        batch, white, machine_sealed = unpack(BatchRecord.FIELDS, fixed)
        return BatchRecord(
            WhiteCertificate.decode(white), BatchCertificate.decode(batch), machine_sealed, issuer_sealed
        )


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
        return _framed(ONE_TIME, pack(self.FIELDS, self))

    @staticmethod
    def decode(data: bytes) -> "OneTimeRecord":
        fixed, tail = _split(ONE_TIME, data, OneTimeRecord.FIELDS)
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
        return _framed(SERVICE, pack(self.FIELDS, self))

    @staticmethod
    def decode(data: bytes) -> "ServiceRecord":
        fixed, tail = _split(SERVICE, data, ServiceRecord.FIELDS)
        if tail:
            raise Malformed("bytes after the record")
        return ServiceRecord(*unpack(ServiceRecord.FIELDS, fixed))


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


def _framed(kind: int, content: bytes) -> bytes:
    length = HEADER_BYTES + len(content)
    if length > MAX_RECORD_BYTES:
        raise TooLong("a record of %d bytes" % length)
    return _signed_prefix(kind) + length.to_bytes(2, "big") + content


def _signed_prefix(kind: int) -> bytes:
    return MAGIC + bytes([VERSION, kind])


def _split(kind: int, data: bytes, fields: tuple[tuple[str, str, int], ...]) -> tuple[bytes, bytes]:
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
