"""The contents of cards: certificates as they are signed, records as they are written."""

from dataclasses import dataclass

from protocol import keys
from protocol.classic import PUBLIC_READ_KEY
from protocol.records import BatchCertificate, BatchRecord, OneTimeRecord, WhiteCertificate, WhiteRecord

from backoffice.authority import signing
from backoffice.authority.keys import batch_card_keys, white_card_keys
from backoffice.keyring import Keyring
from backoffice.models import Batch


@dataclass(frozen=True)
class Content:
    """What goes on one card, and the keys that lock it."""

    kind: str
    record: bytes
    read_key: bytes
    write_key: bytes


def sign_white(master_secret: bytes, white_id: int, first_credit: int, quota: int, expires: int) -> WhiteCertificate:
    """The authority gives a white card its range."""
    issuer_key = signing.public_key(keys.white_scalar(master_secret, white_id))
    certificate = WhiteCertificate(white_id, first_credit, quota, expires, issuer_key)
    certificate.signature = signing.sign(keys.authority_scalar(master_secret), certificate.body())
    return certificate


def white_content(certificate: WhiteCertificate, sealed: bytes, keyring: Keyring, uid: bytes) -> Content:
    """A white card: its certificate, and its private key sealed under the issuer's PIN."""
    return Content("white", WhiteRecord(certificate, sealed).encode(), *white_card_keys(keyring, uid))


def sign_batch(white_scalar: bytes, batch: Batch) -> BatchCertificate:
    """The white card gives a machine its credits."""
    certificate = BatchCertificate(
        batch.id,
        batch.white_id,
        batch.institution_code,
        batch.batch_number,
        batch.first_credit,
        batch.count,
        batch.machine_id,
        batch.epoch,
        batch.expires,
    )
    certificate.signature = signing.sign(white_scalar, certificate.body())
    return certificate


@dataclass(frozen=True)
class BatchSecrets:
    """What is needed to write a batch card, in memory while it is written."""

    batch_key: bytes
    machine_key: bytes
    institution_key: bytes


def batch_content(
    white: WhiteCertificate,
    batch: BatchCertificate,
    secrets: BatchSecrets,
    for_issuer: bytes,
    keyring: Keyring,
    uid: bytes,
) -> Content:
    """A batch card: both certificates, K_batch for its machine and K_batch sealed under the issuer's PIN."""
    for_machine = keys.seal_batch_key(secrets.machine_key, batch.body(), secrets.batch_key)
    record = BatchRecord(white, batch, for_machine, for_issuer)
    return Content("batch", record.encode(), *batch_card_keys(keyring, secrets.institution_key, uid))


def one_time_content(batch_key: bytes, batch_id: int, credit: int, uid: bytes) -> Content:
    """A one-time card: its tag binds batch, credit and this very piece of plastic."""
    record = OneTimeRecord(batch_id, credit, keys.one_time_tag(batch_key, uid, batch_id, credit))
    return Content("one_time", record.encode(), PUBLIC_READ_KEY, keys.one_time_access_key(batch_key, uid))
