"""What a day is: each clinic's own, for every figure, whatever the server's zone is."""

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from protocol import journal
from sqlmodel import select

from backoffice.accounts.roles import Role
from backoffice.app import create_app
from backoffice.context import Context
from backoffice.db import transaction
from backoffice.models import Institution
from backoffice.settings import Settings
from backoffice.web.reads import use
from tests.host.backoffice.machines import Machine
from tests.host.backoffice.support import HandClock, log_in, make_user
from tests.host.backoffice.usage.rows import clinic

EAST, WEST = "Pacific/Kiritimati", "Pacific/Pago_Pago"
THREE_DATES = int(datetime(2026, 11, 23, 10, 30, tzinfo=UTC).timestamp())
"""The 24th on Kiritimati, the 23rd in Greenwich, the 22nd in Pago Pago."""
PAGE = {"accept": "text/html"}
DAY_S = 86_400


@pytest.fixture(params=["UTC", "Asia/Shanghai", EAST, WEST])
def app(request: pytest.FixtureRequest, settings: Settings, clock: HandClock) -> Iterator[FastAPI]:
    """The server stands in one zone after another: no figure may depend on it."""
    clock.now = THREE_DATES
    made = create_app(settings.model_copy(update={"timezone": request.param}), clock)
    yield made
    made.state.context.close()


@pytest.fixture
def clinics(context: Context) -> dict[str, Machine]:
    """One machine at each of three clinics: code 1 in the east, 2 at the middle, 3 in the west."""
    return {zone: clinic(context, zone, zone, number) for number, zone in enumerate((EAST, "UTC", WEST), 1)}


def debit(client: TestClient, machine: Machine, credit: int, time: int) -> None:
    machine.write(journal.DEBIT, credit, time=time)
    machine.send(client, len(machine.entries))


def text(client: TestClient, path: str) -> str:
    answer = client.get(path, headers=PAGE)
    assert answer.status_code == 200, answer.text
    return answer.text


def total(page: str, days: int) -> int:
    found = re.search(rf'data-key="total-days-{days}" data-value="(\d+)"', page)
    assert found, page
    return int(found[1])


def chart(page: str) -> list[tuple[str, int, bool]]:
    """(label, count, whether it is marked as today) of the days that have exams or are today."""
    rows = re.findall(r'<tr data-label="([^"]*)" data-count="(\d+)" data-tip="[^"]*"( data-today)?>', page)
    return [(label, int(count), bool(today)) for label, count, today in rows if int(count) or today]


def lines(client: TestClient, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(client.get(path).content.decode("utf-8-sig"))))


def test_todays_exams_are_todays_at_every_clinic(administrator: TestClient, clinics: dict[str, Machine]) -> None:
    for credit, machine in enumerate(clinics.values(), 500):
        debit(administrator, machine, credit, THREE_DATES - 60)
    overview = text(administrator, "/")
    assert [total(overview, days) for days in (1, 7, 30)] == [3, 3, 3]
    assert chart(overview) == [("Nov 22", 1, True), ("Nov 23", 1, True), ("Nov 24", 1, True)]
    for code, day in ((1, "24"), (2, "23"), (3, "22")):
        page = text(administrator, f"/institutions/{code}")
        assert total(page, 1) == 1
        assert [(day in label, count, today) for label, count, today in chart(page)] == [(True, 1, True)]
        assert [(day in label, count) for label, count, _today in chart(text(administrator, f"/machines/{code}"))] == [
            (True, 1)
        ]
    assert ">3 exams</h2>" in text(administrator, "/usage?last=1")
    assert {line["day"] for line in lines(administrator, "/usage.csv?last=1")} == {
        "2026-11-24",
        "2026-11-23",
        "2026-11-22",
    }


def test_a_date_is_that_of_the_clinic_wherever_it_is_asked_for(
    administrator: TestClient, clinics: dict[str, Machine]
) -> None:
    for credit, machine in enumerate(clinics.values(), 500):
        debit(administrator, machine, credit, THREE_DATES - 60)
    one_day = "since=2026-11-24&until=2026-11-24"
    assert ">1 exam</h2>" in text(administrator, f"/usage?{one_day}")
    assert [line["institution"] for line in lines(administrator, f"/usage.csv?{one_day}")] == [EAST]
    one_day = "first_day=2026-11-22&last_day=2026-11-22"
    items = administrator.get(f"/api/v1/usage?{one_day}").json()["items"]
    assert [(item["machine_id"], item["day"]) for item in items] == [(3, "2026-11-22")]
    days = administrator.get("/api/v1/usage-by/day").json()["items"]
    assert [(day["day"], day["exams"]) for day in days] == [("2026-11-24", 1), ("2026-11-23", 1), ("2026-11-22", 1)]


def test_an_exam_a_minute_before_the_clinics_midnight_is_yesterdays(
    administrator: TestClient, clinics: dict[str, Machine], clock: HandClock
) -> None:
    midnight = int(datetime(2026, 11, 24, tzinfo=ZoneInfo(EAST)).timestamp())
    clock.now = midnight + 60
    debit(administrator, clinics[EAST], 500, midnight - 1)
    debit(administrator, clinics[EAST], 501, midnight)
    page = text(administrator, "/institutions/1")
    assert (total(page, 1), total(page, 7)) == (1, 2)
    assert ">1 exam</h2>" in text(administrator, "/usage?last=1&institution=1")


def test_an_exam_is_shown_by_the_clock_of_its_clinic(
    administrator: TestClient, context: Context, clinics: dict[str, Machine]
) -> None:
    debit(administrator, clinics[EAST], 500, THREE_DATES - 60)
    page = text(administrator, "/usage")
    assert ("00:29:00 UTC+14:00" in page) == (context.settings.timezone != EAST)
    assert "00:29:00" in page
    assert "Days begin and end by each clinic" in page
    assert "2026-11-24 00:29:00" in text(administrator, "/usage/1")


def test_past_days_stay_as_they_were_counted_when_a_clinic_changes_its_zone(
    administrator: TestClient, clinics: dict[str, Machine]
) -> None:
    debit(administrator, clinics[EAST], 500, THREE_DATES - 60)
    assert administrator.patch("/api/v1/institutions/1", json={"timezone": WEST}).status_code == 200
    debit(administrator, clinics[EAST], 501, THREE_DATES - 30)
    days = administrator.get("/api/v1/usage-by/day").json()["items"]
    assert [(day["day"], day["exams"]) for day in days] == [("2026-11-24", 1), ("2026-11-22", 1)]
    assert total(text(administrator, "/institutions/1"), 1) == 1


def test_a_zone_that_nobody_knows_breaks_no_page(
    administrator: TestClient, context: Context, clinics: dict[str, Machine]
) -> None:
    debit(administrator, clinics[EAST], 500, THREE_DATES - DAY_S)
    with transaction(context.engine) as session:
        session.exec(select(Institution).where(Institution.code == 1)).one().timezone = "Mars/Olympus"
    paths = ("/", "/institutions", "/usage", "/usage?last=7", "/usage.csv?last=7", "/usage/1", "/machines/1", "/cards")
    for path in paths:
        text(administrator, path)
    page = text(administrator, "/institutions/1")
    assert "does not know the time zone Mars/Olympus" in page
    assert total(page, 7) == 1


def test_a_clinics_user_and_an_agent_have_the_same_days(
    app: FastAPI, administrator: TestClient, context: Context, clinics: dict[str, Machine]
) -> None:
    for credit, machine in enumerate(clinics.values(), 500):
        debit(administrator, machine, credit, THREE_DATES - 60)
    make_user(context, "east", Role.INSTITUTION, institution_id=1)
    user = log_in(app, "east")
    assert total(text(user, "/"), 1) == 1
    assert ">1 exam</h2>" in text(user, "/usage?last=1")


HOUSE = Path(use.__file__).parents[2]
DAY_WORDS = re.compile(r"\.fromtimestamp\(|\bdate\.today\(|datetime\.(?:now|utcnow|today)\(|\bday_at\(|[^_]zone\(")
MAKE_DAYS = {
    "clock.py": "where the calendar begins",
    "days.py": "the rule",
    "ingest/moments.py": "the day that is stored",
    "ingest/provisional.py": "the same, once a zone is known that was not",
    "timekeeping/cli.py": "a moment in UTC, for who looks after the server",
    "institutions/schemas.py": "checks a name",
    "settings.py": "checks a name",
    "web/formats.py": "shows a moment by a clock that it is given",
    "web/page.py": "the server's clock, for what happens at no clinic",
    "web/pages/sms.py": "short messages belong to the server: its days",
    "sms/service.py": "the same",
    "tls/certificates.py": "a certificate's validity",
}


def test_nobody_else_makes_days_of_moments() -> None:
    """A new page that asks the server's calendar is found here."""
    found = {
        path.relative_to(HOUSE).as_posix()
        for path in HOUSE.rglob("*.py")
        if DAY_WORDS.search(path.read_text()) and "migrations" not in path.parts
    }
    assert found <= set(MAKE_DAYS), found - set(MAKE_DAYS)
