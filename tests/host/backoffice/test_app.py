"""The application as a whole: settings, errors, the API's description, the command line."""

import re
import socket
import sqlite3
import stat
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from backoffice import errors
from backoffice.app import create_app
from backoffice.cli import _listen
from backoffice.cli import app as cli
from backoffice.context import Context
from backoffice.errors import BackOfficeError, SettingsError
from backoffice.ingest.writer import SILENT_MAX_S
from backoffice.pagination import PAGE_ITEMS_MAX
from backoffice.settings import Settings
from tests.host.backoffice.support import ORIGIN, HandClock

NATURALLY_FEW = {"/api/v1/authority/master"}
"""One master card, and the few that were retired before it."""


def tree(kind: type[BackOfficeError] = BackOfficeError) -> list[type[BackOfficeError]]:
    return [kind, *(below for child in kind.__subclasses__() for below in tree(child))]


def test_every_error_has_a_code_of_its_own_a_status_and_a_sentence() -> None:
    found = [kind for kind in tree() if kind.__module__ == errors.__name__]
    codes = [kind.code for kind in found]
    assert len(set(codes)) == len(codes)
    for kind in found:
        assert re.fullmatch(r"[a-z_]+", kind.code)
        assert 400 <= kind.status <= 599
        assert (kind.__doc__ or "").strip().endswith(".")


def test_errors_have_one_form(visitor: TestClient) -> None:
    for answer, status, code in (
        (visitor.get("/api/v1/nowhere"), 404, "not_found"),
        (visitor.put("/api/v1/login"), 405, "method_not_allowed"),
        (visitor.post("/api/v1/login", content=b"{"), 422, "invalid_input"),
        (visitor.post("/api/v1/login", content=b"\xff\xfe"), 422, "invalid_input"),
        (visitor.get("/api/v1/me"), 401, "not_logged_in"),
    ):
        assert answer.status_code == status
        assert set(answer.json()) == {"error"}
        assert set(answer.json()["error"]) == {"code", "message", "detail"}
        assert answer.json()["error"]["code"] == code


def test_the_health_endpoint_needs_no_login(visitor: TestClient, context: Context) -> None:
    assert visitor.get("/health").json() == {
        "status": "well",
        "database": "well",
        "ingest": "well",
        "reports_waiting": 0,
        "workers": dict.fromkeys(("authority", "hashing", "ingest-writer", "pulse", "stations", "watch"), "well"),
    }
    context.ingest.writer.stop()
    answer = visitor.get("/health")
    assert (answer.status_code, answer.json()["ingest"]) == (503, "unwell")


def test_an_ingest_writer_that_hangs_is_unwell(
    visitor: TestClient, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does a round each minute at least. Here each look at the worker's clock is later than that."""
    worker = context.workers.add("ingest-writer")
    with worker.round():
        assert visitor.get("/health").json()["ingest"] == "well"
    monkeypatch.setattr(worker, "_elapsed_s", count(worker._elapsed_s(), 2 * SILENT_MAX_S).__next__)
    while (answer := visitor.get("/health")).json()["ingest"] == "well":
        pass  # it has just begun, and was seen at the new time
    assert answer.status_code == 503


def test_every_operation_has_a_tag_that_is_described(app: FastAPI) -> None:
    described = {tag["name"] for tag in app.openapi()["tags"]}
    used = [operation.get("tags", []) for path in app.openapi()["paths"].values() for operation in path.values()]
    assert [] not in used
    assert {tag for tags in used for tag in tags} == described


def test_lists_are_pages(app: FastAPI) -> None:
    """A GET that lists something takes a bounded limit."""
    limits = {
        path: [p["schema"]["maximum"] for p in operations["get"].get("parameters", []) if p["name"] == "limit"]
        for path, operations in app.openapi()["paths"].items()
        if operations.get("get", {}).get("operationId", "").startswith("list_") and path not in NATURALLY_FEW
    }
    assert "/api/v1/usage" in limits
    assert {path: found for path, found in limits.items() if found != [PAGE_ITEMS_MAX]} == {}


def test_settings_come_from_the_environment() -> None:
    found = Settings.from_environment({"PERSCAN_PORT": "0", "PERSCAN_TIMEZONE": "Asia/Shanghai", "OTHER": "x"})
    assert (found.port, found.timezone, found.host) == (0, "Asia/Shanghai", "127.0.0.1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PERSCAN_PORT", "99999"),
        ("PERSCAN_PORT", "x"),
        ("PERSCAN_TIMEZONE", "Mars/Base"),
        ("PERSCAN_DATABASE_URL", "mysql://x"),
        ("PERSCAN_DATABASE_URL", "sqlite:///"),
        ("PERSCAN_LOG_LEVEL", "loud"),
        ("PERSCAN_LOGIN_LIFETIME_S", "-5"),
    ],
)
def test_settings_that_make_no_sense_are_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({name: value})


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "PERSCAN_DATABASE_URL": f"sqlite:///{tmp_path / 'cli' / 'perscan.db'}",
        "PERSCAN_KEYRING_PATH": str(tmp_path / "cli" / "keyring.json"),
    }


def test_the_first_administrator_by_the_command_line(environment: dict[str, str], clock: HandClock) -> None:
    made = CliRunner().invoke(cli, ["create-admin", "Boss"], env=environment)
    assert made.exit_code == 0, made.output
    login, password = (line.split(": ")[1] for line in made.stdout.splitlines())
    again = CliRunner().invoke(cli, ["create-admin", "boss"], env=environment)
    assert (again.exit_code, "already_exists" in again.output) == (1, True)
    app = create_app(Settings.from_environment(environment), clock)
    with TestClient(app, base_url=ORIGIN, headers={"Origin": ORIGIN}) as client:
        answer = client.post("/api/v1/login", json={"login": login, "password": password})
    assert answer.json()["password_change_required"] is True


def test_data_lie_in_the_users_folder_wherever_the_server_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    placed = Settings.from_environment({})
    paths = (placed.database_path, placed.keyring_path, placed.cache_path, placed.sms_secret_path)
    assert {path.parent for path in paths} == {tmp_path / "data" / "perscan"}
    moved = Settings.from_environment({"PERSCAN_DATA_PATH": "here"})
    assert (moved.database_path, moved.keyring_path.parent) == (tmp_path / "here" / "perscan.db", tmp_path / "here")


def test_a_new_database_and_keyring_are_told(environment: dict[str, str]) -> None:
    first = CliRunner().invoke(cli, ["create-admin", "first"], env=environment)
    assert f"A new keyring: {environment['PERSCAN_KEYRING_PATH']}" in first.stderr
    assert "A new" not in CliRunner().invoke(cli, ["create-admin", "second"], env=environment).stderr


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["check"], ["create-admin", "other"]])
@pytest.mark.parametrize("lost", ["keyring.json", "perscan.db"])
def test_a_keyring_or_a_database_alone_is_refused_and_nothing_is_made(
    environment: dict[str, str], lost: str, command: list[str]
) -> None:
    assert CliRunner().invoke(cli, ["create-admin", "boss"], env=environment).exit_code == 0
    gone = Path(environment["PERSCAN_KEYRING_PATH"]).with_name(lost)
    gone.unlink()
    refused = CliRunner().invoke(cli, command, env=environment)
    assert (refused.exit_code, "data_incomplete" in refused.output, str(gone) in refused.output) == (1, True, True)
    assert not gone.exists()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["create-admin", "bad name"], "invalid_input: login: "),
        (["create-admin", "boss", "--name", ""], "invalid_input: name: "),
        (["serve", "--host", "nowhere.invalid"], "bad_settings: "),
        (["reset-password", "nobody"], "not_found: "),
        (["clock", "show"], "no_file: "),
        (["check"], "no_file: "),
        (["tls", "renew", "--folder", "/nowhere/at/all"], "tls_unusable: "),
        (["sms", "kannel-config", "/nowhere/at/all"], "bad_settings: "),
    ],
)
def test_what_a_person_did_is_answered_in_words(environment: dict[str, str], command: list[str], said: str) -> None:
    refused = CliRunner().invoke(cli, command, env=environment)
    assert isinstance(refused.exception, SystemExit), refused.exception  # no traceback
    assert refused.exit_code == 1
    assert refused.output.splitlines()[-1].startswith(said), refused.output


def test_a_check_only_looks(environment: dict[str, str], tmp_path: Path) -> None:
    def seen() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    assert CliRunner().invoke(cli, ["check"], env=environment).exit_code == 1
    assert seen() == {}
    application = create_app(Settings.from_environment(environment))
    running = seen()
    checked = CliRunner().invoke(cli, ["check"], env=environment)
    assert checked.output.count(": well\n") == 2
    assert seen() == running
    application.state.context.close()
    stopped = seen()
    assert CliRunner().invoke(cli, ["clock", "show"], env=environment).exit_code == 0
    assert CliRunner().invoke(cli, ["check"], env=environment).exit_code == 0
    assert seen() == stopped
    with closing(sqlite3.connect(environment["PERSCAN_DATABASE_URL"].removeprefix("sqlite:///"))) as database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
        database.commit()
    assert "in an older shape" in CliRunner().invoke(cli, ["check"], env=environment).output


def test_a_mistyped_setting_is_said(environment: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    wrong = {"PERSCAN_TRUSTED_PROXYS": "10.0.0.1", "PERSCAN_XYZZY": "1", "PERSCAN_DEVICE": "/dev/ttyUSB0"}
    Settings.from_environment(environment | wrong)
    assert caplog.messages == [
        "PERSCAN_TRUSTED_PROXYS is no setting and changes nothing. Is PERSCAN_TRUSTED_PROXIES meant?",
        "PERSCAN_XYZZY is no setting and changes nothing.",
    ]


def test_a_port_in_use_is_said_in_words(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = CliRunner().invoke(cli, ["serve", "--host", "127.0.0.1", "--port", port], env=environment)
    assert refused.exit_code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in refused.output


def test_answers_do_not_wait_for_nagle(environment: dict[str, str]) -> None:
    settings = Settings.from_environment(environment | {"PERSCAN_PORT": "0"})
    with _listen(settings) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP  # what asyncio asks before it sets TCP_NODELAY


def test_an_exposed_keyring_stops_the_start(environment: dict[str, str]) -> None:
    create_app(Settings.from_environment(environment)).state.context.close()
    assert CliRunner().invoke(cli, ["check"], env=environment).exit_code == 0
    path = Path(environment["PERSCAN_KEYRING_PATH"])
    path.chmod(path.stat().st_mode | stat.S_IRGRP)
    refused = CliRunner().invoke(cli, ["check"], env=environment)
    assert (refused.exit_code, "keyring_exposed" in refused.output) == (1, True)
