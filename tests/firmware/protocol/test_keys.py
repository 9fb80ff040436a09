"""The key chain: right lengths, distinct purposes, and every input counts."""

from protocol import keys

from tests.firmware.protocol.support import MASTER_SECRET, error_code

UID = b"\1\2\3\4"


def test_purposes_never_share_a_key() -> None:
    machine = keys.machine_key(MASTER_SECRET, 1, 1)
    made = [
        keys.authority_scalar(MASTER_SECRET),
        keys.white_scalar(MASTER_SECRET, 1),
        keys.white_scalar(MASTER_SECRET, 2),
        machine,
        keys.machine_key(MASTER_SECRET, 1, 2),
        keys.machine_key(MASTER_SECRET, 2, 1),
        keys.institution_key(MASTER_SECRET, 1),
        keys.institution_key(MASTER_SECRET, 2),
        keys.uplink_key(machine),
        keys.downlink_key(machine),
        keys.nonce_key(machine),
        keys.journal_key(machine),
        keys.batch_key(machine, 1),
        keys.batch_key(machine, 2),
        keys.one_time_tag(machine, UID, 1, 1),
        keys.one_time_tag(machine, UID, 1, 2),
        keys.one_time_tag(machine, UID, 2, 1),
        keys.one_time_tag(machine, UID + b"\5\6\7", 1, 1),
        keys.burn_mark(machine, UID, 1, 1),
        keys.burn_mark(machine, UID, 2, 1),
        keys.burn_mark(machine, UID, 1, 2),
        keys.one_time_access_key(machine, UID),
        keys.one_time_access_key(machine, UID + b"\5\6\7"),
        keys.batch_access_key(machine, UID),
    ]
    assert len({key[:6] for key in made}) == len(made)


def test_lengths() -> None:
    machine = keys.machine_key(MASTER_SECRET, 1, 1)
    assert len(keys.authority_scalar(MASTER_SECRET)) == 32
    assert len(keys.uplink_key(machine)) == len(keys.downlink_key(machine)) == 16
    assert len(keys.one_time_access_key(machine, UID)) == len(keys.batch_access_key(machine, UID)) == 6
    assert len(keys.one_time_tag(machine, UID, 1, 1)) == len(keys.burn_mark(machine, UID, 1, 1)) == 16


def test_scalars_are_valid() -> None:
    for white_id in range(20):
        assert 0 < int.from_bytes(keys.white_scalar(MASTER_SECRET, white_id), "big") < keys.P256_ORDER


def test_sealed_batch_key_is_bound_to_machine_and_certificate() -> None:
    machine = keys.machine_key(MASTER_SECRET, 1, 1)
    batch_key = keys.batch_key(MASTER_SECRET, 1)
    sealed = keys.seal_batch_key(machine, b"certificate", batch_key)
    assert len(sealed) == 40
    assert keys.open_batch_key(machine, b"certificate", sealed) == batch_key
    other = keys.machine_key(MASTER_SECRET, 1, 2)
    assert error_code(keys.open_batch_key, other, b"certificate", sealed) == "bad_tag"
    assert error_code(keys.open_batch_key, machine, b"Certificate", sealed) == "bad_tag"
    assert error_code(keys.open_batch_key, machine, b"certificate", sealed[1:]) == "malformed"
    assert error_code(keys.seal_batch_key, machine, b"certificate", b"short") == "bad_key"


def test_bounds() -> None:
    assert error_code(keys.machine_key, b"short", 1, 1) == "bad_key"
    assert error_code(keys.machine_key, MASTER_SECRET, 1 << 32, 1) == "out_of_range"
    assert error_code(keys.machine_key, MASTER_SECRET, -1, 1) == "out_of_range"
    assert error_code(keys.one_time_tag, MASTER_SECRET, b"\1\2\3", 1, 1) == "malformed"
