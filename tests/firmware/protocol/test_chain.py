"""The chain from the master card down: what passes, and the exact error of everything that does not."""

from protocol import chain, keys
from protocol.records import BatchRecord

from tests.firmware.protocol import samples
from tests.firmware.protocol.samples import AUTHORITY_KEY, EPOCH, INSTITUTION, MACHINE, NOON
from tests.firmware.protocol.support import MASTER_SECRET, accepts, error_code, public_key, sign


def record(**changes: int) -> BatchRecord:
    """The sample batch with fields of its certificate changed and signed anew by the white card."""
    made = samples.batch_record()
    for name in changes:
        setattr(made.batch, name, changes[name])
    made.batch.signature = sign(samples.WHITE_SCALAR, made.batch.body())
    return made


def verdict(made: BatchRecord, now: int | None = NOON, institution: int = INSTITUTION, machine: int = MACHINE) -> str:
    return error_code(chain.verify_batch, made, AUTHORITY_KEY, now, institution, machine, EPOCH)


def passes(made: BatchRecord, now: int | None = NOON, machine: int = MACHINE) -> bool:
    return accepts(chain.verify_batch, made, AUTHORITY_KEY, now, INSTITUTION, machine, EPOCH)


def test_a_good_batch_passes() -> None:
    assert passes(samples.batch_record())
    assert passes(samples.batch_record(), now=None)
    assert accepts(chain.verify_white, samples.white_certificate(), AUTHORITY_KEY, NOON)


def test_a_batch_for_any_machine_passes() -> None:
    assert passes(record(machine_id=0, epoch=0), machine=99)


def test_the_whole_white_range_passes() -> None:
    assert passes(record(first_credit=1000, count=500))


def test_other_machine_epoch_and_institution() -> None:
    assert verdict(record(machine_id=MACHINE + 1)) == "other_machine"
    assert verdict(record(epoch=EPOCH - 1)) == "other_machine"
    assert verdict(record(institution=INSTITUTION + 1)) == "other_institution"


def test_credits_outside_the_white_range() -> None:
    assert verdict(record(first_credit=999)) == "out_of_range"
    assert verdict(record(first_credit=1451)) == "out_of_range"
    assert verdict(record(count=0)) == "out_of_range"
    assert verdict(record(first_credit=0xFFFFFFFF, count=0xFFFFFFFF)) == "out_of_range"


def test_expiry_needs_a_trusted_clock() -> None:
    late = samples.batch_certificate().expires + 1
    assert verdict(samples.batch_record(), late) == "expired"
    assert verdict(samples.batch_record(), 0xFFFFFFFF) == "expired"
    chain.verify_batch(samples.batch_record(), AUTHORITY_KEY, late - 1, INSTITUTION, MACHINE, EPOCH)
    chain.verify_batch(record(expires=0), AUTHORITY_KEY, late, INSTITUTION, MACHINE, EPOCH)


def test_another_white_card() -> None:
    assert verdict(record(white_id=samples.WHITE_ID + 1)) == "not_in_chain"


def test_forged_certificates() -> None:
    forged = samples.batch_record()
    forged.batch.count = 60
    assert verdict(forged) == "bad_signature"
    forged = samples.batch_record()
    forged.white.quota = 5000
    assert verdict(forged) == "bad_signature"
    forged = samples.batch_record()
    forged.batch.signature = bytes(64)
    assert verdict(forged) == "bad_signature"


def test_a_white_card_of_another_authority() -> None:
    scalar = keys.authority_scalar(b"x" * 32)
    forged = samples.batch_record()
    forged.white.signature = sign(scalar, forged.white.body())
    assert verdict(forged) == "bad_signature"
    assert error_code(chain.verify_batch, forged, bytes(64), NOON, INSTITUTION, MACHINE, EPOCH) == "bad_key"


def test_a_white_card_that_signs_itself() -> None:
    own = keys.white_scalar(MASTER_SECRET, 77)
    forged = samples.batch_record()
    forged.white.issuer_key = public_key(own)
    forged.white.signature = sign(own, forged.white.body())
    forged.batch.signature = sign(own, forged.batch.body())
    assert verdict(forged) == "bad_signature"


def test_white_ranges() -> None:
    white = samples.white_certificate()
    white.quota = 0
    assert error_code(chain.verify_white, white, AUTHORITY_KEY, None) == "out_of_range"
    white.first_credit, white.quota = 0xFFFFFFFF, 2
    assert error_code(chain.verify_white, white, AUTHORITY_KEY, None) == "out_of_range"
    white = samples.white_certificate()
    assert error_code(chain.verify_white, white, AUTHORITY_KEY, white.expires + 1) == "expired"


def test_credit_in_batch() -> None:
    certificate = samples.batch_certificate()
    found = [credit for credit in range(1090, 1160) if chain.credit_in_batch(certificate, credit)]
    assert found == list(range(1100, 1150))
