"""Verification from the master card down: who signed this batch, and is it for this machine.

The cheap questions come first, the signatures last: a verification costs about 0.7 s on the board.
"""

from protocol import p256
from protocol.errors import Expired, NotInChain, OtherInstitution, OtherMachine, OutOfRange
from protocol.records import ANY_MACHINE, NEVER, BatchCertificate, BatchRecord, WhiteCertificate

CREDIT_LIMIT = 1 << 32


def verify_white(certificate: WhiteCertificate, authority_key: bytes, now: int | None) -> None:
    """now is None when the clock is not trusted: then nothing expires."""
    check_white(certificate, now)
    _verify(authority_key, certificate.body(), certificate.signature)


def verify_batch(
    record: BatchRecord, authority_key: bytes, now: int | None, institution: int, machine_id: int, epoch: int
) -> None:
    """A batch for any machine (machine_id 0) passes: whether its medium is strong enough is the caller's question."""
    batch = record.batch
    check_white(record.white, now)
    check_batch(record.white, batch, now)
    if batch.institution != institution:
        raise OtherInstitution("the batch is institution %d's" % batch.institution)
    if batch.machine_id != ANY_MACHINE and (batch.machine_id, batch.epoch) != (machine_id, epoch):
        raise OtherMachine("the batch is for machine %d, epoch %d" % (batch.machine_id, batch.epoch))
    verify_links(record, authority_key)


def verify_links(record: BatchRecord, authority_key: bytes) -> None:
    """Only the two signatures: what an issuer asks, whichever machine the batch is for."""
    _verify(authority_key, record.white.body(), record.white.signature)
    _verify(record.white.issuer_key, record.batch.body(), record.batch.signature)


def check_white(certificate: WhiteCertificate, now: int | None) -> None:
    if certificate.quota == 0 or certificate.first_credit + certificate.quota > CREDIT_LIMIT:
        raise OutOfRange("the white card's range is empty or too large")
    _check_expiry(certificate.expires, now)


def check_batch(white: WhiteCertificate, batch: BatchCertificate, now: int | None) -> None:
    if batch.white_id != white.white_id:
        raise NotInChain("the batch names white card %d, it came with %d" % (batch.white_id, white.white_id))
    end = batch.first_credit + batch.count
    if batch.count == 0 or batch.first_credit < white.first_credit or end > white.first_credit + white.quota:
        raise OutOfRange("the batch's credits lie outside its white card's")
    _check_expiry(batch.expires, now)


def credit_in_batch(certificate: BatchCertificate, credit: int) -> bool:
    return certificate.first_credit <= credit < certificate.first_credit + certificate.count


def _check_expiry(expires: int, now: int | None) -> None:
    if expires != NEVER and now is not None and now > expires:
        raise Expired("expired at %d" % expires)


def _verify(key: bytes, message: bytes, signature: bytes) -> None:
    p256.verify(key, message, signature)
