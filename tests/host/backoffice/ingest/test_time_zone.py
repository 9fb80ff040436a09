"""A clinic whose time zone the system does not know any more: its reports are stored, its days are mended later."""

import pytest
from fastapi.testclient import TestClient

from backoffice.app import create_app
from backoffice.context import Context
from backoffice.db import transaction
from backoffice.models import Institution
from tests.host.backoffice.machines import Machine, add_institution, add_machine
from tests.host.backoffice.support import NOW

LATE_IN_UTC = NOW - NOW % 86400 - 86400 + 17 * 3600
"""The next day in Shanghai."""


@pytest.fixture
def machine(context: Context) -> Machine:
    return add_machine(context, Machine(), add_institution(context, timezone="Asia/Shanghai"))


def set_zone(context: Context, name: str) -> None:
    with transaction(context.engine) as session:
        session.get_one(Institution, 1).timezone = name


def days(client: TestClient) -> list[str]:
    return [row["day"] for row in client.get("/api/v1/usage").json()["items"]]


def alerts(client: TestClient) -> list[tuple[str, int]]:
    items = client.get("/api/v1/alerts").json()["items"]
    return [(item["kind"], item["institution_id"]) for item in items]


@pytest.mark.parametrize("name", ["US/Pacific-Gone", "", "/etc/passwd", "..", "Asia", "\x00", "🕛", "x" * 300])
def test_a_zone_that_nobody_knows_costs_no_report(
    administrator: TestClient, context: Context, machine: Machine, name: str
) -> None:
    set_zone(context, name)
    machine.write(3, 500, time=LATE_IN_UTC)
    assert machine.send(administrator).ack_seq == 1
    in_utc = days(administrator)
    assert alerts(administrator) == [("zone_unknown", 1)]
    context.ingest.writer.keep_up()
    assert days(administrator) == in_utc
    set_zone(context, "Asia/Shanghai")
    context.ingest.writer.keep_up()
    assert days(administrator) > in_utc
    assert alerts(administrator) == []
    machine.write(3, 501, time=LATE_IN_UTC)
    machine.send(administrator, 2)
    assert len(set(days(administrator))) == 1


def test_a_restart_counts_the_day_again_before_any_report_comes(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    set_zone(context, "US/Pacific-Gone")
    machine.write(3, 500, time=LATE_IN_UTC)
    machine.send(administrator)
    in_utc = days(administrator)
    set_zone(context, "Asia/Shanghai")
    with TestClient(create_app(context.settings, context.clock)):
        pass  # it ends what it began
    assert days(administrator) > in_utc


@pytest.mark.parametrize("damaged", ["x'80'", "7", "x''"])
def test_a_zone_that_is_no_text_breaks_no_page(
    administrator: TestClient, context: Context, machine: Machine, damaged: str
) -> None:
    machine.write(3, 500, time=LATE_IN_UTC)
    machine.send(administrator)
    with context.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE institution SET timezone = {damaged}")  # noqa: S608
    pages = ("/", "/institutions", "/institutions/1", "/usage", "/machines", "/machines/1", "/usage/1")
    assert {path: administrator.get(path).status_code for path in pages} == dict.fromkeys(pages, 200)
