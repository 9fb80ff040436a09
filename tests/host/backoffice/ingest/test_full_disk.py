"""No room left: a clear error, the process lives, nothing acknowledged is lost, and it goes on when there is room."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event

from backoffice.context import Context
from backoffice.db import PAGE_BYTES, READ, Database, make_engine, transaction
from backoffice.ingest import repository
from tests.host.backoffice.machines import Machine, add_institution, add_machine, post
from tests.host.backoffice.support import ORIGIN

REPORTS_MAX = 40
ENTRIES_A_REPORT = 200


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url=ORIGIN) as client:
        yield client


@pytest.fixture
def machine(context: Context) -> Machine:
    return add_machine(context, Machine(), add_institution(context))


def limit(database: Database, more_pages: int) -> None:
    """So many pages more than there are: the quota of every connection that is opened from now on."""
    with database.requests.connect() as connection:
        max_pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one()) + more_pages

    def prepare(connection: object, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={max_pages}").close()  # type: ignore[attr-defined]

    for engine in (database.requests, database.background, database.writer):
        engine.dispose()
        event.listen(engine, "connect", prepare)


def test_a_full_database_refuses_and_goes_on_when_there_is_room(
    client: TestClient, context: Context, machine: Machine
) -> None:
    limit(context.database, 40)
    for credit in range(500, 500 + REPORTS_MAX * ENTRIES_A_REPORT // 4):
        machine.exam(credit)
    acked = 0
    for _ in range(REPORTS_MAX):
        message = machine.report(acked + 1, acked + ENTRIES_A_REPORT)
        answer = post(client, message)
        if answer.status_code != 200:
            break
        acked = machine.ack(message, answer).ack_seq
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full")
    assert client.get("/health").json()["status"] == "well"
    assert post(client, message).json()["error"]["code"] == "storage_full"
    with transaction(context.engine, READ) as session:
        assert len(repository.stored_macs(session, 1, 1, 0, 0xFFFFFFFF)) == acked > 0
    limit(context.database, 10_000)
    assert machine.send(client, acked + 1, acked + ENTRIES_A_REPORT).ack_seq == acked + ENTRIES_A_REPORT


def test_other_requests_say_so_too(administrator: TestClient, context: Context) -> None:
    limit(context.database, 0)
    codes = set()
    for number in range(200):
        answer = administrator.post(
            "/api/v1/institutions", json={"name": f"{number} " + "x" * 100, "contact": "y" * 400}
        )
        codes.add(answer.status_code)
        if answer.status_code != 201:
            break
    assert answer.json()["error"]["code"] == "storage_full"
    assert administrator.get("/api/v1/institutions").status_code == 200


def test_the_quota_is_a_setting(context: Context) -> None:
    max_pages = 5000
    engine = make_engine(context.settings.model_copy(update={"database_max_bytes": max_pages * PAGE_BYTES}))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA max_page_count").scalar_one() == max_pages
    engine.dispose()
