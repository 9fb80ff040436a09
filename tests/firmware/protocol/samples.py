"""One example of each of our own formats, made by the code from fixed values; vectors/formats.json keeps the bytes."""

from protocol import classic, journal, keys, mailbox, orders, uplink
from protocol.journal import Entry
from protocol.provisioning import ProvisioningMessage
from protocol.records import (
    BATCH,
    MASTER,
    ONE_TIME,
    SERVICE,
    WHITE,
    BatchCertificate,
    BatchRecord,
    MasterRecord,
    OneTimeRecord,
    ServiceRecord,
    WhiteCertificate,
    WhiteRecord,
)

from tests.firmware.protocol.support import MASTER_SECRET, public_key, sign

MACHINE = 7
EPOCH = 2
INSTITUTION = 31
WHITE_ID = 3
BATCH_ID = 5
UID = b"\x04\xa1\xb2\xc3"
NOON = 1796040000

AUTHORITY_SCALAR = keys.authority_scalar(MASTER_SECRET)
AUTHORITY_KEY = public_key(AUTHORITY_SCALAR)
WHITE_SCALAR = keys.white_scalar(MASTER_SECRET, WHITE_ID)
MACHINE_KEY = keys.machine_key(MASTER_SECRET, MACHINE, EPOCH)
INSTITUTION_KEY = keys.institution_key(MASTER_SECRET, INSTITUTION)
BATCH_KEY = keys.batch_key(WHITE_SCALAR, BATCH_ID)


def white_certificate() -> WhiteCertificate:
    certificate = WhiteCertificate(WHITE_ID, 1000, 500, NOON + 86400 * 365, public_key(WHITE_SCALAR))
    certificate.signature = sign(AUTHORITY_SCALAR, certificate.body())
    return certificate


def batch_certificate() -> BatchCertificate:
    certificate = BatchCertificate(BATCH_ID, WHITE_ID, INSTITUTION, 1, 1100, 50, MACHINE, EPOCH, NOON + 86400 * 200)
    certificate.signature = sign(WHITE_SCALAR, certificate.body())
    return certificate


def batch_record() -> BatchRecord:
    batch = batch_certificate()
    sealed = keys.seal_batch_key(MACHINE_KEY, batch.body(), BATCH_KEY)
    return BatchRecord(white_certificate(), batch, sealed, bytes(range(48)))


def one_time_record() -> OneTimeRecord:
    return OneTimeRecord(BATCH_ID, 1100, keys.one_time_tag(BATCH_KEY, UID, BATCH_ID, 1100))


def exams(
    count: int,
    first_seq: int = 20,
    credit: int = 1100,
    time: int = NOON,
    batch: int = BATCH_ID,
    clock: int = journal.CLOCK_TRUSTED,
) -> list[Entry]:
    """The journal of an ordinary day: minutes between the exams, seconds between a card and its start."""
    entries: list[Entry] = []
    for index in range(count):
        time += 240 + 77 * index % 900
        delays = (0, index % 3 // 2, index % 5 // 4, 180 + 53 * index % 400)
        for kind, delay in zip((journal.INTENT, journal.DEBIT, journal.STARTED, journal.ENDED), delays):  # noqa: B905
            time += delay
            entries.append(Entry(first_seq + len(entries), kind, time, clock, batch, credit + index))
    return entries


def mixed_entries() -> list[Entry]:
    """Every kind of entry, clocks that change, a time that goes back, batches that take turns."""
    entries = [
        Entry(1, journal.PROVISIONED, 0, journal.CLOCK_NONE, 0, 0, b"\0\0\0\2"),
        Entry(2, journal.BOOT, 0, journal.CLOCK_NONE, 0, 0, b"\1"),
        Entry(3, journal.CLOCK, NOON, journal.CLOCK_TRUSTED, 0, 0, b"\0\0\0\0"),
        Entry(4, journal.BATCH, NOON + 60, journal.CLOCK_TRUSTED, BATCH_ID, 1100),
    ]
    entries += exams(3, 5)
    entries += [
        Entry(17, journal.REFUSED, NOON - 4000, journal.CLOCK_TRUSTED, BATCH_ID, 1101, b"\1" + UID),
        Entry(18, journal.INTENT, NOON + 5000, journal.CLOCK_TRUSTED, BATCH_ID, 1103),
        Entry(19, journal.ABANDONED, NOON + 5090, journal.CLOCK_TRUSTED, BATCH_ID, 1103),
    ]
    entries += exams(2, 20, 1120, NOON + 6000)
    entries += exams(1, 28, 77, NOON + 9000, 6)
    entries += exams(1, 32, 1124, NOON + 12000)[:3]
    entries += [
        Entry(35, journal.FAULT, NOON + 12010, journal.CLOCK_TRUSTED, 0, 0, b"reader"),
        Entry(36, journal.ENDED, NOON + 12600, journal.CLOCK_TRUSTED, BATCH_ID, 1124),
        Entry(37, journal.COMMAND, 0xFFFFFFFF, journal.CLOCK_HINT, 0, 0, b"\0\0\0\x09\5"),
        Entry(38, 200, 0, journal.CLOCK_NONE, 0xFFFFFFFF, 0xFFFFFFFF, bytes(16)),
    ]
    return entries


def report(entries: list[Entry], health: dict[int, object] | None = None) -> uplink.Report:
    journal_key = keys.journal_key(MACHINE_KEY)
    mac = previous = journal.genesis_mac(journal_key)
    for entry in entries:
        mac = journal.chain_mac(journal_key, mac, entry.encode())
    first_seq = entries[0].seq if entries else 1
    return uplink.Report(MACHINE, first_seq, previous, entries, mac, health)


def ack() -> uplink.Ack:
    commands = [
        uplink.Command(9, uplink.LOCK, ["Call the service"]),
        uplink.Command(10, uplink.REVOKE_CREDIT, [BATCH_ID, 1140]),
        uplink.Command(11, uplink.SETTINGS, [{"language": "zh"}]),
    ]
    return uplink.Ack(38, NOON + 13000, commands, uplink.ALERT_NONE)


def order(number: int = NOON + 13000, text: str = "Call us") -> orders.Order:
    signed = orders.Order(MACHINE, EPOCH, uplink.LOCK, number, text)
    signed.signature = sign(AUTHORITY_SCALAR, signed.body())
    return signed


def push(order_number: int = NOON + 13000) -> uplink.Ack:
    """With the answer's last member, which came later than the others."""
    lock = uplink.Command(12, uplink.LOCK, order(order_number).arguments())
    return uplink.Ack(38, NOON + 13000, [lock], uplink.ALERT_NONE, bytes(range(8)))


def store() -> bytes:
    """A small store: a report, a free unit, a push, and what a torn write left."""
    request = uplink.seal_report(MACHINE_KEY, report(exams(5)))
    frames = mailbox.encode(mailbox.UP, MACHINE, request) + bytes(mailbox.UNIT_BYTES)
    frames += mailbox.encode(mailbox.PUSH, MACHINE, uplink.seal_push(MACHINE_KEY, push(), 3))
    return frames + mailbox.encode(mailbox.UP, MACHINE, request)[: -mailbox.UNIT_BYTES] + bytes(32)


def provisioning_message() -> ProvisioningMessage:
    settings: dict[str, object] = {"server": "perscan.example", "port": 8443, "language": "en", "require_client": False}
    return ProvisioningMessage(
        bytes(range(16)), "swipe", MACHINE, EPOCH, INSTITUTION, AUTHORITY_KEY, MACHINE_KEY, INSTITUTION_KEY, settings
    )


def build() -> dict[str, str]:
    """Every example by name, as hexadecimal text."""
    examples: dict[str, bytes] = {}
    for part in (_keys(), _records(), _classic(), _journal(), _messages()):
        examples.update(part)
    return {name: value.hex() for name, value in examples.items()}


def _keys() -> dict[str, bytes]:
    return {
        "keys.authority_scalar": AUTHORITY_SCALAR,
        "keys.white_scalar": WHITE_SCALAR,
        "keys.machine_key": MACHINE_KEY,
        "keys.institution_key": INSTITUTION_KEY,
        "keys.uplink_key": keys.uplink_key(MACHINE_KEY),
        "keys.downlink_key": keys.downlink_key(MACHINE_KEY),
        "keys.nonce_key": keys.nonce_key(MACHINE_KEY),
        "keys.journal_key": keys.journal_key(MACHINE_KEY),
        "keys.batch_key": BATCH_KEY,
        "keys.seal_batch_key": keys.seal_batch_key(MACHINE_KEY, batch_certificate().body(), BATCH_KEY),
        "keys.one_time_tag": keys.one_time_tag(BATCH_KEY, UID, BATCH_ID, 1100),
        "keys.one_time_access_key": keys.one_time_access_key(BATCH_KEY, UID),
        "keys.batch_access_key": keys.batch_access_key(INSTITUTION_KEY, UID),
        "keys.burn_mark": keys.burn_mark(BATCH_KEY, UID, MACHINE, 1100),
    }


def _records() -> dict[str, bytes]:
    return {
        "records.master": MasterRecord(1, AUTHORITY_KEY, bytes(range(60))).encode(),
        "records.white_body": white_certificate().body(),
        "records.white": WhiteRecord(white_certificate(), bytes(range(48))).encode(),
        "records.batch_body": batch_certificate().body(),
        "records.batch": batch_record().encode(),
        "records.one_time": one_time_record().encode(),
        "records.service": ServiceRecord(classic.STORE_BYTES).encode(),
    }


def _classic() -> dict[str, bytes]:
    read_key, write_key = b"readme", b"writer"
    examples = {"classic.factory_trailer": classic.factory_trailer(), "classic.draw_block": classic.draw_block(1150)}
    for name, kind in (("master", MASTER), ("white", WHITE), ("batch", BATCH), ("one_time", ONE_TIME)):
        examples["classic.trailer_" + name] = classic.trailer(kind, 1, read_key, write_key)
    for name, sector in (("service", 1), ("service_store", 2)):
        keys_of_it = (classic.SERVICE_KEY, classic.SERVICE_KEY)
        examples["classic.trailer_" + name] = classic.trailer(SERVICE, sector, *keys_of_it)
    examples["classic.trailer_batch_state"] = classic.trailer(BATCH, 15, read_key, write_key)
    examples["classic.trailer_white_state"] = classic.trailer(WHITE, 15, read_key, write_key)
    for name, kind, record in (
        ("batch", BATCH, batch_record().encode()),
        ("one_time", ONE_TIME, one_time_record().encode()),
    ):
        blocks = classic.blocks_for(kind, record)
        examples["classic.blocks_" + name] = b"".join([bytes([block]) + data for block, data in blocks])
    return examples


def _journal() -> dict[str, bytes]:
    journal_key = keys.journal_key(MACHINE_KEY)
    genesis = journal.genesis_mac(journal_key)
    entry = Entry(1, journal.REFUSED, NOON, journal.CLOCK_TRUSTED, BATCH_ID, 1100, b"\1" + UID).encode()
    return {
        "journal.entry": entry,
        "journal.genesis_mac": genesis,
        "journal.chain_mac": journal.chain_mac(journal_key, genesis, entry),
    }


def _messages() -> dict[str, bytes]:
    health: dict[int, object] = {uplink.HEALTH_UPTIME_S: 3600, uplink.HEALTH_FIRMWARE: "0.1.0"}
    day = report(exams(20))
    request = uplink.seal_report(MACHINE_KEY, day)
    return {
        "uplink.report_day": uplink.encode_report(day),
        "uplink.report_mixed": uplink.encode_report(report(mixed_entries(), health)),
        "uplink.report_empty": uplink.encode_report(report([])),
        "uplink.sealed_report_day": request,
        "uplink.ack": uplink.encode_ack(ack()),
        "uplink.sealed_ack": uplink.seal_ack(MACHINE_KEY, request, ack()),
        "orders.body": order().body(),
        "orders.signature": order().signature,
        "uplink.push": uplink.encode_ack(push()),
        "uplink.sealed_push": uplink.seal_push(MACHINE_KEY, push(), 3),
        "mailbox.store": store(),
        "provisioning.message": provisioning_message().encode(),
        "provisioning.body": provisioning_message().body(),
    }
