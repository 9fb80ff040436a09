"""Card records: what was encoded is decoded, and everything else is refused with its code."""

from protocol import records
from protocol.records import BatchCertificate, BatchRecord, MasterRecord, OneTimeRecord, WhiteCertificate, WhiteRecord

from tests.firmware.protocol import samples
from tests.firmware.protocol.support import error_code

MASTER = MasterRecord(9, bytes(range(64)), b"sealed")


def all_records() -> list:  # type: ignore[type-arg]
    return [
        MASTER,
        WhiteRecord(samples.white_certificate(), b"sealed"),
        samples.batch_record(),
        samples.one_time_record(),
    ]


def test_round_trip() -> None:
    for record in all_records():
        data = record.encode()
        assert type(record).decode(data) == record
        assert records.header(data) == (record.KIND, len(data))
        assert records.header(data[:6]) == (record.KIND, len(data))


def test_each_kind_refuses_the_others() -> None:
    for record in all_records():
        for kind in (MasterRecord, WhiteRecord, BatchRecord, OneTimeRecord):
            if kind is not type(record):
                assert error_code(kind.decode, record.encode()) == "unknown_kind"


def test_every_cut_is_refused() -> None:
    for record in all_records():
        data = record.encode()
        for length in range(len(data)):
            assert error_code(type(record).decode, data[:length]) == "malformed"
        assert error_code(type(record).decode, data + b"\0") == "malformed"


def test_header() -> None:
    data = MASTER.encode()
    assert error_code(records.header, b"XS" + data[2:]) == "malformed"
    assert error_code(records.header, bytes(16)) == "malformed"
    assert error_code(records.header, b"PS\2" + data[3:]) == "unknown_version"
    assert error_code(records.header, b"PS\1\6" + data[4:]) == "unknown_kind"
    assert error_code(records.header, b"PS\1\1\xff\xff") == "too_long"
    assert error_code(records.header, b"PS\1\1\0\5") == "malformed"


def test_length_without_the_fields() -> None:
    assert error_code(OneTimeRecord.decode, b"PS\1\4\0\6") == "malformed"
    assert error_code(OneTimeRecord.decode, b"PS\1\4\0\x1f" + bytes(25)) == "malformed"


def test_fields_are_bounded() -> None:
    assert error_code(MasterRecord(1 << 32, bytes(64), b"").encode) == "out_of_range"
    assert error_code(MasterRecord(-1, bytes(64), b"").encode) == "out_of_range"
    assert error_code(MasterRecord(1, bytes(63), b"").encode) == "malformed"
    assert error_code(MasterRecord(1, bytes(64), bytes(257)).encode) == "too_long"
    assert error_code(OneTimeRecord("1", 1, bytes(16)).encode) == "malformed"  # type: ignore[arg-type]
    batch = samples.batch_record()
    batch.machine_sealed = bytes(39)
    assert error_code(batch.encode) == "malformed"


def test_certificates_alone() -> None:
    white, batch = samples.white_certificate(), samples.batch_certificate()
    assert WhiteCertificate.decode(white.encode()) == white
    assert BatchCertificate.decode(batch.encode()) == batch
    assert error_code(WhiteCertificate.decode, batch.encode()) == "malformed"
    assert white.body()[:4] == b"PS\1\2"
    assert batch.body()[:4] == b"PS\1\3"
    assert white.body()[4:] == white.encode()[:-64]


def test_first_block_of_a_batch_names_the_batch() -> None:
    assert samples.batch_record().encode()[6:10] == bytes([0, 0, 0, samples.BATCH_ID])
