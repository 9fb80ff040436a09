"""Logs name what went wrong and never a secret."""

import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backoffice import logs
from backoffice.context import Context
from backoffice.http_errors import to_boundary
from tests.host.backoffice.support import ORIGIN

SECRET = "do-not-print-me"  # noqa: S105


@pytest.mark.parametrize("as_json", [True, False])
def test_secrets_are_hidden_by_name_and_locals_are_not_printed(
    capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    logs.configure("info", as_json=as_json)
    log = logs.get("test")
    try:
        local = SECRET
        raise ValueError(len(local))
    except ValueError as error:
        log.error("failed", exc_info=error, password=SECRET, api_token=SECRET, setup_key=SECRET, machine=7)
    logs.configure("error", as_json=True)
    printed = capsys.readouterr().err
    assert "ValueError" in printed
    assert "machine" in printed
    assert SECRET not in printed


def test_an_unforeseen_fault_is_answered_with_a_reference_and_logged_without_the_query(
    app: FastAPI, capsys: pytest.CaptureFixture[str]
) -> None:
    @app.get("/fails")
    def fails() -> None:
        raise RuntimeError("unforeseen")

    with TestClient(app, base_url=ORIGIN, raise_server_exceptions=False) as client:
        answer = client.get("/fails", params={"x": SECRET}, headers={"Authorization": SECRET})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (500, "internal")
    assert "unforeseen" not in answer.text
    line = json.loads(capsys.readouterr().err.splitlines()[0])
    assert (line["reference"], line["path"]) == (error["detail"]["reference"], "/fails")
    assert SECRET not in json.dumps(line)


def test_database_errors_do_not_show_what_was_to_be_stored(context: Context) -> None:
    with pytest.raises(Exception, match="no such table") as caught, context.engine.connect() as connection:
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (?)", (SECRET,))
    assert SECRET not in str(caught.value)
    assert to_boundary(caught.value).code == "storage_failed"
