"""The cards that carry keys and certificates: master, white, batch. Law and framing: records.py, which also gives these
names to whoever asks it for them.
"""

from protocol.errors import Malformed
from protocol.fields import Struct, pack, rest, size_bytes, unpack
from protocol.records import (
    BATCH,
    MASTER,
    MAX_SEALED_BYTES,
    SEALED_BATCH_KEY_BYTES,
    SIGNATURE_BYTES,
    WHITE,
    framed,
    signed_prefix,
    split,
)

NAMES = ("MasterRecord", "WhiteCertificate", "WhiteRecord", "BatchCertificate", "BatchRecord")


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
        return framed(self.KIND, pack(self.FIELDS, self) + rest(self.sealed, MAX_SEALED_BYTES, "sealed"))

    @staticmethod
    def decode(data: bytes) -> "MasterRecord":
        fixed, sealed = split(MASTER, data, MasterRecord.FIELDS)
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
        return signed_prefix(WHITE) + pack(self.FIELDS[:-1], self)

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
        return framed(WHITE, self.certificate.encode() + rest(self.sealed_key, MAX_SEALED_BYTES, "sealed_key"))

    @staticmethod
    def decode(data: bytes) -> "WhiteRecord":
        fixed, sealed = split(WHITE, data, WhiteRecord.FIELDS)
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
        return signed_prefix(BATCH) + pack(self.FIELDS[:-1], self)

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
        return framed(BATCH, self.batch.encode() + self.white.encode() + sealed)

    @staticmethod
    def decode(data: bytes) -> "BatchRecord":
        fixed, issuer_sealed = split(BATCH, data, BatchRecord.FIELDS)
        batch, white, machine_sealed = unpack(BatchRecord.FIELDS, fixed)
        return BatchRecord(
            WhiteCertificate.decode(white), BatchCertificate.decode(batch), machine_sealed, issuer_sealed
        )
