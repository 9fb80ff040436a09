"""The list of machines: none is out of reach, however many there are and whatever they report while it is read; where
only the first are shown, these are those that need a person.
"""

import re
from collections import Counter
from collections.abc import Mapping

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert, update
from sqlmodel import col, select

from backoffice.context import Context
from backoffice.db import transaction
from backoffice.institutions import service as institutions
from backoffice.institutions.schemas import InstitutionCreate
from backoffice.models import Device, JournalChain, Machine
from backoffice.web.pages.filters import CHOICES_MAX
from backoffice.web.reads.journals import CHAINS_SHOWN
from backoffice.web.reads.machines import MachineFilter, page_by_name
from tests.host.backoffice.support import NOW

MANY = 2_103
SILENT_FOR_S = 4000
ROW = re.compile(r'data-key="machine-(\d+)"')
NEXT = re.compile(r'rel="next" href="([^"]+)"')
BEFORE = re.compile(r'rel="prev" href="([^"]+)"')


def add(context: Context, *machines: Mapping[str, object]) -> None:
    usual = {"role": "swipe", "state": "active", "epoch": 1, "report_interval_s": 600, "registered_at": 0}
    with transaction(context.engine) as session:
        session.connection().execute(
            insert(Machine), [{"name": f"M{one['id']}", "institution_id": None, **usual, **one} for one in machines]
        )


@pytest.fixture
def crowd(context: Context) -> None:
    """More machines than any list was ever cut at; the last of them is silent, and alone in its institution."""
    with transaction(context.engine) as session:
        places = [
            institutions.create(session, InstitutionCreate(name=name), "UTC", NOW) for name in ("Great hall", "Van")
        ]
        session.flush()
        great, van = (place.id for place in places)
    present: list[dict[str, object]] = [
        {"id": number, "institution_id": great, "last_seen_at": NOW} for number in range(1, MANY)
    ]
    add(context, *present, {"id": MANY, "institution_id": van, "last_seen_at": NOW - SILENT_FOR_S})


def shown(client: TestClient, path: str) -> list[int]:
    return [int(number) for number in ROW.findall(client.get(path).text)]


def linked(page: str, link: re.Pattern[str]) -> str:
    found = link.search(page)
    return found[1].replace("&amp;", "&") if found else ""


def move(context: Context, last_seen_at: int) -> None:
    """Every machine was heard then, and one that is called like the first is new."""
    with transaction(context.engine) as session:
        session.connection().execute(update(Machine).values(last_seen_at=last_seen_at))
    with transaction(context.engine) as session:
        number = max(session.scalars(select(Machine.id))) + 1
    add(context, {"id": number, "name": "M1", "last_seen_at": NOW})


@pytest.mark.usefixtures("crowd")
def test_every_machine_stands_on_one_page_whatever_they_report_meanwhile(
    administrator: TestClient, context: Context
) -> None:
    """Between two pages all fall silent or are heard again, so that nobody's place may hang on when it was heard."""
    found: Counter[int] = Counter()
    path, heard = "/machines", NOW
    while path:
        page = administrator.get(path).text
        found.update(int(number) for number in ROW.findall(page))
        path, heard = linked(page, NEXT), NOW + NOW - SILENT_FOR_S - heard
        move(context, heard)
    assert {number: found[number] for number in range(1, MANY + 1)} == dict.fromkeys(range(1, MANY + 1), 1)


@pytest.mark.usefixtures("crowd")
def test_one_goes_back_the_way_one_came(administrator: TestClient) -> None:
    first = administrator.get("/machines?presence=present").text
    second = administrator.get(linked(first, NEXT)).text
    third = administrator.get(linked(second, NEXT)).text
    again = administrator.get(linked(third, BEFORE)).text
    assert ROW.findall(again) == ROW.findall(second)
    assert ROW.findall(administrator.get(linked(again, BEFORE)).text) == ROW.findall(first)
    assert linked(first, BEFORE) == ""


@pytest.mark.usefixtures("crowd")
def test_machines_of_one_name_are_told_apart(administrator: TestClient, context: Context) -> None:
    with transaction(context.engine) as session:
        session.connection().execute(update(Machine).values(name="Same"))
    found, path = [], "/machines"
    while path:
        page = administrator.get(path).text
        found += [int(number) for number in ROW.findall(page)]
        path = linked(page, NEXT)
    assert found == list(range(1, MANY + 1))


@pytest.mark.usefixtures("crowd")
def test_a_filter_looks_at_every_machine(administrator: TestClient) -> None:
    assert shown(administrator, "/machines?presence=silent") == [MANY]
    assert shown(administrator, "/machines?institution=2") == [MANY]
    assert shown(administrator, "/machines?institution=2&presence=present") == []
    assert shown(administrator, "/machines?institution=99") == []


@pytest.mark.usefixtures("crowd")
def test_how_many_there_are_is_said(administrator: TestClient) -> None:
    assert "50 of 2,103 machines, by name" in administrator.get("/machines").text
    assert 'data-key="machines-shown"' not in administrator.get("/machines?presence=silent").text
    assert 'data-value="2102/2103"' in administrator.get("/").text
    hall = administrator.get("/institutions/1").text
    assert ROW.findall(hall)
    assert "2,102 machines" in hall


@pytest.mark.usefixtures("crowd")
def test_where_the_first_are_shown_those_that_need_a_person_are(administrator: TestClient, context: Context) -> None:
    assert shown(administrator, "/")[0] == MANY
    with transaction(context.engine) as session:
        session.connection().execute(
            update(Machine).where(col(Machine.id) == MANY - 1).values(last_seen_at=NOW - SILENT_FOR_S)
        )
    assert shown(administrator, "/institutions/1")[0] == MANY - 1


@pytest.mark.parametrize(
    ("role", "state", "silent_s", "expected"),
    [
        ("swipe", "active", None, "never"),
        ("swipe", "active", 0, "present"),
        ("swipe", "active", 900, "present"),
        ("swipe", "active", 901, "late"),
        ("swipe", "active", 1801, "silent"),
        ("swipe", "locked", 0, "locked"),
        ("swipe", "retired", 0, "retired"),
        ("child_issuer", "active", 86400, "desk"),
        ("master_issuer", "active", None, "desk"),
        ("master_issuer", "retired", None, "retired"),
    ],
)
def test_presence(context: Context, role: str, state: str, silent_s: int | None, expected: str) -> None:
    seen = None if silent_s is None else NOW - silent_s
    add(context, {"id": 1, "role": role, "state": state, "last_seen_at": seen})
    with transaction(context.engine) as session:
        (found,) = page_by_name(session, MachineFilter(None), NOW, 10).rows
        assert found.presence == expected
        assert [row.id for row in page_by_name(session, MachineFilter(None, presence=expected), NOW, 10).rows] == [1]


def test_what_a_machines_page_does_not_offer_is_said(administrator: TestClient, context: Context) -> None:
    """More provisionings than the filter has, and more readers than the form."""
    add(context, {"id": 1, "last_seen_at": NOW})
    with transaction(context.engine) as session:
        session.add_all(
            JournalChain(machine_id=1, epoch=epoch, contiguous_seq=0, contiguous_mac=b"", highest_seq=0)
            for epoch in range(1, CHAINS_SHOWN + 3)
        )
        session.add_all(
            Device(name=f"D{number}", url=f"socket://d:{number}", role="child_issuer", created_at=NOW)
            for number in range(CHOICES_MAX + 3)
        )
    page = administrator.get("/machines/1").text
    assert "2 more are not listed" in page
    assert "3 more are not listed" in page
