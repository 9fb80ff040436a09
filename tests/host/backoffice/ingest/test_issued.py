"""A machine's word alone makes no income: every debit is held against what was issued."""

import pytest
from fastapi.testclient import TestClient
from protocol import journal, results, uplink
from sqlmodel import col, update

from backoffice.commands import service as commands
from backoffice.context import Context
from backoffice.db import transaction
from backoffice.models import Batch, Card
from tests.host.backoffice.machines import (
    BATCH,
    CREDITS,
    FIRST_CREDIT,
    Machine,
    add_institution,
    add_machine,
    provision_again,
)
from tests.host.backoffice.support import NOW, HandClock

CRITICAL = 3


@pytest.fixture
def machine(context: Context) -> Machine:
    return add_machine(context, Machine(), add_institution(context))


@pytest.fixture
def other(context: Context, machine: Machine) -> Machine:
    return add_machine(context, Machine(machine_id=2, key=b"o" * 32), machine.machine_id)


def stands(client: TestClient) -> set[tuple[int, int, str, bool]]:
    """(machine, credit, standing, disputed) of every debit."""
    items = client.get("/api/v1/usage").json()["items"]
    return {(row["machine_id"], row["credit"], row["standing"], row["disputed"]) for row in items}


def alerts(client: TestClient) -> dict[tuple[str, int | None], str]:
    """Messages by (kind, machine)."""
    items = client.get("/api/v1/alerts").json()["items"]
    return {(item["kind"], item["machine_id"]): item["message"] for item in items}


def income(client: TestClient) -> int:
    return sum(row["exams"] for row in client.get("/api/v1/usage-by/machine").json()["items"])


def set_card(context: Context, credit: int, **values: str | int) -> None:
    with transaction(context.engine) as session:
        session.connection().execute(
            update(Card).where(col(Card.credit) == credit, col(Card.level) == "one_time").values(**values)
        )


def test_debits_of_a_batch_that_was_never_issued_are_kept_and_never_income(
    administrator: TestClient, machine: Machine
) -> None:
    for credit in range(500, 505):
        machine.exam(credit, batch=999)
    assert machine.send(administrator).ack_seq == 20
    assert stands(administrator) == {(1, credit, "unissued", True) for credit in range(500, 505)}
    assert income(administrator) == 0
    (alert,) = administrator.get("/api/v1/alerts").json()["items"]
    assert (alert["kind"], alert["severity"], alert["detail"]["debits"]) == ("debit_unissued", CRITICAL, 5)


def test_where_nothing_counts_that_is_said_and_not_left_out(administrator: TestClient, machine: Machine) -> None:
    for credit in range(500, 505):
        machine.exam(credit, batch=999)
    machine.send(administrator)
    for by in ("day", "institution", "machine"):
        (group,) = administrator.get(f"/api/v1/usage-by/{by}").json()["items"]
        assert (group["exams"], group["disputed"], group["uncounted"]) == (0, 0, 5), by


def test_a_foreign_claim_never_outranks_the_machine_to_which_the_batch_is_bound(
    administrator: TestClient, machine: Machine, other: Machine
) -> None:
    other.exam(500, batch=BATCH)
    other.send(administrator)
    machine.exam(500)
    machine.send(administrator)
    assert stands(administrator) == {(2, 500, "foreign", True), (1, 500, "counted", False)}
    assert income(administrator) == 1
    assert set(alerts(administrator)) == {("debit_unissued", 2)}


def test_a_foreign_claim_after_the_honest_debit_is_a_double_and_changes_nothing(
    administrator: TestClient, machine: Machine, other: Machine
) -> None:
    machine.exam(500)
    machine.send(administrator)
    other.exam(500, batch=BATCH)
    other.send(administrator)
    assert stands(administrator) == {(2, 500, "foreign", True), (1, 500, "counted", False)}
    assert income(administrator) == 1
    assert set(alerts(administrator)) == {("debit_unissued", 2), ("double_credit", 2)}


def test_a_claim_from_an_earlier_provisioning_does_not_swallow_the_honest_debit(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    again = provision_again(context, machine, b"n" * 32)
    machine.exam(500, batch=again.batch)
    machine.send(administrator)
    assert stands(administrator) == {(1, 500, "foreign", True)}
    again.exam(500)
    again.send(administrator)
    assert stands(administrator) == {(1, 500, "counted", False)}
    assert income(administrator) == 1


def test_a_claim_and_the_honest_debit_in_one_report(administrator: TestClient, machine: Machine) -> None:
    """Whatever comes first, the row that counts is the one that fits."""
    machine.exam(500, batch=999)
    machine.exam(500)
    machine.exam(501)
    machine.exam(501, batch=999)
    machine.send(administrator)
    assert {(row[1], row[2]) for row in stands(administrator)} == {
        (500, "unissued"),
        (500, "counted"),
        (501, "unissued"),
        (501, "counted"),
    }
    assert income(administrator) == 2


@pytest.mark.parametrize("credit", [FIRST_CREDIT - 1, FIRST_CREDIT + CREDITS])
def test_a_credit_outside_of_its_batch_is_not_counted(administrator: TestClient, machine: Machine, credit: int) -> None:
    machine.exam(credit)
    machine.send(administrator)
    assert stands(administrator) == {(1, credit, "unissued", True)}


@pytest.mark.parametrize(
    ("card", "standing"),
    [
        ({"state": "written"}, "counted"),
        ({"state": "torn"}, "counted"),
        ({"state": "writing"}, "counted"),
        ({"state": "planned"}, "unissued"),
        ({"state": "failed", "outcome": "voided"}, "void"),
        ({"state": "erased", "changed_at": NOW - 86_400}, "void"),
        ({"state": "erased", "changed_at": NOW}, "counted"),
        ({"level": "white"}, "unissued"),
    ],
)
def test_the_card_decides(
    administrator: TestClient, context: Context, machine: Machine, card: dict[str, str | int], standing: str
) -> None:
    set_card(context, 500, **card)
    machine.exam(500)
    machine.send(administrator)
    assert [row[2] for row in stands(administrator)] == [standing]
    assert (("debit_unissued", 1) in alerts(administrator)) == (standing != "counted")


@pytest.mark.parametrize(
    ("state", "standing"),
    [("signed", "counted"), ("cancelled", "void"), ("planned", "unissued"), ("drawn", "unissued")],
)
def test_the_batch_decides(
    administrator: TestClient, context: Context, machine: Machine, state: str, standing: str
) -> None:
    with transaction(context.engine) as session:
        session.get_one(Batch, BATCH).state = state
    machine.exam(500)
    machine.send(administrator)
    assert [row[2] for row in stands(administrator)] == [standing]


# Revoked


def revoke(context: Context, kind: int, args: list[int]) -> int:
    with transaction(context.engine) as session:
        return commands.order_by_system(session, 1, kind, args, context.clock()).id or 0


def answer(machine: Machine, command: int, kind: int, result: int) -> None:
    machine.write(journal.COMMAND, detail=command.to_bytes(4, "big") + bytes([kind, result]))


REVOKED = pytest.mark.parametrize(
    ("kind", "args"), [(uplink.REVOKE_BATCH, [BATCH]), (uplink.REVOKE_CREDIT, [BATCH, 501])]
)


@REVOKED
def test_a_debit_after_the_machine_confirmed_the_revocation_is_alarmed(
    administrator: TestClient, context: Context, machine: Machine, kind: int, args: list[int]
) -> None:
    command = revoke(context, kind, args)
    machine.exam(500)
    machine.send(administrator)
    machine.exam(502)
    answer(machine, command, kind, results.DONE)
    machine.send(administrator, 5)
    assert alerts(administrator) == {}  # it had not heard of it before
    machine.exam(501)
    machine.send(administrator, 10)
    assert set(alerts(administrator)) == {("debit_revoked", 1)}


@REVOKED
def test_it_is_alarmed_too_when_the_debit_arrives_before_the_answer(
    administrator: TestClient, context: Context, machine: Machine, kind: int, args: list[int]
) -> None:
    command = revoke(context, kind, args)
    machine.exam(500)
    machine.send(administrator)
    answer(machine, command, kind, results.DONE)
    machine.exam(501)
    machine.send(administrator, 6)
    assert "debit_revoked" not in {kind for kind, _machine in alerts(administrator)}
    machine.send(administrator, 5, 5)
    assert set(alerts(administrator)) == {("debit_revoked", 1)}


@pytest.mark.parametrize(("result", "word"), [(results.TOO_LATE, "too_late"), (results.FULL, "full")])
def test_a_revocation_that_was_not_obeyed_is_alarmed_until_one_is(
    administrator: TestClient, context: Context, machine: Machine, clock: HandClock, result: int, word: str
) -> None:
    command = revoke(context, uplink.REVOKE_CREDIT, [BATCH, 501])
    machine.write(journal.BOOT)
    machine.send(administrator)
    answer(machine, command, uplink.REVOKE_CREDIT, result)
    machine.send(administrator, 2)
    (alert,) = administrator.get("/api/v1/alerts").json()["items"]
    assert (alert["kind"], alert["severity"], alert["detail"]["result"]) == ("revocation_failed", CRITICAL, word)
    clock.now += 60
    again = revoke(context, uplink.REVOKE_CREDIT, [BATCH, 501])
    machine.send(administrator, 3, 2)
    answer(machine, again, uplink.REVOKE_CREDIT, results.DONE)
    machine.send(administrator, 3)
    assert alerts(administrator) == {}
