"""Whatever arrives, a decoder ends in a value or in a ProtocolError; and what was encoded comes back."""

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from protocol import (
    bits,
    cbor,
    chain,
    classic,
    cose,
    entries,
    entries_reader,
    hostlink,
    keys,
    mailbox,
    orders,
    p256,
    p256_portable,
    records,
    uplink,
)
from protocol.bit_reader import BitReader
from protocol.errors import ProtocolError
from protocol.journal import Entry
from protocol.provisioning import ProvisioningMessage
from protocol.records import (
    BatchCertificate,
    BatchRecord,
    MasterRecord,
    OneTimeRecord,
    ServiceRecord,
    WhiteCertificate,
    WhiteRecord,
)

from tests.firmware.protocol import samples

settings.register_profile(
    "protocol", deadline=None, max_examples=200, derandomize=True, suppress_health_check=list(HealthCheck)
)
settings.load_profile("protocol")

U32 = st.integers(0, 0xFFFFFFFF)
STORED = {name: bytes.fromhex(text) for name, text in samples.build().items()}
REQUEST = STORED["uplink.sealed_report_day"]


def contained(decoder: Callable[..., object], *arguments: object) -> str | None:
    """The code of the error, or None; any other exception is the test's failure."""
    try:
        decoder(*arguments)
    except ProtocolError as error:
        return error.code
    except Exception as error:
        raise AssertionError(f"{decoder.__qualname__} crashed") from error
    return None


@st.composite
def damaged(draw: st.DrawFn, original: bytes) -> bytes:
    """A valid message with a few bytes replaced, cut out or put in: gets deeper into a decoder than noise does."""
    data = bytearray(original)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 4)))
        data[start:end] = draw(st.binary(max_size=4))
    return bytes(data)


def noise_or_damaged(name: str) -> st.SearchStrategy[bytes]:
    return st.one_of(st.binary(max_size=400), damaged(STORED[name]))


CBOR_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 64), (1 << 64) - 1) | st.binary(max_size=40) | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(-100, 100) | st.text(max_size=5) | st.binary(max_size=5), inner, max_size=4)
        | st.builds(cbor.Tag, st.integers(0, (1 << 64) - 1), inner)
    ),
    max_leaves=12,
)
ENTRIES = st.lists(
    st.builds(
        Entry,
        st.just(0),
        st.sampled_from([2, 3, 4, 5, 2, 3, 4, 5, 1, 9, 255]),
        st.one_of(U32, st.integers(1_796_000_000, 1_796_010_000)),
        st.sampled_from([0, 1, 2, 2, 2]),
        st.one_of(U32, st.sampled_from([0, 5])),
        st.one_of(U32, st.integers(1100, 1104)),
        st.one_of(st.just(b""), st.binary(max_size=16)),
    ),
    max_size=30,
)


@given(noise_or_damaged("records.batch"))
def test_card_records(data: bytes) -> None:
    for decoder in (MasterRecord.decode, WhiteRecord.decode, BatchRecord.decode, OneTimeRecord.decode, records.header):
        contained(decoder, data)


@given(noise_or_damaged("records.master"), noise_or_damaged("records.white"), noise_or_damaged("records.one_time"))
def test_each_card_record(master: bytes, white: bytes, one_time: bytes) -> None:
    contained(MasterRecord.decode, master)
    contained(WhiteRecord.decode, white)
    contained(OneTimeRecord.decode, one_time)


@settings(max_examples=60)
@given(noise_or_damaged("records.batch"), st.none() | U32)
def test_a_batch_card_from_reading_to_its_key(data: bytes, now: int | None) -> None:
    code = contained(BatchRecord.decode, data)
    if code is None:
        record = BatchRecord.decode(data)
        parties = (samples.INSTITUTION, samples.MACHINE, samples.EPOCH)
        code = contained(chain.verify_batch, record, samples.AUTHORITY_KEY, now, *parties)
        sealed = record.machine_sealed
        contained(keys.open_batch_key, samples.MACHINE_KEY, record.batch.body(), sealed)
        if code is None:
            assert record.batch == samples.batch_certificate(), "an altered certificate passed"


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_certificates(white: bytes, batch: bytes) -> None:
    contained(WhiteCertificate.decode, white)
    contained(BatchCertificate.decode, batch)


@given(noise_or_damaged("journal.entry"))
def test_journal_entries(data: bytes) -> None:
    contained(Entry.decode, data)


@given(noise_or_damaged("uplink.ack"))
def test_cbor(data: bytes) -> None:
    contained(cbor.decode, data)


@given(st.binary(max_size=64))
def test_what_cbor_accepts_it_would_write(data: bytes) -> None:
    try:
        value = cbor.decode(data)
    except ProtocolError:
        return
    assert cbor.encode(value) == data


@given(CBOR_VALUES)
def test_cbor_round_trip(value: object) -> None:
    code = contained(cbor.encode, value)
    assert code in (None, "too_long")
    if code is None:
        assert cbor.decode(cbor.encode(value)) == value


@given(noise_or_damaged("uplink.sealed_report_day"))
def test_envelopes(data: bytes) -> None:
    contained(cose.header, data)
    contained(cose.open_, b"k" * 16, data)
    contained(uplink.machine_of, data)
    contained(uplink.open_report, samples.MACHINE_KEY, data)
    contained(uplink.seal_ack, samples.MACHINE_KEY, data, samples.ack())


@given(noise_or_damaged("uplink.sealed_ack"))
def test_answers(data: bytes) -> None:
    contained(uplink.open_ack, samples.MACHINE_KEY, REQUEST, data)


@given(noise_or_damaged("uplink.sealed_push"))
def test_pushes(data: bytes) -> None:
    contained(uplink.open_push, samples.MACHINE_KEY, data)


@given(noise_or_damaged("uplink.push"))
def test_push_payloads(data: bytes) -> None:
    code = contained(uplink.decode_ack, data)
    if code is None:
        for command in uplink.decode_ack(data).commands:
            contained(orders.read, samples.MACHINE, samples.EPOCH, command)


@given(st.lists(CBOR_VALUES, max_size=4), st.integers(0, 255))
def test_orders_of_any_shape(arguments: list[object], kind: int) -> None:
    command = uplink.Command(1, kind, arguments)
    code = contained(orders.read, samples.MACHINE, samples.EPOCH, command)
    if code is None:
        found = orders.read(samples.MACHINE, samples.EPOCH, command)
        assert contained(orders.verify, samples.AUTHORITY_KEY, found) == "bad_signature"


@given(noise_or_damaged("mailbox.store"))
def test_stores_of_service_cards(data: bytes) -> None:
    found = mailbox.frames(data)
    places = [frame.place() for frame in found]
    assert sum(units for _, units in places) * mailbox.UNIT_BYTES <= len(data)
    assert all(units > 0 for _, units in mailbox.gaps(len(data), places))


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=90), st.integers(0, 0xFFFFFFFF)), max_size=9))
def test_stores_round_trip(letters: list[tuple[bytes, int]]) -> None:
    store = bytearray(classic.STORE_BYTES)
    places: list[tuple[int, int]] = []
    for message, machine_id in letters:
        unit = mailbox.place(len(store), places, len(message))
        if unit is None:
            continue
        frame = mailbox.encode(mailbox.UP, machine_id, message)
        store[unit * mailbox.UNIT_BYTES : unit * mailbox.UNIT_BYTES + len(frame)] = frame
        places.append((unit, mailbox.units_of(len(message))))
    assert [(frame.unit, frame.units) for frame in mailbox.frames(bytes(store))] == sorted(places)


@given(noise_or_damaged("records.service"))
def test_service_records(data: bytes) -> None:
    contained(ServiceRecord.decode, data)


@given(noise_or_damaged("uplink.report_mixed"))
def test_report_payloads(data: bytes) -> None:
    contained(uplink.decode_report, data)


@given(noise_or_damaged("uplink.ack"))
def test_ack_payloads(data: bytes) -> None:
    contained(uplink.decode_ack, data)


@given(CBOR_VALUES)
def test_payloads_of_any_shape(value: object) -> None:
    try:
        data = cbor.encode([1, value, bytes(16), b"", value])
    except ProtocolError:
        return
    contained(uplink.decode_report, data)
    contained(uplink.decode_ack, data)
    contained(ProvisioningMessage.decode, data)


@given(st.one_of(st.binary(max_size=200), damaged(entries.encode(samples.mixed_entries()))), U32)
def test_entry_streams(data: bytes, first_seq: int) -> None:
    contained(entries_reader.decode, data, first_seq)


@given(ENTRIES, st.integers(0, 0xFFFFFF00))
def test_entries_are_lossless(found: list[Entry], first_seq: int) -> None:
    for index, entry in enumerate(found):
        entry.seq = first_seq + index
    assert entries_reader.decode(entries.encode(found), first_seq) == found


@given(st.lists(st.tuples(U32, st.integers(0, 15)), max_size=20))
def test_bit_codes_round_trip(values: list[tuple[int, int]]) -> None:
    writer = bits.BitWriter()
    for value, order in values:
        writer.golomb(value, order)
        writer.rice(value, order)
        writer.number(value)
    reader = BitReader(writer.bytes_())
    for value, order in values:
        assert (reader.golomb(order), reader.rice(order), reader.number()) == (value, value, value)
    reader.finish()


@given(noise_or_damaged("provisioning.message"))
def test_provisioning(data: bytes) -> None:
    contained(ProvisioningMessage.decode, data)


FAILURE = hostlink.failure(1, hostlink.REFUSED, "used", 'a "text" \\ \u53ef \U0001f600', {"left": [1, {}]})
LINE = hostlink.encode(FAILURE)


@given(st.one_of(st.binary(max_size=400), damaged(LINE), damaged(LINE[:-6])), st.booleans())
def test_host_link_lines(line: bytes, require_checksum: bool) -> None:
    contained(hostlink.decode, line, require_checksum)


@given(st.text(alphabet='{}[]":,0123456789eE.+-*\\unltrfasNaIy \ud800\u00e9', max_size=80))
def test_host_link_lines_of_json_pieces(text: str) -> None:
    contained(hostlink.decode, text.encode("utf-8", "surrogatepass"))
    contained(hostlink.encode, {"a": text})


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 62), 1 << 62) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc"), inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.text("abcdef", max_size=8), JSON_VALUES, max_size=4), st.booleans())
def test_host_link_round_trip(message: dict[str, object], checksum: bool) -> None:
    code = contained(hostlink.encode, message, checksum)
    assert code in (None, "too_long")
    if code is None:
        assert hostlink.decode(hostlink.encode(message, checksum), checksum) == message


@given(st.dictionaries(st.sampled_from(["id", "method", "params", "jsonrpc"]), JSON_VALUES, max_size=4))
def test_host_link_requests(message: dict[str, object]) -> None:
    contained(hostlink.read_request, message)


@given(st.binary(max_size=70), st.binary(max_size=70))
def test_signatures(key: bytes, signature: bytes) -> None:
    contained(p256.verify, key, b"message", signature)
    if len(key) == 64 and len(signature) == 64:
        contained(p256_portable.verify, key, b"message", signature)


@settings(max_examples=40)
@given(damaged(samples.AUTHORITY_KEY), damaged(samples.white_certificate().signature))
def test_damaged_signatures(key: bytes, signature: bytes) -> None:
    contained(p256.verify, key, b"message", signature)
    contained(p256.verify, samples.AUTHORITY_KEY, b"message", signature)
    if len(signature) == 64:
        contained(p256_portable.verify, samples.AUTHORITY_KEY, b"message", signature)


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_classic(first: bytes, second: bytes) -> None:
    contained(classic.decode_access, first)
    contained(classic.next_credit, first, second)
    assert classic.draw_target(first, second) in classic.WHITE_DRAW_BLOCKS
