"""Institutions, machines and alerts over the API."""

import pytest
from fastapi.testclient import TestClient
from protocol import journal

from backoffice.alerts import watch
from backoffice.context import Context
from backoffice.db import READ, transaction
from backoffice.errors import CannotUnseal, InvalidInput, WrongState
from backoffice.machines import service as machines
from backoffice.models import MachineKey
from tests.host.backoffice.machines import Machine, add_institution, add_machine, provision_again
from tests.host.backoffice.support import HandClock


@pytest.fixture
def machine(context: Context) -> Machine:
    return add_machine(context, Machine(), add_institution(context))


def code_of(answer: object) -> str:
    return str(answer.json()["error"]["code"])  # type: ignore[attr-defined]


def test_institutions_get_codes_and_keep_them(administrator: TestClient) -> None:
    first = administrator.post("/api/v1/institutions", json={"name": "One"}).json()
    assert (first["code"], first["timezone"], first["active"]) == (1, "UTC", True)
    assert administrator.post("/api/v1/institutions", json={"name": "Seven", "code": 7}).json()["code"] == 7
    assert administrator.post("/api/v1/institutions", json={"name": "Eight"}).json()["code"] == 8
    assert code_of(administrator.post("/api/v1/institutions", json={"name": "One"})) == "already_exists"
    assert code_of(administrator.post("/api/v1/institutions", json={"name": "Two", "code": 7})) == "already_exists"
    changed = administrator.patch("/api/v1/institutions/1", json={"name": "Uno", "timezone": "Asia/Shanghai"}).json()
    assert (changed["name"], changed["timezone"], changed["code"]) == ("Uno", "Asia/Shanghai", 1)


@pytest.mark.parametrize(
    "institution",
    [
        {},
        {"name": " "},
        {"name": "x" * 121},
        {"name": "X", "code": 0},
        {"name": "X", "code": 1 << 32},
        {"name": "X", "timezone": "Mars/Base"},
        {"name": "X", "timezone": "../etc"},
        {"name": "X", "agent_id": 5},
    ],
)
def test_institutions_that_make_no_sense_are_refused(administrator: TestClient, institution: dict[str, object]) -> None:
    answer = administrator.post("/api/v1/institutions", json=institution)
    assert (answer.status_code, code_of(answer)) == (422, "invalid_input")


def test_pages_are_bounded(administrator: TestClient, context: Context) -> None:
    for number in range(5):
        add_institution(context, f"Clinic {number}")
    page = administrator.get("/api/v1/institutions", params={"limit": 2, "offset": 2}).json()
    assert [row["name"] for row in page["items"]] == ["Clinic 2", "Clinic 3"]
    assert page["more"] is True
    assert administrator.get("/api/v1/institutions", params={"offset": 4}).json()["more"] is False
    for wrong in ({"limit": 0}, {"limit": 501}, {"offset": -1}, {"offset": 10**9}, {"limit": "x"}):
        assert code_of(administrator.get("/api/v1/institutions", params=wrong)) == "invalid_input"


def test_a_swipe_machine_belongs_to_an_institution(administrator: TestClient, context: Context) -> None:
    wanted = {"name": "M", "role": "swipe"}
    assert code_of(administrator.post("/api/v1/machines", json=wanted)) == "invalid_input"
    place = add_institution(context)
    made = administrator.post("/api/v1/machines", json={**wanted, "institution_id": place}).json()
    assert (made["id"], made["epoch"], made["state"]) == (1, 0, "active")
    assert administrator.post("/api/v1/machines", json={"name": "I", "role": "child_issuer"}).json()["id"] == 2
    again = {**wanted, "institution_id": place, "machine_id": 1}
    assert code_of(administrator.post("/api/v1/machines", json=again)) == "already_exists"


def test_machine_keys_are_sealed_for_their_machine_and_epoch(context: Context, machine: Machine) -> None:
    provision_again(context, machine, b"n" * 32)
    with transaction(context.engine, READ) as session:
        assert machines.open_key(session, context.keyring, 1, 1) == machine.key
        assert machines.open_key(session, context.keyring, 1, 2) == b"n" * 32
        row = session.get(MachineKey, (1, 1))
        assert row is not None
        assert machine.key not in row.sealed_key
        with pytest.raises(CannotUnseal):
            context.keyring.open(machines.key_purpose(1, 2), row.sealed_key)


def test_an_epoch_never_goes_back_and_keys_have_their_length(context: Context, machine: Machine) -> None:
    with transaction(context.engine) as session:
        with pytest.raises(WrongState):
            machines.provision(session, context.keyring, 1, 1, b"n" * 32, context.clock())
        with pytest.raises(InvalidInput):
            machines.provision(session, context.keyring, 1, 2, b"n" * 31, context.clock())


def test_a_retired_machine_gets_no_commands_but_its_debits_count(administrator: TestClient, machine: Machine) -> None:
    assert administrator.patch("/api/v1/machines/1", json={"state": "retired"}).json()["state"] == "retired"
    assert code_of(administrator.patch("/api/v1/machines/1", json={"state": "active"})) == "invalid_input"
    assert code_of(administrator.post("/api/v1/machines/1/set-time")) == "wrong_state"
    machine.exam(500)
    assert machine.send(administrator).ack_seq == 4
    assert [alert["kind"] for alert in administrator.get("/api/v1/alerts").json()["items"]] == ["retired_machine"]


def test_silent_machines_are_told_once_and_speak_again(
    administrator: TestClient, context: Context, machine: Machine, clock: HandClock
) -> None:
    issuer = {"role": "child_issuer", "name": "Never reports, and need not"}
    assert administrator.post("/api/v1/machines", json=issuer).status_code == 201
    watch.look(context)
    assert administrator.get("/api/v1/alerts").json()["items"] == []
    clock.now += context.settings.report_interval_s * 3 + 1
    watch.look(context)
    watch.look(context)
    found = administrator.get("/api/v1/alerts").json()["items"]
    assert [(alert["kind"], alert["count"]) for alert in found] == [("machine_silent", 1)]
    assert found[0]["message"] == "Nothing since it was registered, although it should report every 1 h."
    machine.send(administrator)
    assert administrator.get("/api/v1/alerts").json()["items"] == []
    assert len(administrator.get("/api/v1/alerts", params={"show": "cleared"}).json()["items"]) == 1


@pytest.mark.parametrize(
    ("span_s", "words"), [(10, "10 s"), (90, "1 min 30 s"), (3600, "1 h"), (5400, "1 h 30 min"), (90_000, "25 h")]
)
def test_spans_are_told_in_words(span_s: int, words: str) -> None:
    assert watch.in_words(span_s) == words


def test_alerts_worst_first_acknowledged_and_cleared(administrator: TestClient, machine: Machine) -> None:
    machine.write(journal.FAULT, detail=b"reader")
    machine.exam(500)
    machine.exam(500)
    machine.send(administrator)
    found = administrator.get("/api/v1/alerts").json()["items"]
    assert [alert["kind"] for alert in found] == ["double_credit", "machine_fault"]
    number = found[0]["id"]
    assert administrator.post(f"/api/v1/alerts/{number}/acknowledge").json()["acknowledged_by"] == 1
    shown = administrator.get("/api/v1/alerts", params={"show": "unacknowledged"}).json()["items"]
    assert [alert["kind"] for alert in shown] == ["machine_fault"]
    assert administrator.post(f"/api/v1/alerts/{number}/clear").json()["cleared_by"] == 1
    assert administrator.post("/api/v1/alerts/999/clear").status_code == 404
    machine.exam(500)
    machine.send(administrator, 10)
    kinds = [(alert["kind"], alert["count"]) for alert in administrator.get("/api/v1/alerts").json()["items"]]
    assert kinds[0] == ("double_credit", 1)
