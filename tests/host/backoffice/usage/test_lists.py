"""Lists of exams: nothing twice and nothing missing while exams arrive, and nothing cut without a word."""

import asyncio
import csv
import re
import tracemalloc
from collections.abc import Iterator, MutableMapping
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import insert
from sqlmodel import select

from backoffice.accounts.roles import Role
from backoffice.admission.classes import PAGES
from backoffice.context import Context
from backoffice.days import zone_of
from backoffice.db import transaction
from backoffice.models import Agent, InDoubt, Institution
from backoffice.usage import repository
from backoffice.usage.wanted import Wanted
from backoffice.web.formats import Formats
from backoffice.web.i18n import translator
from backoffice.web.pages.filters import CHOICES_MAX, ROWS_A_PAGE
from backoffice.web.pages.usage import FILE_BATCH_ROWS, in_batches
from backoffice.web.reads.places import page_by_name
from backoffice.web.spreadsheet import COLUMNS, spreadsheet
from tests.host.backoffice.machines import Machine, add_institution, add_machine
from tests.host.backoffice.support import NOW, log_in, make_user
from tests.host.backoffice.usage.rows import clinic, row, store

PAGE = {"accept": "text/html"}
CLINICS = 3


@pytest.fixture
def places(context: Context) -> dict[int, Institution]:
    """Three clinics with a machine each; machine and institution have the same number."""
    for number in range(1, CLINICS + 1):
        clinic(context, f"Clinic {number}", "UTC", number)
    with transaction(context.engine) as session:
        return {place.id or 0: place for place in session.exec(select(Institution))}


@pytest.fixture
def many(context: Context, places: dict[int, Institution]) -> set[int]:
    """Numbers of 150 debits, five in every second, so that a place in the list is not a time alone."""
    rows = [row(1 + k % CLINICS, places[1 + k % CLINICS], k, NOW - 1000 - k // 5) for k in range(150)]
    rows += [row(1, None, 900 + k, NOW - 1000 - k) for k in range(3)]
    store(context, rows)
    return set(range(1, 154))


@pytest.fixture(params=["administrator", "agent", "institution"])
def viewer(
    request: pytest.FixtureRequest,
    app: FastAPI,
    context: Context,
    administrator: TestClient,
    places: dict[int, Institution],
) -> TestClient:
    """Somebody who sees all, two clinics, or one."""
    if request.param == "administrator":
        return administrator
    if request.param == "institution":
        make_user(context, "viewer", Role.INSTITUTION, institution_id=1)
    else:
        with transaction(context.engine) as session:
            agent = Agent(name="Agent", created_at=NOW)
            session.add(agent)
            session.flush()
            for number in (1, 2):
                session.get_one(Institution, number).agent_id = agent.id
        make_user(context, "viewer", Role.AGENT, agent_id=agent.id)
    return log_in(app, "viewer")


def arrive(context: Context, places: dict[int, Institution], number: int) -> None:
    """An exam of this moment, and one that comes late."""
    store(
        context,
        [row(1, places[1], 10_000 + number, NOW - 10 + number), row(1, places[1], 20_000 + number, NOW - 1015)],
    )


def walk(
    client: TestClient, path: str, limit: int, between: Iterator[None] | None = None, **query: Any
) -> list[dict[str, Any]]:
    """All pages of a list, something happening after each."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        asked: dict[str, Any] = {"limit": limit, **query, **({"cursor": cursor} if cursor else {})}
        page = client.get(path, params=asked).json()
        assert len(page["items"]) <= limit
        assert page["more"] == (page["next"] is not None)
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found
        assert len(page["items"]) == limit
        next(between or iter(()), None)


def arrivals(context: Context, places: dict[int, Institution]) -> Iterator[None]:
    for number in range(100):
        arrive(context, places, number)
        yield


def test_pages_give_every_debit_once_while_others_arrive(
    viewer: TestClient, context: Context, places: dict[int, Institution], many: set[int]
) -> None:
    there = {item["id"] for item in viewer.get("/api/v1/usage", params={"limit": 500}).json()["items"]}
    assert len(there) in (153, 100, 50)
    found = [item["id"] for item in walk(viewer, "/api/v1/usage", 7, arrivals(context, places))]
    assert len(found) == len(set(found))
    assert there <= set(found)


def test_a_list_is_newest_first_whoever_looks(viewer: TestClient, many: set[int]) -> None:
    found = [(item["time"], item["id"]) for item in walk(viewer, "/api/v1/usage", 11)]
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize(
    "query", [{"machine_id": 2}, {"institution_id": 1}, {"disputed": False}, {"first_day": "2020-01-01"}]
)
def test_filters_are_paged_too(viewer: TestClient, many: set[int], query: dict[str, Any]) -> None:
    whole = viewer.get("/api/v1/usage", params={"limit": 500, **query}).json()["items"]
    assert walk(viewer, "/api/v1/usage", 9, **query) == whole


@pytest.mark.parametrize("by", ["day", "institution", "machine"])
@pytest.mark.parametrize("query", [{}, {"first_day": "2020-01-01"}, {"machine_id": 1}, {"institution_id": 1}])
def test_sums_are_paged_and_add_up(
    viewer: TestClient,
    context: Context,
    places: dict[int, Institution],
    many: set[int],
    by: str,
    query: dict[str, Any],
) -> None:
    store(context, [row(1, places[1], 5000 + k, NOW - k * 86_400, disputed=k % 2 == 0) for k in range(10)])
    store(context, [row(1, places[1], 6000 + k, NOW - k * 86_400, standing="foreign") for k in range(4)])
    debits = walk(viewer, "/api/v1/usage", 500, **query)
    groups = walk(viewer, f"/api/v1/usage-by/{by}", 1, **query)
    key = by if by == "day" else f"{by}_id"
    expected: dict[object, list[int]] = {}
    for debit in debits:
        figures = expected.setdefault(debit[key], [0, 0, 0])
        counts = debit["standing"] == "counted"
        figures[0] += counts
        figures[1] += bool(counts and debit["disputed"])
        figures[2] += not counts
    assert {g[key]: [g["exams"], g["disputed"], g["uncounted"]] for g in groups} == expected
    order = [-1 if g[key] is None else g[key] for g in groups]
    assert order == sorted(order, reverse=by == "day")


@pytest.mark.parametrize(("disputed", "exams"), [(True, 5), (False, 5)])
def test_sums_of_disputed_debits(
    administrator: TestClient, context: Context, places: dict[int, Institution], disputed: bool, exams: int
) -> None:
    store(context, [row(1, places[1], k, NOW, disputed=k % 2 == 0) for k in range(10)])
    for by in ("day", "institution", "machine"):
        (group,) = administrator.get(f"/api/v1/usage-by/{by}", params={"disputed": disputed}).json()["items"]
        assert (group["exams"], group["disputed"]) == (exams, exams if disputed else 0)


def test_exams_in_doubt_are_paged(viewer: TestClient, context: Context, places: dict[int, Institution]) -> None:
    with transaction(context.engine) as session:
        for k in range(30):
            machine = 1 + k % CLINICS
            session.add(
                InDoubt(machine_id=machine, credit=k, batch=1, epoch=1, seq=k, time=NOW, received_at=NOW - k // 4)
            )
    found = [(item["received_at"], item["machine_id"], item["credit"]) for item in walk(viewer, "/api/v1/in-doubt", 4)]
    assert found == sorted(found)
    assert len(found) == len(set(found))
    assert len(found) in (30, 20, 10)


@pytest.mark.parametrize("path", ["/usage", "/usage-by/day", "/usage-by/machine", "/in-doubt"])
def test_an_offset_is_refused_and_a_false_cursor_too(administrator: TestClient, path: str) -> None:
    answer = administrator.get(f"/api/v1{path}?offset=50")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "offset_retired")
    assert administrator.get(f"/api/v1{path}?offset=0").status_code == 200
    for cursor in ("x", "1-2-3-4", "-1", "1--2", "9" * 30, "1" * 65, "١-٢", "99999999999999999999-1", "1\n-2"):
        answer = administrator.get(f"/api/v1{path}", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["error"]["code"]) in ((422, "invalid_cursor"), (422, "invalid_input"))


def test_a_day_that_is_none_is_no_cursor(administrator: TestClient) -> None:
    for cursor in ("0", "9999999"):
        answer = administrator.get("/api/v1/usage-by/day", params={"cursor": cursor})
        assert answer.json()["error"]["code"] == "invalid_cursor"


# Pages.


def shown(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'data-key="debit-(\d+)"', page)]


def link(page: str, relation: str) -> str:
    found = re.search(rf'rel="{relation}" href="([^"]+)"', page)
    return found[1].replace("&amp;", "&") if found else ""


def test_older_and_newer_lead_along_the_list_while_exams_arrive(
    viewer: TestClient, context: Context, places: dict[int, Institution], many: set[int]
) -> None:
    pages = [viewer.get("/usage", headers=PAGE).text]
    newer_first = link(pages[0], "prev")
    while older := link(pages[-1], "next"):
        arrive(context, places, len(pages))
        pages.append(viewer.get(older, headers=PAGE).text)
    seen = [number for page in pages for number in shown(page)]
    assert newer_first == ""
    assert len(seen) == len(set(seen))
    assert len({number for number in seen if number in many}) in (153, 100, 50)
    back = viewer.get(link(pages[-1], "prev"), headers=PAGE).text if len(pages) > 1 else ""
    assert len(pages) == 1 or len(shown(back)) == ROWS_A_PAGE
    if len(pages) > 3:  # between two full pages: exactly the one that was there
        assert shown(back)[-1] == shown(pages[-2])[-1]


def test_the_newest_page_is_full_when_one_comes_back_to_it(administrator: TestClient, many: set[int]) -> None:
    first = administrator.get("/usage", headers=PAGE).text
    second = administrator.get(link(first, "next"), headers=PAGE).text
    assert shown(administrator.get(link(second, "prev"), headers=PAGE).text) == shown(first)


def test_institutions_are_paged_by_name(administrator: TestClient, context: Context) -> None:
    for number in range(120):
        add_institution(context, f"Place {number:03d}")
    seen: list[str] = []
    path = "/institutions"
    while path:
        page = administrator.get(path, headers=PAGE).text
        assert "120 institutions" in page
        seen += re.findall(r">(Place \d+)</a>", page)
        path = link(page, "next")
    assert seen == [f"Place {number:03d}" for number in range(120)]
    with transaction(context.engine) as session:
        last = page_by_name(session, None, 50, after=100)
        assert [row.code for row in page_by_name(session, None, 50, before=last.before).rows] == list(range(51, 101))
    assert "110 other institutions" in administrator.get("/", headers=PAGE).text


def test_a_filter_says_what_it_does_not_offer(administrator: TestClient, context: Context) -> None:
    place = add_institution(context, "Clinic")
    add_machine(context, Machine(machine_id=1), place)
    with transaction(context.engine) as session:
        copies = [
            {"code": 1000 + k, "name": f"Place {k:04d}", "timezone": "UTC", "city": "", "contact": "", "active": True}
            | {"created_at": NOW}
            for k in range(CHOICES_MAX + 20)
        ]
        session.execute(insert(Institution), copies)
    page = administrator.get("/usage", headers=PAGE).text
    assert page.count('<option value="1') <= CHOICES_MAX + 20
    assert "21 more are not listed" in page
    beyond = administrator.get("/usage?institution=1519", headers=PAGE).text
    assert '<option value="1519" selected>' in beyond
    assert "20 more are not listed" in beyond


def test_exams_in_doubt_beyond_those_shown_are_counted(
    administrator: TestClient, context: Context, places: dict[int, Institution]
) -> None:
    with transaction(context.engine) as session:
        for k in range(57):
            session.add(InDoubt(machine_id=1, credit=k, batch=1, epoch=1, seq=k, time=NOW, received_at=NOW))
    assert "7 more are in doubt" in administrator.get("/alerts", headers=PAGE).text


# The file.


@pytest.fixture
def heap(context: Context, places: dict[int, Institution]) -> int:
    """More debits than a batch of the file holds, several times."""
    number = 5 * FILE_BATCH_ROWS + 17
    store(context, [row(1 + k % CLINICS, places[1 + k % CLINICS], k, NOW - k // 3) for k in range(number)])
    return number


def english() -> Formats:
    return Formats(translator("en"), zone_of("UTC"), NOW)


def test_the_file_has_every_row(viewer: TestClient, heap: int) -> None:
    lines = list(csv.DictReader(StringIO(viewer.get("/usage.csv").content.decode("utf-8-sig"))))
    numbers = [int(line["number"]) for line in lines]
    assert len(numbers) == len(set(numbers))
    assert len(numbers) in (heap, *(sum(k % CLINICS < clinics for k in range(heap)) for clinics in (1, 2)))
    assert set(lines[0]) == set(COLUMNS)


def test_the_file_holds_what_there_was_when_it_was_asked_for(
    context: Context, places: dict[int, Institution], heap: int
) -> None:
    pieces = spreadsheet(in_batches(context, wanted_now(context)), english())
    text = next(pieces) + next(pieces)
    arrive(context, places, 1)
    text += "".join(pieces)
    assert len(list(csv.DictReader(StringIO(text)))) == heap


def test_a_file_that_is_taken_slowly_holds_nothing(context: Context, places: dict[int, Institution], heap: int) -> None:
    pieces = spreadsheet(in_batches(context, wanted_now(context)), english())
    next(pieces)
    next(pieces)
    assert context.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    arrive(context, places, 1)  # somebody writes meanwhile
    with context.engine.connect() as connection:
        busy, _log, _done = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    assert busy == 0  # and the log can be emptied


def test_files_that_nobody_reads_take_no_page_away(app: FastAPI, administrator: TestClient, heap: int) -> None:
    """More readers who fall asleep at the beginning than there are slots for pages."""
    cookie = "; ".join(f"{name}={value}" for name, value in administrator.cookies.items()).encode()

    async def readers_and_a_page() -> int:
        sleepers = [Reader(app, "/usage.csv", cookie, sleeps=True) for _sleeper in range(PAGES.bounds.slots + 4)]
        for sleeper in sleepers:
            await sleeper.begun.wait()
        reader = Reader(app, "/usage", cookie)
        await reader.done
        for sleeper in sleepers:
            sleeper.done.cancel()
        await asyncio.gather(*(sleeper.done for sleeper in sleepers), return_exceptions=True)
        return reader.status

    assert asyncio.run(readers_and_a_page()) == 200


class Reader:
    """A client at the application's own door, which may fall asleep over the beginning of the answer."""

    def __init__(self, app: FastAPI, path: str, cookie: bytes, *, sleeps: bool = False) -> None:
        self.status = 0
        self.begun = asyncio.Event()
        self._asked = False
        self._sleeps = sleeps
        headers = [(b"host", b"testserver"), (b"cookie", cookie), (b"accept", b"text/html")]
        scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
        scope |= {"headers": headers, "client": ("127.0.0.1", 1), "server": ("testserver", 80), "scheme": "http"}
        self.done = asyncio.ensure_future(app({**scope, "root_path": "", "asgi": {}}, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        if self._asked:
            await asyncio.Event().wait()
        self._asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        self.status = message.get("status", self.status)
        if message["type"] == "http.response.body":
            self.begun.set()
            if self._sleeps:
                await asyncio.Event().wait()


def test_the_file_takes_the_same_memory_however_long_it_is(context: Context, heap: int) -> None:
    def peak(batches: int) -> int:
        pieces = spreadsheet(in_batches(context, wanted_now(context)), english())
        tracemalloc.start()
        for _piece in range(1 + batches):
            assert next(pieces).count("\n") <= FILE_BATCH_ROWS
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(1)  # what is loaded once
    assert peak(5) < 1.5 * peak(2)


def wanted_now(context: Context) -> Wanted:
    with transaction(context.engine) as session:
        return replace(Wanted(None), newest_id=repository.highest_id(session))
