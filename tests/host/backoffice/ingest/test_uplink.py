"""The uplink: genuine reports count exactly once, everything else gets a clear error."""

import pytest
from fastapi.testclient import TestClient
from protocol import cose, journal, keys, uplink
from protocol.errors import BadTag
from protocol.journal import Entry

from backoffice.context import Context
from backoffice.db import READ, transaction
from backoffice.ingest import repository, store
from backoffice.ingest.incoming import MachineSecrets, open_message
from backoffice.timekeeping.rule import CLOCK_AHEAD_MAX_S, EARLIEST_TIME, Believed
from tests.host.backoffice.machines import BATCH, Machine, add_institution, add_machine, post, provision_again
from tests.host.backoffice.support import NOW


@pytest.fixture
def machine(context: Context) -> Machine:
    return add_machine(context, Machine(), add_institution(context))


def usage(client: TestClient, **wanted: bool | int) -> list[dict[str, object]]:
    items: list[dict[str, object]] = client.get("/api/v1/usage", params=wanted).json()["items"]
    return items


def alerts(client: TestClient) -> dict[str, int]:
    items = client.get("/api/v1/alerts").json()["items"]
    return {item["kind"]: item["count"] for item in items}


def stored(context: Context, machine: Machine) -> dict[int, bytes]:
    with transaction(context.engine, READ) as session:
        return repository.stored_macs(session, machine.machine_id, machine.epoch, 0, 0xFFFFFFFF)


def test_a_report_is_stored_and_acknowledged(administrator: TestClient, context: Context, machine: Machine) -> None:
    machine.write(journal.BOOT)
    machine.exam(500)
    ack = machine.send(administrator)
    assert (ack.ack_seq, ack.server_time, ack.commands, ack.alert) == (5, NOW, [], uplink.ALERT_NONE)
    assert stored(context, machine) == dict(enumerate(machine.macs, 1))
    assert [(row["batch"], row["credit"], row["seq"]) for row in usage(administrator)] == [(BATCH, 500, 3)]
    assert alerts(administrator) == {}


def test_the_same_report_twice_counts_once(administrator: TestClient, machine: Machine) -> None:
    machine.exam(500)
    message = machine.report()
    first, second = post(administrator, message), post(administrator, message)
    assert machine.ack(message, first).ack_seq == machine.ack(message, second).ack_seq == 4
    assert len(usage(administrator)) == 1
    assert alerts(administrator) == {}


def test_overlapping_reports_count_once(administrator: TestClient, machine: Machine) -> None:
    for credit in range(500, 506):
        machine.exam(credit)
    assert machine.send(administrator, 1, 10).ack_seq == 10
    assert machine.send(administrator, 5, 17).ack_seq == 17
    assert machine.send(administrator, 1, 24).ack_seq == 24
    assert sorted(int(str(row["credit"])) for row in usage(administrator)) == list(range(500, 506))


def test_an_ack_never_goes_beyond_the_report(administrator: TestClient, machine: Machine) -> None:
    for credit in range(500, 505):
        machine.exam(credit)
    assert machine.send(administrator).ack_seq == 20
    assert machine.send(administrator, 3, 7).ack_seq == 7


def test_a_report_without_entries_says_that_the_machine_lives(administrator: TestClient, machine: Machine) -> None:
    machine.exam(500)
    machine.send(administrator)
    health: dict[int, object] = {
        uplink.HEALTH_UPTIME_S: 60,
        uplink.HEALTH_CLOCK: NOW,
        uplink.HEALTH_FIRMWARE: "0.1.0",
        uplink.HEALTH_READER_VERSION: 0x92,
    }
    assert machine.send(administrator, 5, 4, health).ack_seq == 4
    read = administrator.get("/api/v1/machines/1").json()
    assert (read["last_seen_at"], read["firmware"], read["reader_healthy"]) == (NOW, "0.1.0", True)


@pytest.mark.parametrize("position", [0, 9, 30, -1])
def test_an_altered_report_is_refused(
    administrator: TestClient, context: Context, machine: Machine, position: int
) -> None:
    machine.exam(500)
    message = bytearray(machine.report())
    message[position] ^= 1
    answer = post(administrator, bytes(message))
    assert answer.status_code in (400, 403, 404)
    assert answer.json()["error"]["code"].startswith("uplink_")
    assert stored(context, machine) == {}


def test_a_report_in_the_name_of_another_machine_is_refused(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    other = add_machine(context, Machine(machine_id=2, key=b"o" * 32), 1)
    machine.exam(500)
    forged = machine.copy()
    forged.machine_id = other.machine_id
    answer = post(administrator, forged.report())
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "uplink_not_authentic")
    assert stored(context, other) == {}


def test_an_unknown_machine_is_refused(administrator: TestClient) -> None:
    stranger = Machine(machine_id=99)
    stranger.exam(1)
    answer = post(administrator, stranger.report())
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "uplink_unknown_machine")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "uplink_malformed"),
        (b"\x00", "uplink_malformed"),
        (b"garbage that is no CBOR at all", "uplink_malformed"),
        (b"\xd0\x83", "uplink_malformed"),
        (b"\xff" * 2000, "uplink_malformed"),
        (b"{" * (uplink.MAX_MESSAGE_BYTES + 1), "too_large"),
    ],
)
def test_garbage_gets_a_coded_error(visitor: TestClient, body: bytes, code: str) -> None:
    answer = post(visitor, body)
    assert answer.json()["error"]["code"] == code


def test_an_authentic_report_with_a_malformed_payload_is_refused(visitor: TestClient, machine: Machine) -> None:
    payload = b"\x81\x01"
    message = cose.seal(keys.uplink_key(machine.key), b"\0\0\0\1", b"i" * cose.IV_BYTES, payload)
    assert post(visitor, message).json()["error"]["code"] == "uplink_malformed"


def test_a_genuine_report_that_does_not_chain_is_an_alarm(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    machine.exam(500)
    machine.entries[1] = Entry(2, journal.DEBIT, machine.time, 2, BATCH, 501)
    answer = post(administrator, machine.report())
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "uplink_chain_broken")
    assert stored(context, machine) == {}
    assert alerts(administrator) == {"chain_broken": 1}


def test_a_gap_is_told_and_closes_itself(administrator: TestClient, machine: Machine) -> None:
    for credit in range(500, 505):
        machine.exam(credit)
    machine.send(administrator, 1, 4)
    ack = machine.send(administrator, 9, 20)
    assert (ack.ack_seq, ack.alert) == (4, uplink.ALERT_GAP)
    assert alerts(administrator) == {"gap": 1}
    state = administrator.get("/api/v1/machines/1/journal-state").json()
    assert (state[0]["missing"], state[0]["forked"]) == ([[5, 8]], False)
    ack = machine.send(administrator, 5, 8)
    assert (ack.ack_seq, ack.alert) == (8, uplink.ALERT_NONE)
    assert alerts(administrator) == {}
    assert machine.send(administrator, 9, 20).ack_seq == 20
    assert len(usage(administrator)) == 5


def test_a_gap_that_will_never_close_can_be_accepted(administrator: TestClient, machine: Machine) -> None:
    for credit in range(500, 505):
        machine.exam(credit)
    machine.send(administrator, 1, 4)
    machine.send(administrator, 9, 20)
    wrong = {"epoch": 1, "first_seq": 5, "last_seq": 9, "reason": "the server was restored from a backup"}
    assert administrator.post("/api/v1/machines/1/accepted-gaps", json=wrong).json()["error"]["code"] == "wrong_state"
    right = {**wrong, "last_seq": 8}
    assert administrator.post("/api/v1/machines/1/accepted-gaps", json=right).json()["contiguous_seq"] == 20
    assert machine.send(administrator, 9, 20).ack_seq == 20
    machine.exam(600)
    assert machine.send(administrator, 21).ack_seq == 24
    assert alerts(administrator) == {}


def test_a_rolled_back_flash_is_a_fork_and_no_exam_is_hidden(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    machine.exam(500)
    image = machine.copy()
    machine.exam(501)
    machine.send(administrator)
    first_history = stored(context, machine)
    image.exam(502)
    ack = image.send(administrator, 5)
    assert (ack.ack_seq, ack.alert) == (8, uplink.ALERT_FORK)
    assert stored(context, machine) == first_history
    assert alerts(administrator) == {"fork": 1}
    assert {(row["credit"], row["disputed"]) for row in usage(administrator)} == {
        (500, False),
        (501, False),
        (502, True),
    }
    image.exam(503)
    ack = image.send(administrator, 9)
    assert (ack.ack_seq, ack.alert) == (12, uplink.ALERT_FORK)
    assert stored(context, machine) == first_history
    assert len(usage(administrator, disputed=True)) == 2
    assert image.send(administrator, 5).ack_seq == 12
    assert len(usage(administrator, disputed=True)) == 2


def test_another_history_with_a_hole_is_not_acknowledged_until_it_is_complete(
    administrator: TestClient, machine: Machine
) -> None:
    machine.exam(500)
    image = machine.copy()
    machine.exam(501)
    machine.exam(502)
    machine.send(administrator)
    for credit in (503, 504, 505):
        image.exam(credit)
    assert image.send(administrator, 9, 12).ack_seq == 0
    assert image.send(administrator, 13, 16).ack_seq == 0
    assert image.send(administrator, 5, 8).ack_seq == 8
    assert image.send(administrator, 9, 16).ack_seq == 16
    assert len(usage(administrator, disputed=True)) == 3


def test_another_history_is_not_joined_to_the_first_where_nothing_connects_them(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    """Its first entries fit into a hole of the first history: that they come before a conflict makes them no part."""
    machine.exam(500)
    image = machine.copy()
    for credit in (501, 502):
        machine.exam(credit)
        image.exam(credit + 10)
    machine.send(administrator, 1, 4)
    machine.send(administrator, 9, 12)
    first_history = stored(context, machine)
    assert image.send(administrator, 7, 10).ack_seq == 0
    assert stored(context, machine) == first_history
    assert machine.send(administrator, 5, 8).ack_seq == 8
    assert stored(context, machine) == dict(enumerate(machine.macs, 1))
    assert machine.send(administrator).ack_seq == 12


def test_another_history_that_is_longer_is_no_gap_in_the_first(administrator: TestClient, machine: Machine) -> None:
    machine.exam(500)
    image = machine.copy()
    machine.write(journal.BOOT)
    machine.send(administrator)
    for credit in (501, 502):
        image.exam(credit)
    assert image.send(administrator, 5, 8).ack_seq == 8
    assert image.send(administrator, 9, 12).ack_seq == 12
    (state,) = administrator.get("/api/v1/machines/1/journal-state").json()
    assert (state["highest_seq"], state["missing"], state["forked"]) == (5, [], True)
    assert set(alerts(administrator)) == {"fork"}


def test_what_begins_after_the_end_of_the_first_history_is_not_its_end(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    """Its number follows and its MAC does not: nobody knows yet where the two part."""
    machine.exam(500)
    image = machine.copy()
    machine.exam(501)
    machine.send(administrator)
    first_history = stored(context, machine)
    image.exam(502)
    image.exam(503)
    ack = image.send(administrator, 9)
    assert (ack.ack_seq, ack.alert) == (0, uplink.ALERT_FORK)
    assert (stored(context, machine), alerts(administrator)) == (first_history, {"fork": 1})
    assert image.send(administrator, 5, 8).ack_seq == 8
    assert image.send(administrator, 9).ack_seq == 12
    assert {row["credit"]: row["disputed"] for row in usage(administrator)} == {
        500: False,
        501: False,
        502: True,
        503: True,
    }


def test_a_third_history_is_not_joined_to_the_second(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    """What is kept of one says nothing of whether the other is complete."""
    machine.exam(500)
    second, third = machine.copy(), machine.copy()
    machine.exam(501)
    machine.send(administrator)
    for image, credit in ((second, 502), (third, 504)):
        image.exam(credit)
        image.exam(credit + 1)
    assert third.send(administrator, 9).ack_seq == 0
    assert second.send(administrator, 5, 8).ack_seq == 8
    assert third.send(administrator, 9).ack_seq == 0
    assert third.send(administrator, 5, 8).ack_seq == 8
    assert third.send(administrator, 9).ack_seq == 12
    assert len(usage(administrator, disputed=True)) == 3


def test_a_report_that_begins_before_the_histories_part_brings_what_is_missing_of_the_first(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    for credit in (500, 501):
        machine.exam(credit)
    image = machine.copy()
    machine.exam(502)
    machine.send(administrator, 5)
    image.exam(503)
    assert image.send(administrator, 4).ack_seq == 0, "nobody has seen the first three of either"
    assert stored(context, machine) == dict(enumerate(machine.macs[3:], 4))
    assert machine.send(administrator, 1, 3).ack_seq == 3
    assert image.send(administrator, 4).ack_seq == 12
    assert stored(context, machine) == dict(enumerate(machine.macs, 1))
    assert set(alerts(administrator)) == {"fork"}
    ack = machine.send(administrator, 9)
    assert (ack.ack_seq, ack.alert) == (12, uplink.ALERT_NONE)
    assert {row["credit"]: row["disputed"] for row in usage(administrator)} == {
        500: False,
        501: False,
        502: False,
        503: True,
    }


def test_the_same_number_with_other_content_never_overwrites(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    image = machine.copy()
    machine.exam(500)
    machine.send(administrator)
    image.write(journal.BOOT)
    assert image.send(administrator).alert == uplink.ALERT_FORK
    entries = administrator.get("/api/v1/machines/1/journal").json()["items"]
    assert [(entry["seq"], entry["kind"]) for entry in entries] == [(4, 5), (3, 4), (2, 3), (1, 2)]
    assert stored(context, machine) == dict(enumerate(machine.macs, 1))


def test_a_credit_debited_twice_is_an_alarm_and_both_exams_are_seen(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    other = add_machine(context, Machine(machine_id=2, key=b"o" * 32), 1)
    machine.exam(500)
    other.exam(500)
    machine.send(administrator)
    other.send(administrator)
    assert alerts(administrator) == {"double_credit": 1}
    assert {(row["machine_id"], row["disputed"]) for row in usage(administrator)} == {(1, False), (2, True)}


def test_the_same_credit_again_on_the_same_machine_is_one_row_and_an_alarm(
    administrator: TestClient, machine: Machine
) -> None:
    machine.exam(500)
    machine.exam(500)
    assert machine.send(administrator).ack_seq == 8
    assert len(usage(administrator)) == 1
    assert alerts(administrator) == {"double_credit": 1}


def test_an_intent_without_a_debit_is_in_doubt_until_it_is_decided(administrator: TestClient, machine: Machine) -> None:
    machine.write(journal.INTENT, 500)
    machine.send(administrator)
    doubts = administrator.get("/api/v1/in-doubt").json()["items"]
    assert [(row["machine_id"], row["credit"]) for row in doubts] == [(1, 500)]
    machine.write(journal.DEBIT, 500)
    machine.send(administrator, 2)
    assert administrator.get("/api/v1/in-doubt").json()["items"] == []
    machine.write(journal.INTENT, 501)
    machine.write(journal.ABANDONED, 501)
    machine.send(administrator, 4, 4)
    machine.send(administrator, 3, 3)
    assert administrator.get("/api/v1/in-doubt").json()["items"] == []


def test_a_decision_ends_the_doubt_that_came_before_it_and_no_other(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    """An intent that arrives late is decided by what its own journal says of the same card afterwards."""
    other = add_machine(context, Machine(machine_id=2, key=b"o" * 32), 1)
    machine.write(journal.DEBIT, 500)  # of another credit, and of earlier: no end of 501's intent
    machine.write(journal.INTENT, 501)
    machine.write(journal.DEBIT, 502)
    machine.send(administrator, 3)
    machine.send(administrator, 1, 2)
    other.write(journal.BOOT)
    other.write(journal.INTENT, 502)
    other.send(administrator)
    doubts = administrator.get("/api/v1/in-doubt").json()["items"]
    assert [(row["machine_id"], row["credit"], row["seq"]) for row in doubts] == [(1, 501, 2), (2, 502, 2)]
    again = provision_again(context, machine, b"n" * 32)
    for _ in range(2):
        again.write(journal.BOOT)
    again.write(journal.DEBIT, 503)
    again.send(administrator)
    machine.write(journal.INTENT, 503)  # of the epoch before, whose card is another
    machine.send(administrator, 4)
    doubts = administrator.get("/api/v1/in-doubt").json()["items"]
    assert [(row["machine_id"], row["credit"]) for row in doubts] == [(1, 501), (1, 503), (2, 502)]


def test_times_without_a_trusted_clock(administrator: TestClient, machine: Machine) -> None:
    machine.write(journal.DEBIT, 500, clock=0, time=0)
    machine.write(journal.DEBIT, 501, clock=1, time=NOW - 60)
    machine.write(journal.DEBIT, 502, clock=2, time=NOW - 30)
    machine.write(journal.DEBIT, 503, clock=2, time=5)
    machine.send(administrator)
    found = {row["credit"]: (row["time"], row["time_quality"]) for row in usage(administrator)}
    assert found == {
        500: (NOW, "estimated"),
        501: (NOW - 60, "hint"),
        502: (NOW - 30, "trusted"),
        503: (NOW, "estimated"),
    }


@pytest.mark.parametrize(("sure", "word"), [(journal.CLOCK_HINT, "hint"), (journal.CLOCK_TRUSTED, "trusted")])
def test_a_time_that_cannot_be_is_no_time(administrator: TestClient, machine: Machine, sure: int, word: str) -> None:
    """However sure the machine is: an exam a year ahead would be in another settlement."""
    bounds = EARLIEST_TIME, NOW + CLOCK_AHEAD_MAX_S
    for credit, time in enumerate((bounds[0] - 1, bounds[1] + 1, NOW + 365 * 86400, *bounds), 500):
        machine.write(journal.DEBIT, credit, clock=sure, time=time)
    machine.send(administrator)
    found = {row["credit"]: (row["time"], row["time_quality"]) for row in usage(administrator)}
    assert found == {
        **dict.fromkeys((500, 501, 502), (NOW, "estimated")),
        503: (bounds[0], word),
        504: (bounds[1], word),
    }


def test_late_reports_count_on_the_day_of_the_exam_at_the_institution(
    administrator: TestClient, context: Context
) -> None:
    shanghai = add_institution(context, "Shanghai", "Asia/Shanghai")
    machine = add_machine(context, Machine(machine_id=3), shanghai)
    late_in_utc = NOW - NOW % 86400 - 86400 + 17 * 3600
    machine.write(journal.DEBIT, 500, time=late_in_utc)
    machine.write(journal.DEBIT, 501, time=late_in_utc + 60)
    machine.send(administrator, 2, 2)
    machine.send(administrator, 1, 1)
    days = administrator.get("/api/v1/usage-by/day", params={"institution_id": shanghai}).json()["items"]
    assert [day["exams"] for day in days] == [2]
    assert days[0]["day"] == usage(administrator)[0]["day"]
    assert [row["seq"] for row in usage(administrator)] == [2, 1]


def test_a_machine_that_is_provisioned_anew_has_a_new_journal_and_its_old_reports_still_count(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    machine.exam(500)
    machine.exam(501)
    machine.send(administrator, 1, 4)
    again = provision_again(context, machine, b"n" * 32)
    again.exam(502)
    assert again.send(administrator).ack_seq == 4
    assert machine.send(administrator, 5).ack_seq == 8
    assert {row["credit"]: row["epoch"] for row in usage(administrator)} == {500: 1, 501: 1, 502: 2}
    assert alerts(administrator) == {}


def test_faults_and_forged_cards_raise_alerts(administrator: TestClient, machine: Machine) -> None:
    machine.write(journal.FAULT, detail=b"reader")
    machine.write(journal.REFUSED, detail=bytes([7]) + b"\x01\x02\x03\x04")
    machine.write(journal.REFUSED, detail=bytes([1]) + b"\x01\x02\x03\x04")
    machine.send(administrator)
    assert alerts(administrator) == {"machine_fault": 1, "forged_card": 1}


def test_an_absurd_number_of_starts_in_one_exam_is_an_alert(administrator: TestClient, machine: Machine) -> None:
    """Whatever else a report holds: one that is split at any entry says the same."""
    machine.write(journal.BOOT, detail=b"\x01")
    for number in (1, 2, 3):
        machine.write(journal.BOOT, 500, detail=bytes([1, number]))
    machine.send(administrator)
    assert alerts(administrator) == {}
    for number in (4, 5):
        machine.write(journal.BOOT, 500, detail=bytes([1, number]))
        machine.send(administrator, number + 1)
    assert alerts(administrator) == {"exam_restarted": 2}


def test_a_dead_reader_and_a_wrong_clock_are_told_and_clear_themselves(
    administrator: TestClient, machine: Machine
) -> None:
    up, reader, clock = uplink.HEALTH_UPTIME_S, uplink.HEALTH_READER_VERSION, uplink.HEALTH_CLOCK
    machine.send(administrator, 1, 0, {up: 1, reader: 0xFF, clock: NOW + 9000})
    assert alerts(administrator) == {"reader_dead": 1, "clock_wrong": 1}
    machine.send(administrator, 1, 0, {up: 2, reader: 0x92, clock: NOW})
    assert alerts(administrator) == {}


def test_health_of_the_wrong_kind_is_ignored(administrator: TestClient, machine: Machine) -> None:
    odd: dict[int, object] = {
        uplink.HEALTH_FIRMWARE: 5,
        uplink.HEALTH_UPTIME_S: "x",
        9999: b"?",
        uplink.HEALTH_PENDING: -1,
    }
    machine.send(administrator, 1, 0, odd)
    read = administrator.get("/api/v1/machines/1").json()
    assert (read["firmware"], read["uptime_s"], read["pending_entries"]) == ("", None, 0)


def test_replayed_acks_are_bound_to_their_report(administrator: TestClient, machine: Machine) -> None:
    machine.exam(500)
    machine.exam(501)
    first, second = machine.report(1, 4), machine.report(1, 8)
    answer = post(administrator, first)
    with pytest.raises(BadTag):
        uplink.open_ack(machine.key, second, answer.content)


def test_many_reports_of_one_machine_in_one_group(context: Context, machine: Machine) -> None:
    """What the writer does when reports pile up: one transaction, in any order, with repeats."""
    for credit in range(500, 510):
        machine.exam(credit)
    secrets = [MachineSecrets.of(1, 1, machine.key)]
    stretches = [(1, 4), (9, 12), (5, 8), (1, 4), (13, 20), (29, 40), (21, 28)]
    incomings = [open_message(machine.report(*stretch), secrets) for stretch in stretches]
    with transaction(context.engine) as session:
        results = store.take_group(session, context.keyring, context.broker, incomings, Believed(NOW, sure=True))
    acks = [result.ack for result in results]
    assert [result.fresh for result in results] == [True, True, True, False, True, True, True]
    assert [ack.ack_seq for ack in acks] == [4, 4, 8, 4, 20, 20, 28]
    assert stored(context, machine) == dict(enumerate(machine.macs, 1))
    assert acks[-1].alert == uplink.ALERT_NONE
