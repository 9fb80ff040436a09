"""What machines say became of their orders: an answer counts once, for its own order, from the machine that has it."""

import pytest
from fastapi.testclient import TestClient
from protocol import journal, results, uplink

from backoffice.context import Context
from tests.host.backoffice.machines import BATCH, Machine, add_institution, add_machine
from tests.host.backoffice.test_commands import alerts, answer, authority, carried_out, listed, order

__all__ = ["authority"]


@pytest.fixture
def machine(context: Context) -> Machine:
    return add_machine(context, Machine(), add_institution(context))


@pytest.fixture
def other(context: Context, machine: Machine) -> Machine:
    """Machine 2, at the same clinic."""
    return add_machine(context, Machine(2, key=b"q" * 32), 1)


def state(client: TestClient) -> tuple[str, str]:
    """Of the newest order of machine 1."""
    read = listed(client)[0]
    return read["state"], read["result"]


def sent(client: TestClient, machine: Machine) -> uplink.Command:
    (command,) = machine.send(client, len(machine.entries) + 1).commands
    return command


@pytest.mark.parametrize(("first", "second"), [(results.DONE, results.FAILED), (results.TOO_LATE, results.DONE)])
def test_the_first_answer_stays(administrator: TestClient, machine: Machine, first: int, second: int) -> None:
    order(administrator, "revoked-batches", batch=BATCH)
    command = carried_out(administrator, machine, first)
    said = state(administrator), listed(administrator)[0]["answer_seq"], alerts(administrator)
    answer(machine, command, second)
    machine.send(administrator, len(machine.entries))
    assert (state(administrator), listed(administrator)[0]["answer_seq"], alerts(administrator)) == said


def test_an_answer_to_another_kind_of_order_is_none(administrator: TestClient, machine: Machine) -> None:
    """An order's number that came again, in whatever way, ends nothing that it does not mean."""
    order(administrator, "revoked-batches", batch=BATCH)
    command = sent(administrator, machine)
    answer(machine, uplink.Command(command.id, uplink.SET_TIME, []))
    assert [again.id for again in machine.send(administrator).commands] == [command.id]
    assert state(administrator) == ("sent", "")


def test_a_machine_answers_for_itself_alone(administrator: TestClient, machine: Machine, other: Machine) -> None:
    order(administrator, "revoked-batches", batch=BATCH)
    command = sent(administrator, machine)
    answer(other, command)
    other.send(administrator)
    assert state(administrator) == ("sent", "")


def test_an_answer_without_a_result_means_done(administrator: TestClient, machine: Machine) -> None:
    """As the first firmware wrote it."""
    order(administrator, "set-time")
    command = sent(administrator, machine)
    machine.write(journal.COMMAND, detail=command.id.to_bytes(4, "big") + bytes([command.kind]))
    machine.send(administrator)
    assert state(administrator) == ("done", "done")


def test_an_answer_that_is_cut_off_says_nothing(administrator: TestClient, machine: Machine) -> None:
    order(administrator, "set-time")
    command = sent(administrator, machine)
    machine.write(journal.COMMAND, detail=command.id.to_bytes(4, "big"))
    assert machine.send(administrator).ack_seq == 1
    assert state(administrator) == ("sent", "")


@pytest.mark.usefixtures("authority")
def test_a_retired_machine_stays_retired_whatever_it_answers(administrator: TestClient, machine: Machine) -> None:
    order(administrator, "lock")
    command = sent(administrator, machine)
    administrator.patch("/api/v1/machines/1", json={"state": "retired"}).raise_for_status()
    answer(machine, command)
    machine.send(administrator)
    assert state(administrator) == ("done", "done")
    assert administrator.get("/api/v1/machines/1").json()["state"] == "retired"


def test_a_refund_of_one_machine_leaves_the_doubts_of_others(
    administrator: TestClient, machine: Machine, other: Machine
) -> None:
    """Both have the same credit in doubt, each of its own batch."""
    for one in (machine, other):
        one.write(journal.INTENT, 500)
        one.send(administrator)
    order(administrator, "refunded-credits", batch=BATCH, credit=500)
    command = machine.send(administrator, 2).commands[0]
    answer(machine, command, credit=500)
    machine.send(administrator, 2)
    doubts = administrator.get("/api/v1/in-doubt").json()["items"]
    assert [(row["machine_id"], row["batch"], row["credit"]) for row in doubts] == [(2, other.batch, 500)]


def test_only_a_refund_ends_a_doubt(administrator: TestClient, machine: Machine) -> None:
    """Whatever credit an answer to another order names."""
    machine.write(journal.INTENT, 500)
    machine.send(administrator)
    order(administrator, "revoked-credits", batch=BATCH, credit=500)
    command = machine.send(administrator, 2).commands[0]
    answer(machine, command, credit=500)
    machine.send(administrator, 2)
    assert [row["credit"] for row in administrator.get("/api/v1/in-doubt").json()["items"]] == [500]
