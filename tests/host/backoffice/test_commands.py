"""Orders to machines: how they travel, what the machines answer, what a person hears of it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from protocol import cbor, journal, keys, orders, results, uplink
from sqlmodel import Session

from backoffice.authority import orders as authority_orders
from backoffice.authority import signing
from backoffice.authority.secret import Secret
from backoffice.authority.session import Authority
from backoffice.commands import service as commands
from backoffice.commands.results import Result, of_number
from backoffice.commands.service import ACK_COMMANDS_MAX, OPEN_COMMANDS_MAX
from backoffice.context import Context
from backoffice.db import READ, transaction
from backoffice.models import Machine as MachineRow
from backoffice.models import MachineCommand
from tests.host.backoffice.machines import (
    BATCH,
    CREDITS,
    FIRST_CREDIT,
    Machine,
    add_institution,
    add_machine,
    post,
    provision_again,
)
from tests.host.backoffice.support import NOW, HandClock

MASTER_SECRET = b"m" * 32
AUTHORITY_KEY = signing.public_key(keys.authority_scalar(MASTER_SECRET))
LONGEST_TEXT = "x" * orders.MAX_TEXT_BYTES


@pytest.fixture
def machine(context: Context) -> Machine:
    return add_machine(context, Machine(), add_institution(context))


@pytest.fixture
def authority(app: FastAPI, administrator: TestClient) -> Iterator[None]:
    """The administrator's session of the top authority is open."""
    room = app.state.workshop.room
    room.open(1, AUTHORITY_KEY, Secret(MASTER_SECRET), 1)
    yield
    room.close()


def order(client: TestClient, path: str, status: int = 201, **body: Any) -> dict[str, Any]:
    answer = client.post(f"/api/v1/machines/1/{path}", json=body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refused(client: TestClient, path: str, code: str, **body: Any) -> str:
    """The error's message."""
    answer = client.post(f"/api/v1/machines/1/{path}", json=body)
    assert answer.json()["error"]["code"] == code, answer.text
    return str(answer.json()["error"]["message"])


def listed(client: TestClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/v1/machines/1/commands").json()["items"]
    return found


def alerts(client: TestClient) -> list[str]:
    return [alert["kind"] for alert in client.get("/api/v1/alerts").json()["items"]]


def answer(machine: Machine, command: uplink.Command, result: int = 0, credit: int = 0) -> None:
    """The machine's journal says how it ended."""
    machine.write(journal.COMMAND, credit, detail=command.id.to_bytes(4, "big") + bytes([command.kind, result]))


def carried_out(client: TestClient, machine: Machine, result: int = 0) -> uplink.Command:
    """The machine hears of the one order that waits, and answers."""
    (command,) = machine.send(client, len(machine.entries) + 1).commands
    answer(machine, command, result)
    machine.send(client, len(machine.entries))
    return command


# How they travel.


@pytest.mark.usefixtures("authority")
def test_commands_ride_on_acks_until_they_are_done(administrator: TestClient, machine: Machine) -> None:
    order(administrator, "lock", text="Call us")
    ack = machine.send(administrator)
    assert [command.kind for command in ack.commands] == [uplink.LOCK]
    again = machine.send(administrator)
    assert [command.id for command in again.commands] == [ack.commands[0].id]
    read = listed(administrator)[0]
    assert (read["kind"], read["state"], read["sent_count"], read["result"]) == ("lock", "sent", 2, "")
    answer(machine, ack.commands[0])
    assert machine.send(administrator).commands == []
    read = listed(administrator)[0]
    assert (read["state"], read["result"], read["answer_seq"]) == ("done", "done", 1)


@pytest.mark.parametrize("number", range(8))
def test_every_answer_is_a_word(administrator: TestClient, machine: Machine, number: int) -> None:
    order(administrator, "settings", settings={"exam_s": 600})
    carried_out(administrator, machine, number)
    read = listed(administrator)[0]
    words = ["done", "bad_arguments", "too_late", "full", "failed", "returned", "bad_signature", "stale"]
    assert (read["result"], read["state"]) == (words[number], "failed" if number else "done")


def test_the_words_are_those_of_the_protocol() -> None:
    numbers = {name: value for name, value in vars(results).items() if name.isupper()}
    assert {of_number(value).value for value in numbers.values()} == {name.lower() for name in numbers}
    assert of_number(200) is Result.UNKNOWN


def test_an_old_epoch_neither_hears_nor_answers(administrator: TestClient, context: Context, machine: Machine) -> None:
    order(administrator, "set-time")
    (command,) = machine.send(administrator).commands
    new = provision_again(context, machine, b"n" * 32)
    answer(machine, command)
    assert machine.send(administrator).commands == []
    read = listed(administrator)[0]
    assert (read["state"], read["sent_count"]) == ("sent", 1)
    assert [command.id for command in new.send(administrator).commands] == [command.id]
    answer(new, command)
    new.send(administrator)
    assert listed(administrator)[0]["state"] == "done"


def test_what_an_old_epoch_asks_for_is_not_marked_as_sent(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    provision_again(context, machine, b"n" * 32)
    order(administrator, "set-time")
    machine.send(administrator)
    assert (listed(administrator)[0]["state"], listed(administrator)[0]["sent_count"]) == ("queued", 0)


def test_an_answer_to_something_never_sent_changes_nothing(administrator: TestClient, machine: Machine) -> None:
    wanted = order(administrator, "set-time")
    answer(machine, uplink.Command(wanted["id"], uplink.SET_TIME, []))
    answer(machine, uplink.Command(999, uplink.LOCK, []))
    machine.send(administrator)
    assert listed(administrator)[0]["state"] == "sent"  # it went out with this ack, not before


def test_commands_of_people_are_bounded_and_can_be_taken_back(administrator: TestClient, machine: Machine) -> None:
    wanted = range(FIRST_CREDIT, FIRST_CREDIT + OPEN_COMMANDS_MAX)
    for credit in wanted:
        order(administrator, "revoked-credits", batch=BATCH, credit=credit)
    refused(administrator, "revoked-batches", "wrong_state", batch=BATCH)
    sent = machine.send(administrator).commands
    assert [command.args[1] for command in sent] == list(wanted[:ACK_COMMANDS_MAX])
    taken = administrator.delete(f"/api/v1/machines/1/commands/{sent[0].id}")
    assert taken.json()["error"]["code"] == "wrong_state"
    last = listed(administrator)[0]
    assert administrator.delete(f"/api/v1/machines/1/commands/{last['id']}").json()["state"] == "cancelled"
    assert order(administrator, "revoked-batches", batch=BATCH)["state"] == "queued"


def test_the_same_order_twice_is_said_so(administrator: TestClient, machine: Machine) -> None:
    order(administrator, "revoked-credits", batch=BATCH, credit=500)
    refused(administrator, "revoked-credits", "already_exists", batch=BATCH, credit=500)
    order(administrator, "revoked-credits", batch=BATCH, credit=501)


def test_what_was_ordered_before_may_be_ordered_again(administrator: TestClient, machine: Machine) -> None:
    order(administrator, "set-time")
    carried_out(administrator, machine)
    wanted = order(administrator, "set-time")
    administrator.delete(f"/api/v1/machines/1/commands/{wanted['id']}").raise_for_status()
    order(administrator, "set-time")
    assert [row["state"] for row in listed(administrator)] == ["queued", "cancelled", "done"]


def test_orders_of_one_machine_are_in_no_other_machines_way(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    add_machine(context, Machine(2, key=b"q" * 32), 1)
    order(administrator, "set-time")
    for credit in range(FIRST_CREDIT, FIRST_CREDIT + OPEN_COMMANDS_MAX - 1):
        order(administrator, "revoked-credits", batch=BATCH, credit=credit)
    refused(administrator, "revoked-batches", "wrong_state", batch=BATCH)
    assert administrator.post("/api/v1/machines/2/set-time").status_code == 201


@pytest.mark.parametrize("path", ["set-time", "lock"])
@pytest.mark.usefixtures("authority")
def test_a_retired_machine_is_ordered_nothing(administrator: TestClient, machine: Machine, path: str) -> None:
    administrator.patch("/api/v1/machines/1", json={"state": "retired"}).raise_for_status()
    assert "retired" in refused(administrator, path, "wrong_state")
    assert listed(administrator) == []


def test_a_list_of_orders_is_paged(administrator: TestClient, machine: Machine) -> None:
    made = [order(administrator, "revoked-credits", batch=BATCH, credit=credit)["id"] for credit in range(500, 505)]
    found, query, more = [], {"limit": "2"}, True
    while more:
        page = administrator.get("/api/v1/machines/1/commands", params=query).json()
        found += [row["id"] for row in page["items"]]
        more = page["more"]
        query["cursor"] = page["next"] or ""
    assert found == made[::-1]


@pytest.mark.parametrize(
    ("path", "code", "body"),
    [
        ("revoked-credits", "not_in_batch", {"batch": BATCH, "credit": FIRST_CREDIT - 1}),
        ("revoked-credits", "not_in_batch", {"batch": BATCH, "credit": FIRST_CREDIT + CREDITS}),
        ("revoked-credits", "foreign_batch", {"batch": BATCH + 1, "credit": FIRST_CREDIT}),
        ("revoked-credits", "foreign_batch", {"batch": 1, "credit": FIRST_CREDIT}),
        ("revoked-batches", "foreign_batch", {"batch": BATCH + 1}),
        ("revoked-batches", "foreign_batch", {"batch": 1}),
    ],
)
def test_no_machine_is_told_to_refuse_what_was_not_issued_for_it(
    administrator: TestClient, context: Context, machine: Machine, path: str, code: str, body: dict[str, int]
) -> None:
    """It would say "done", while the card that was meant still buys an exam."""
    add_machine(context, Machine(2, key=b"q" * 32), 1)  # machine 2 has batch 71
    refused(administrator, path, code, **body)
    assert listed(administrator) == []


def test_the_first_and_the_last_card_of_a_batch_can_be_refused(administrator: TestClient, machine: Machine) -> None:
    for credit in (FIRST_CREDIT, FIRST_CREDIT + CREDITS - 1):
        order(administrator, "revoked-credits", batch=BATCH, credit=credit)


@pytest.mark.usefixtures("authority")
def test_what_the_system_orders_is_not_blocked_and_does_not_hold_up_a_lock(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    for credit in range(FIRST_CREDIT, FIRST_CREDIT + OPEN_COMMANDS_MAX):
        order(administrator, "revoked-credits", batch=BATCH, credit=credit)
    with transaction(context.engine) as session:
        for credit in range(1, 2 * OPEN_COMMANDS_MAX):
            commands.order_by_system(session, 1, uplink.REVOKE_CREDIT, [BATCH + 1, credit], NOW)
            commands.order_by_system(session, 1, uplink.REVOKE_CREDIT, [BATCH + 1, credit], NOW)
    found = administrator.get("/api/v1/machines/1/commands", params={"limit": 500}).json()["items"]
    assert len(found) == 3 * OPEN_COMMANDS_MAX - 1
    first = found[-1]["id"]
    administrator.delete(f"/api/v1/machines/1/commands/{first}")
    order(administrator, "lock")
    assert machine.send(administrator).commands[0].kind == uplink.LOCK


@pytest.mark.usefixtures("authority")
def test_a_slow_answer_marks_only_what_it_has_room_for(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    order(administrator, "set-time")
    order(administrator, "settings", settings={"apn": "a" * 60})
    order(administrator, "settings", settings={"apn": "b" * 60})
    machine.exam(500)
    message = machine.report()
    taken = asyncio.run(context.ingest.take_incoming(message, uplink.SMS_BYTES, uplink.TWO_SMS_BYTES))
    sealed = taken.sealed_ack()
    ack = uplink.open_ack(machine.key, message, sealed)
    assert len(sealed) <= uplink.SMS_BYTES
    assert [command.args for command in ack.commands] == [[{"apn": "a" * 60}]]
    assert [(row["kind"], row["state"]) for row in reversed(listed(administrator))] == [
        ("set_time", "queued"),
        ("settings", "sent"),
        ("settings", "queued"),
    ]


@pytest.mark.usefixtures("authority")
def test_a_push_takes_two_short_messages_for_a_long_lock(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    order(administrator, "lock", text=LONGEST_TEXT)
    order(administrator, "revoked-batches", batch=BATCH)
    with transaction(context.engine) as session:
        row = session.get_one(MachineRow, 1)
        ack = uplink.Ack(0, NOW, [], ack_mac=bytes(8))
        first = commands.for_push(session, context.keyring, row, ack, uplink.SMS_BYTES, uplink.TWO_SMS_BYTES, NOW)
        ack.commands = first
        sealed = uplink.seal_push(machine.key, ack, 7)
    assert len(sealed) <= uplink.TWO_SMS_BYTES
    assert [command.kind for command in uplink.open_push(machine.key, sealed).commands] == [
        command.kind for command in first
    ]
    states = {row["kind"]: row["state"] for row in listed(administrator)}
    assert sorted(states.values()) == ["queued", "sent"]


# What a person may order, kind by kind.


def test_the_clock_is_set_to_the_time_at_which_the_order_goes_out(
    administrator: TestClient, machine: Machine, clock: HandClock
) -> None:
    assert order(administrator, "set-time")["args"] == []
    clock.now += 3600
    (command,) = machine.send(administrator).commands
    assert (command.kind, command.args) == (uplink.SET_TIME, [NOW + 3600])


def test_a_new_report_interval_counts_once_the_machine_obeys(administrator: TestClient, machine: Machine) -> None:
    order(administrator, "report-interval", report_interval_s=600)
    assert administrator.get("/api/v1/machines/1").json()["report_interval_s"] == 3600
    command = carried_out(administrator, machine)
    assert command.args == [{"report_s": 600}]
    assert administrator.get("/api/v1/machines/1").json()["report_interval_s"] == 600


def test_a_refused_report_interval_changes_nothing(administrator: TestClient, machine: Machine) -> None:
    order(administrator, "report-interval", report_interval_s=600)
    carried_out(administrator, machine, results.BAD_ARGUMENTS)
    assert administrator.get("/api/v1/machines/1").json()["report_interval_s"] == 3600


def test_a_refund_ends_the_doubt(administrator: TestClient, machine: Machine) -> None:
    machine.write(journal.INTENT, 500)
    machine.send(administrator)
    order(administrator, "refunded-credits", batch=BATCH, credit=500)
    command = machine.send(administrator, 2).commands[0]
    assert (command.kind, command.args) == (uplink.REFUND_CREDIT, [BATCH, 500])
    answer(machine, command, credit=500)
    machine.send(administrator, 2)
    assert administrator.get("/api/v1/in-doubt").json()["items"] == []


def test_a_refund_that_comes_too_late_leaves_the_debit(administrator: TestClient, machine: Machine) -> None:
    machine.write(journal.INTENT, 500)
    machine.send(administrator)
    order(administrator, "refunded-credits", batch=BATCH, credit=500)
    command = machine.send(administrator, 2).commands[0]
    machine.write(journal.DEBIT, 500)
    answer(machine, command, results.TOO_LATE, credit=500)
    machine.send(administrator, 2)
    assert (listed(administrator)[0]["result"], listed(administrator)[0]["state"]) == ("too_late", "failed")
    assert len(administrator.get("/api/v1/usage").json()["items"]) == 1


@pytest.mark.parametrize("result", [results.TOO_LATE, results.BAD_ARGUMENTS, results.FAILED])
def test_a_refund_that_the_machine_refused_leaves_the_doubt(
    administrator: TestClient, machine: Machine, result: int
) -> None:
    machine.write(journal.INTENT, 500)
    machine.send(administrator)
    order(administrator, "refunded-credits", batch=BATCH, credit=500)
    command = machine.send(administrator, 2).commands[0]
    answer(machine, command, result, credit=500)
    machine.send(administrator, 2)
    assert [row["credit"] for row in administrator.get("/api/v1/in-doubt").json()["items"]] == [500]


def test_only_what_is_in_doubt_is_refunded(administrator: TestClient, machine: Machine) -> None:
    machine.exam(500)
    machine.send(administrator)
    for credit in (500, 501):
        refused(administrator, "refunded-credits", "wrong_state", batch=BATCH, credit=credit)


def test_settings_of_the_connection_are_on_trial(administrator: TestClient, machine: Machine) -> None:
    wanted = order(administrator, "settings", settings={"apn": "internet", "apn_password": "hush", "sim_pin": "1234"})
    assert wanted["on_trial"] is True
    assert wanted["args"] == [{"apn": "internet", "apn_password": "***", "sim_pin": "***"}]
    command = carried_out(administrator, machine, results.RETURNED)
    assert command.args == [{"apn": "internet", "apn_password": "hush", "sim_pin": "1234"}]
    assert listed(administrator)[0]["result"] == "returned"
    found = administrator.get("/api/v1/alerts").json()["items"][0]
    assert (found["kind"], found["severity"]) == ("trial_failed", 2)
    assert "hush" not in found["message"]
    order(administrator, "settings", settings={"apn": "internet.clinic"})
    carried_out(administrator, machine)
    assert alerts(administrator) == []
    assert order(administrator, "settings", settings={"exam_s": 900})["on_trial"] is False


def test_secrets_are_not_kept_once_they_were_answered(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    first = order(administrator, "settings", settings={"wifi_ssid": "Clinic", "wifi_password": "hush hush"})
    carried_out(administrator, machine)
    last = order(administrator, "settings", settings={"wifi_ssid": "Clinic", "wifi_password": "hush hush"})
    administrator.delete(f"/api/v1/machines/1/commands/{last['id']}")
    with transaction(context.engine, READ) as session:
        for number in (first["id"], last["id"]):
            assert stored_args(session, number) == [{"wifi_ssid": "Clinic", "wifi_password": "***"}]


def stored_args(session: Session, number: int) -> object:
    return cbor.decode(session.get_one(MachineCommand, number).args)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("revoked-batches", {"batch": 0}),
        ("revoked-batches", {"batch": 1 << 32}),
        ("revoked-batches", {}),
        ("revoked-credits", {"batch": 1}),
        ("revoked-credits", {"batch": 1, "credit": -1}),
        ("refunded-credits", {"batch": "x", "credit": 1}),
        ("report-interval", {"report_interval_s": 9}),
        ("report-interval", {"report_interval_s": 86401}),
        ("report-interval", {"report_interval_s": True}),
        ("settings", {"settings": {}}),
        ("settings", {"settings": {"unknown": 1}}),
        ("settings", {"settings": {"report_s": "300"}}),
        ("settings", {"settings": {"report_s": True}}),
        ("settings", {"settings": {"report_s": 0}}),
        ("settings", {"settings": {"server_port": 65536}}),
        ("settings", {"settings": {"server_tls": 1}}),
        ("settings", {"settings": {"server_ca": "no certificate"}}),
        ("settings", {"settings": {"transport": "wifi,pigeon"}}),
        ("settings", {"settings": {"transport": "wifi,wifi"}}),
        ("settings", {"settings": {"server_host": "https://perscan.example"}}),
        ("settings", {"settings": {"server_path": "uplink"}}),
        ("settings", {"settings": {"sms_number": "call me"}}),
        ("settings", {"settings": {"sim_pin": "12"}}),
        ("settings", {"settings": {"apn": "x" * 129}}),
        ("settings", {"settings": {"apn": "a\nb"}}),
        ("settings", {"settings": {"language": "tlh"}}),
        ("settings", {"settings": {f"name{number}": 1 for number in range(17)}}),
        ("lock", {"text": "x" * 65}),
        ("lock", {"text": "\u8bf7" * 22}),
        ("lock", {"text": "a\nb"}),
    ],
)
@pytest.mark.usefixtures("authority")
def test_orders_that_make_no_sense_are_refused(
    administrator: TestClient, machine: Machine, path: str, body: dict[str, object]
) -> None:
    answer = administrator.post(f"/api/v1/machines/1/{path}", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_input")
    assert listed(administrator) == []


def test_card_issuers_take_no_orders(administrator: TestClient, machine: Machine) -> None:
    administrator.post("/api/v1/machines", json={"role": "child_issuer", "name": "Issuer", "machine_id": 2})
    answer = administrator.post("/api/v1/machines/2/set-time")
    assert answer.json()["error"]["code"] == "wrong_state"
    assert administrator.post("/api/v1/machines/3/set-time").status_code == 404


# Locking: signed by the authority.


def test_locking_needs_the_open_session_of_the_authority(administrator: TestClient, machine: Machine) -> None:
    assert "master card" in refused(administrator, "lock", "authority_closed")
    assert administrator.get("/api/v1/machines/1").json()["state"] == "active"
    assert listed(administrator) == []


def test_the_session_of_somebody_else_does_not_count(app: FastAPI, administrator: TestClient, machine: Machine) -> None:
    app.state.workshop.room.open(1, AUTHORITY_KEY, Secret(MASTER_SECRET), 99)
    refused(administrator, "lock", "authority_closed")


@pytest.mark.usefixtures("authority")
def test_a_machine_finds_the_authoritys_signature(administrator: TestClient, machine: Machine) -> None:
    order(administrator, "lock", text="Ruf an: 0800 请")
    (command,) = machine.send(administrator).commands
    found = orders.read(1, machine.epoch, command)
    orders.verify(AUTHORITY_KEY, found)
    assert (found.number, found.text) == (NOW, "Ruf an: 0800 请")


@pytest.mark.usefixtures("authority")
def test_numbers_rise_although_the_clock_stands_still(administrator: TestClient, machine: Machine) -> None:
    numbers = []
    for path in ("lock", "unlock", "lock"):
        order(administrator, path)
        command = carried_out(administrator, machine)
        orders.verify(AUTHORITY_KEY, orders.read(1, machine.epoch, command))
        numbers.append(command.args[0])
    assert numbers == [NOW, NOW + 1, NOW + 2]


@pytest.mark.usefixtures("authority")
def test_a_lock_is_told_and_ended_by_an_unlock(administrator: TestClient, machine: Machine) -> None:
    order(administrator, "lock")
    assert administrator.get("/api/v1/machines/1").json()["state"] == "locked"
    assert alerts(administrator) == []
    carried_out(administrator, machine)
    assert alerts(administrator) == ["machine_locked"]
    refused(administrator, "lock", "wrong_state")
    order(administrator, "unlock")
    carried_out(administrator, machine)
    assert alerts(administrator) == ["machine_unlocked"]
    assert administrator.get("/api/v1/machines/1").json()["state"] == "active"


@pytest.mark.parametrize("result", [results.BAD_SIGNATURE, results.STALE])
@pytest.mark.usefixtures("authority")
def test_a_lock_that_is_not_obeyed_is_an_alarm(administrator: TestClient, machine: Machine, result: int) -> None:
    order(administrator, "lock")
    carried_out(administrator, machine, result)
    found = administrator.get("/api/v1/alerts").json()["items"][0]
    assert (found["kind"], found["severity"]) == ("order_refused", 3)
    assert administrator.get("/api/v1/machines/1").json()["state"] == "active"
    order(administrator, "lock")
    carried_out(administrator, machine)
    assert alerts(administrator) == ["machine_locked"]


@pytest.mark.usefixtures("authority")
def test_a_machine_that_knows_no_authority_is_not_locked(administrator: TestClient, context: Context) -> None:
    new = {"role": "swipe", "name": "New", "machine_id": 1, "institution_id": add_institution(context)}
    administrator.post("/api/v1/machines", json=new).raise_for_status()
    assert "never provisioned" in refused(administrator, "lock", "wrong_state")


@pytest.mark.usefixtures("authority")
def test_locking_again_ends_what_was_told_of_the_unlock(administrator: TestClient, machine: Machine) -> None:
    for path in ("lock", "unlock", "lock"):
        order(administrator, path)
        carried_out(administrator, machine)
    assert alerts(administrator) == ["machine_locked"]


@pytest.mark.usefixtures("authority")
def test_locks_are_each_machines_own(administrator: TestClient, context: Context, machine: Machine) -> None:
    """Neither a new epoch nor an order that is taken back changes what another machine was ordered."""
    other = add_machine(context, Machine(2, key=b"q" * 32), 1)
    order(administrator, "lock")
    wanted = administrator.post("/api/v1/machines/2/lock", json={}).json()
    administrator.delete(f"/api/v1/machines/2/commands/{wanted['id']}").raise_for_status()
    states = [administrator.get(f"/api/v1/machines/{number}").json()["state"] for number in (1, 2)]
    assert states == ["locked", "active"]
    provision_again(context, other, b"n" * 32)
    assert administrator.get("/api/v1/machines/1").json()["state"] == "locked"
    assert [command.kind for command in machine.send(administrator).commands] == [uplink.LOCK]


@pytest.mark.usefixtures("authority")
def test_a_lock_of_an_earlier_epoch_is_over(administrator: TestClient, context: Context, machine: Machine) -> None:
    """It was unlocked for the new one: nothing but an order for that one counts."""
    order(administrator, "lock")
    carried_out(administrator, machine)
    order(administrator, "unlock")
    provision_again(context, machine, b"n" * 32)
    wanted = order(administrator, "lock")
    administrator.delete(f"/api/v1/machines/1/commands/{wanted['id']}").raise_for_status()
    assert administrator.get("/api/v1/machines/1").json()["state"] == "active"


@pytest.fixture
def meanwhile(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], object]]:
    """What somebody else does once, between the signature and the order."""
    todo: list[Callable[[], object]] = []
    use = app.state.workshop.room.use

    @contextmanager
    def and_then(user_id: int) -> Iterator[Authority]:
        with use(user_id) as found:
            yield found
        if todo:
            todo.pop()()

    monkeypatch.setattr(app.state.workshop.room, "use", and_then)
    return todo


@pytest.mark.usefixtures("authority")
def test_what_was_signed_for_an_epoch_that_ended_meanwhile_is_not_ordered(
    administrator: TestClient, context: Context, machine: Machine, meanwhile: list[Callable[[], object]]
) -> None:
    """The machine would refuse it, while everybody believes that it is locked."""
    meanwhile.append(lambda: provision_again(context, machine, b"n" * 32))
    assert "try again" in refused(administrator, "lock", "wrong_state")
    assert administrator.get("/api/v1/machines/1").json()["state"] == "active"
    order(administrator, "lock")


@pytest.mark.usefixtures("authority")
def test_no_number_is_signed_for_two_orders(
    administrator: TestClient, machine: Machine, meanwhile: list[Callable[[], object]]
) -> None:
    def somebody_else() -> None:
        wanted = order(administrator, "lock", text="mine")
        administrator.delete(f"/api/v1/machines/1/commands/{wanted['id']}").raise_for_status()

    meanwhile.append(somebody_else)
    assert "try again" in refused(administrator, "lock", "wrong_state", text="yours")
    order(administrator, "lock", text="yours")
    (command,) = machine.send(administrator).commands
    assert command.args[0] == NOW + 1


@pytest.mark.usefixtures("authority")
def test_a_lock_that_is_taken_back_leaves_the_machine_active(administrator: TestClient, machine: Machine) -> None:
    wanted = order(administrator, "lock")
    administrator.delete(f"/api/v1/machines/1/commands/{wanted['id']}")
    assert administrator.get("/api/v1/machines/1").json()["state"] == "active"
    assert machine.send(administrator).commands == []


@pytest.mark.usefixtures("authority")
def test_a_lock_holds_across_a_new_provisioning(
    app: FastAPI, administrator: TestClient, context: Context, machine: Machine
) -> None:
    order(administrator, "lock", text="Call us")
    carried_out(administrator, machine)
    workshop = app.state.workshop
    lock = authority_orders.lock_for(workshop, 1, 2)
    renewed = authority_orders.sign(workshop.room.present(), lock) if lock is not None else None
    assert renewed is not None
    new = provision_again(context, machine, b"n" * 32, cbor.encode(renewed.arguments()))
    assert administrator.get("/api/v1/machines/1").json()["state"] == "locked"
    (command,) = new.send(administrator).commands
    found = orders.read(1, 2, command)
    orders.verify(AUTHORITY_KEY, found)
    assert (found.text, found.number) == ("Call us", NOW + 1)


@pytest.mark.usefixtures("authority")
def test_an_unlock_that_waits_ends_with_the_epoch(
    app: FastAPI, administrator: TestClient, context: Context, machine: Machine
) -> None:
    order(administrator, "lock")
    carried_out(administrator, machine)
    order(administrator, "unlock")
    workshop = app.state.workshop
    assert authority_orders.lock_for(workshop, 1, 2) is None
    new = provision_again(context, machine, b"n" * 32)
    assert administrator.get("/api/v1/machines/1").json()["state"] == "active"
    assert new.send(administrator).commands == []


def test_a_report_that_is_sent_again_carries_the_order_again(administrator: TestClient, machine: Machine) -> None:
    order(administrator, "set-time")
    machine.exam(500)
    message = machine.report()
    first = machine.ack(message, post(administrator, message))
    second = machine.ack(message, post(administrator, message))
    assert [command.id for command in first.commands] == [command.id for command in second.commands]


def test_no_id_comes_again_after_a_backup_was_restored(
    administrator: TestClient, context: Context, machine: Machine, clock: HandClock
) -> None:
    numbers = [order(administrator, "revoked-credits", batch=BATCH, credit=credit)["id"] for credit in (501, 502, 503)]
    with transaction(context.engine) as session:  # the backup knows nothing of these
        for number in numbers:
            session.delete(session.get_one(MachineCommand, number))
    clock.now += 60
    assert order(administrator, "revoked-batches", batch=BATCH)["id"] > max(numbers)


@pytest.mark.parametrize("kind", [uplink.REVOKE_BATCH, uplink.REVOKE_CREDIT, uplink.SETTINGS, uplink.LOCK])
def test_a_damaged_order_breaks_no_page(
    administrator: TestClient, context: Context, machine: Machine, kind: int
) -> None:
    with transaction(context.engine) as session:
        session.add(MachineCommand(machine_id=machine.machine_id, kind=kind, args=b"\xff", created_at=NOW))
    assert administrator.get(f"/machines/{machine.machine_id}").status_code == 200
