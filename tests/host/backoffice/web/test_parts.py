"""The parts under the pages, without a browser."""

import csv
import gzip
import re
from dataclasses import replace
from datetime import UTC
from io import StringIO
from pathlib import Path

import httpx2
import pytest
from typer.main import get_command

from backoffice.web import assets, catalog
from backoffice.web.charts import chart
from backoffice.web.formats import Formats
from backoffice.web.i18n import LANGUAGES, choose_language, translator
from backoffice.web.page import safe_next
from backoffice.web.security import HEADERS
from backoffice.web.spreadsheet import COLUMNS, spreadsheet
from backoffice.web.views import DebitRow, Stock, address
from tests.host.backoffice.support import PASSWORD
from tests.host.backoffice.web.office import PATIENCE_S, Office
from tools.cli import app as perscan

NOW = 1_795_445_000


@pytest.fixture
def english() -> Formats:
    return Formats(translator("en"), UTC, NOW)


def test_every_sentence_is_translated() -> None:
    for language in LANGUAGES:
        if language != "en":
            assert catalog.untranslated(catalog.update(language)) == []


def test_the_stored_catalog_is_up_to_date() -> None:
    stored = {message.id for message in translator("zh_Hans").catalog if message.id}
    assert stored == {message.id for message in catalog.update("zh_Hans") if message.id}


def test_a_translation_keeps_its_places() -> None:
    formatted = [message for message in translator("zh_Hans").catalog if message.id and message.python_format]
    assert formatted
    assert [message.id for message in formatted if list(message.check())] == []


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        (None, "", "en"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh_Hans"),
        (None, "zh", "zh_Hans"),
        (None, "de-DE,de;q=0.9", "en"),
        (None, "*", "en"),
        (None, "x" * 5000, "en"),
        (None, "../../etc/passwd", "en"),
        ("zh_Hans", "en", "zh_Hans"),
        ("../../etc", "en", "en"),
    ],
)
def test_the_language(cookie: str | None, accepted: str, language: str) -> None:
    assert choose_language(cookie, accepted) == language


@pytest.mark.parametrize(
    ("wanted", "safe"),
    [
        ("/machines?x=1", "/machines?x=1"),
        ("", "/"),
        ("machines", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("/\t/evil.example", "/"),
    ],
)
def test_where_a_form_may_lead(wanted: str, safe: str) -> None:
    assert safe_next(wanted) == safe


def test_times_are_told_as_a_person_tells_them(english: Formats) -> None:
    assert english.ago(NOW) == "just now"
    assert english.ago(NOW - 44) == "just now"
    assert english.ago(NOW - 180) == "3 minutes ago"
    assert english.ago(NOW - 3 * 86400) == "3 days ago"
    assert english.ago(NOW - 30 * 86400) == "Oct 24, 2026"
    assert english.span(3600) == "1 hour"
    assert english.span(900) == "15 minutes"
    assert english.iso(0) == "1970-01-01T00:00:00Z"


def test_a_change_from_nothing_is_no_division(english: Formats) -> None:
    assert english.change(5, 0) == "0%"
    assert english.percent(1, 0) == "0%"


def test_a_stock_without_use_lasts_for_nobody_knows_how_long() -> None:
    assert Stock(100).days_left is None
    assert Stock(100, used=70, days=28).days_left == 40
    assert Stock(0, used=70, days=28).days_left == Stock(0).days_left == 0


def test_the_first_minutes_of_a_clinic_are_no_pace() -> None:
    first_day = Stock(58, used=4, days=1)
    assert (first_day.days_left, first_day.too_new) == (None, True)
    second_week = Stock(60, used=40, days=8)
    assert (second_week.days_left, second_week.too_new) == (12, False)


def test_an_address_leaves_out_what_was_not_chosen() -> None:
    assert address("/usage", institution=None, machine="", since="2026-11-01") == "/usage?since=2026-11-01"
    assert address("/usage", machine=0) == "/usage?machine=0"


def test_a_spreadsheet_takes_no_formula_from_a_name(english: Formats) -> None:
    row = DebitRow(1, NOW, "trusted", '=cmd|"x"', 7, "m", 1, 2, 3, False, NOW, day="2026-11-23")
    lines = list(csv.reader(StringIO("".join(spreadsheet([[row]], english)))))
    cells = ["1", "2026-11-23T14:43:20Z", "trusted", "7", '\'=cmd|"x"', "1", "2", "3", "", "2026-11-23", "yes"]
    assert lines[1] == cells


def test_a_spreadsheet_speaks_the_readers_language(english: Formats) -> None:
    row = DebitRow(1, NOW, "estimated", "North", 7, "m", 1, 2, 3, True, NOW, day="2026-11-23", standing="void")
    for language, name, codes in (
        ("en", "time quality", {"estimated", "yes", "void"}),
        ("zh_Hans", "时间依据", {"估计", "是", "作废"}),
    ):
        formats = replace(english, translator=translator(language))
        names, cells = csv.reader(StringIO("".join(spreadsheet([[row]], formats)).removeprefix("\ufeff")))
        assert len(names) == len(COLUMNS)
        assert name in names
        assert codes <= set(cells)


def test_no_page_names_a_command_that_does_not_exist() -> None:
    known = vars(get_command(perscan))["commands"]
    assert {"serve", "tls"} <= set(known)
    for message in catalog.collect():
        said = message.id if isinstance(message.id, str) else " ".join(message.id)
        for words in re.findall(r"\bperscan ((?:[a-z-]+ ?)+)", said):
            first, *more = words.split()
            assert first in known, said
            deeper = vars(known[first]).get("commands", {})
            assert not (deeper and more) or more[0] in deeper, said


def test_the_chart_library_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def bundle(snippet: str, vl_version: str) -> str:
        made.append(f"{snippet} {vl_version}")
        return "js"

    monkeypatch.setattr("vl_convert.javascript_bundle", bundle)
    assert gzip.decompress(assets.vega_bundle(tmp_path)) == b"js"
    assert gzip.decompress(assets.vega_bundle(tmp_path)) == b"js"
    assert len(made) == 1
    assert [path.suffix for path in tmp_path.iterdir()] == [".gz"]


def test_charts_bring_no_data_along() -> None:
    spec = chart("use-by-day")
    assert spec is not None
    assert [source.get("values") for source in spec["data"] if source["name"] == "rows"] == [None]
    assert chart("../secrets") is None


def test_headers_and_caching(office: Office) -> None:
    with httpx2.Client(base_url=office.url, headers={"accept": "text/html"}, timeout=PATIENCE_S) as client:
        page = client.get("/login")
        for name, value in HEADERS.items():
            assert page.headers[name] == value
        assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; ")
        assert page.headers["cache-control"] == "no-store"
        sheet = client.get(f"{assets.static_path()}/css/base.css")
        assert "immutable" in sheet.headers["cache-control"]
        assert client.get("/static/old/css/base.css").status_code == 404
        assert client.get(f"{assets.static_path()}/../page.py").status_code == 404
        library = client.get(f"/assets/{assets.vega_name()}")
        assert library.headers["content-encoding"] == "gzip"
        assert "window.vegaEmbed=" in library.text
        plain = client.get(f"/assets/{assets.vega_name()}", headers={"accept-encoding": "identity"})
        assert plain.text == library.text
        assert client.get("/assets/other.js").status_code == 404


def test_programs_get_their_errors_as_json(office: Office) -> None:
    with httpx2.Client(base_url=office.url, timeout=PATIENCE_S) as client:
        assert client.get("/machines").json()["error"]["code"] == "not_logged_in"
        assert (
            client.get("/api/v1/machines", headers={"accept": "text/html"}).json()["error"]["code"] == "not_logged_in"
        )


def test_the_file_holds_what_the_page_shows(office: Office) -> None:
    with httpx2.Client(base_url=office.url, headers={"origin": office.url}, timeout=PATIENCE_S) as client:
        client.post("/login", data={"login": "clinic", "password": PASSWORD})
        answer = client.get("/usage.csv?since=2026-11-20")
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.content.startswith(b"\xef\xbb\xbf")  # or a spreadsheet takes it for another code page
        lines = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
        assert {line["institution"] for line in lines} == {"North Eye Clinic"}
        assert min(line["time"] for line in lines).startswith("2026-11-20")
        assert client.get("/usage.csv?institution=2").status_code == 404


def test_another_sites_form_changes_nothing(office: Office) -> None:
    with httpx2.Client(base_url=office.url, headers={"origin": office.url}, timeout=PATIENCE_S) as client:
        client.post("/login", data={"login": "admin", "password": PASSWORD})
        for path in ("/alerts/1/acknowledge", "/issuing/1/stop", "/logout", "/language"):
            answer = client.post(path, headers={"origin": "https://elsewhere.example"})
            assert answer.status_code == 403, path


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (1, "1 second", "1秒钟"),
        (80, "80 seconds", "80秒钟"),
        (120, "120 seconds", "120秒钟"),
        (121, "3 minutes", "3分钟"),
        (300, "5 minutes", "5分钟"),
        (7200, "120 minutes", "120分钟"),
        (7201, "3 hours", "3小时"),
    ],
)
def test_a_wait_is_never_said_to_be_shorter_than_it_is(seconds: int, english: str, chinese: str) -> None:
    said = [Formats(translator(language), UTC, NOW).wait(seconds) for language in ("en", "zh_Hans")]
    assert said == [english, chinese]
