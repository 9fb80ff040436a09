"""Damaged input ends in a ProtocolError or in a value, never in anything else. Seeded."""

from protocol import cbor, classic, cose, entries, entries_reader, hostlink, p256, records, uplink
from protocol.errors import ProtocolError
from protocol.journal import Entry
from protocol.provisioning import ProvisioningMessage
from protocol.records import BatchRecord, MasterRecord, OneTimeRecord, WhiteRecord

from tests.firmware.protocol import samples
from tests.firmware.protocol.support import Source, altered, unhex, vectors

ROUNDS = 150


def examples() -> dict[str, bytes]:
    return {vector["name"]: unhex(vector["hex"]) for vector in vectors("formats.json")}


def shake(seed: int, function: object, data: bytes, rounds: int = ROUNDS) -> None:
    source = Source(seed)
    for number in range(rounds):
        wrong = altered(source, data) if number % 5 else source.bytes_(source.below(80))
        try:
            function(wrong)  # type: ignore[operator]
        except ProtocolError:
            continue
        except Exception as error:  # noqa: BLE001 (what the test looks for is any other exception)
            raise AssertionError(repr(error) + " from " + wrong.hex()) from None


def test_records() -> None:
    stored = examples()
    for name, function in (
        ("records.master", MasterRecord.decode),
        ("records.white", WhiteRecord.decode),
        ("records.batch", BatchRecord.decode),
        ("records.one_time", OneTimeRecord.decode),
        ("records.one_time", records.header),
        ("journal.entry", Entry.decode),
    ):
        shake(11, function, stored[name])


def test_messages() -> None:
    stored = examples()
    day, mixed = stored["uplink.report_day"], stored["uplink.report_mixed"]
    shake(12, cbor.decode, stored["uplink.ack"])
    shake(13, uplink.decode_report, mixed)
    shake(14, uplink.decode_ack, stored["uplink.ack"])
    shake(15, lambda data: uplink.open_report(samples.MACHINE_KEY, data), stored["uplink.sealed_report_day"])
    shake(16, cose.header, stored["uplink.sealed_report_day"])
    shake(17, uplink.machine_of, stored["uplink.sealed_report_day"])
    shake(18, ProvisioningMessage.decode, stored["provisioning.message"])
    shake(19, lambda data: entries_reader.decode(data, 1), entries.encode(samples.mixed_entries()))
    shake(20, lambda data: entries_reader.decode(data, 1), entries.encode(samples.exams(20)))
    shake(21, uplink.decode_report, day)


def test_answers() -> None:
    stored = examples()
    request = stored["uplink.sealed_report_day"]
    shake(22, lambda data: uplink.open_ack(samples.MACHINE_KEY, request, data), stored["uplink.sealed_ack"])


def test_lines() -> None:
    message = hostlink.failure(3, hostlink.REFUSED, "used", 'a "text" \\ 可以 \u0007', {"credit": -7, "left": [1, {}]})
    shake(23, hostlink.decode, hostlink.encode(message), 400)
    shake(24, hostlink.decode, hostlink.encode(message, False), 400)
    shake(25, lambda data: hostlink.decode(data, True), hostlink.encode(message))
    shake(
        26,
        lambda data: hostlink.read_request(hostlink.decode(data)),
        b'{"id":1,"method":"a","params":{"b":[true]}}',
        400,
    )


def test_classic() -> None:
    shake(27, classic.decode_access, classic.encode_access(classic.FACTORY_ACCESS))
    shake(28, lambda data: classic.next_credit(data, data), classic.draw_block(77))


def test_signatures() -> None:
    certificate = samples.white_certificate()
    body, key = certificate.body(), samples.AUTHORITY_KEY
    shake(29, lambda data: p256.verify(key, body, data), certificate.signature, 20)
    shake(30, lambda data: p256.verify(data, body, certificate.signature), key, 20)
