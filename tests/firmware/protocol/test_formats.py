"""Our own formats never change: the code still makes, and still reads, the bytes that were stored."""

from protocol import uplink
from protocol.journal import Entry
from protocol.provisioning import ProvisioningMessage
from protocol.records import BatchRecord, MasterRecord, OneTimeRecord, WhiteRecord

from tests.firmware.protocol import samples
from tests.firmware.protocol.support import unhex, vectors


def test_code_still_makes_the_stored_bytes() -> None:
    stored = {vector["name"]: vector["hex"] for vector in vectors("formats.json")}
    built = samples.build()
    for name in built:
        assert stored.get(name) == built[name], name
    assert len(stored) == len(built), "a stored format that nothing makes any more"


def test_code_still_reads_the_stored_bytes() -> None:
    stored = {vector["name"]: unhex(vector["hex"]) for vector in vectors("formats.json")}
    for name, kind in (
        ("records.master", MasterRecord),
        ("records.white", WhiteRecord),
        ("records.batch", BatchRecord),
        ("records.one_time", OneTimeRecord),
        ("journal.entry", Entry),
        ("provisioning.message", ProvisioningMessage),
    ):
        assert kind.decode(stored[name]).encode() == stored[name], name
    assert uplink.decode_report(stored["uplink.report_day"]).entries == samples.exams(20)
    assert uplink.decode_report(stored["uplink.report_mixed"]).entries == samples.mixed_entries()
    assert uplink.open_report(samples.MACHINE_KEY, stored["uplink.sealed_report_day"]).machine_id == samples.MACHINE
    ack = uplink.open_ack(samples.MACHINE_KEY, stored["uplink.sealed_report_day"], stored["uplink.sealed_ack"])
    assert ack.ack_seq == 38
    assert [command.args for command in ack.commands] == [command.args for command in samples.ack().commands]
