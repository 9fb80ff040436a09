"""What is a person's own, or a machine's, is changed by nobody at whose door it does not belong: tokens, orders."""

import sqlite3
from contextlib import closing

import pytest
from fastapi.testclient import TestClient

from backoffice.context import Context
from tests.host.backoffice.scopes.conftest import Worlds
from tests.host.backoffice.scopes.world import FOREIGN_LOW, OWN, PEOPLE
from tests.host.backoffice.support import ORIGIN


def everything(worlds: Worlds) -> list[str]:
    """The whole database, as text."""
    context: Context = worlds.shared.state.context
    with closing(sqlite3.connect(context.settings.database_path)) as connection:
        return list(connection.iterdump())


def shared(worlds: Worlds, login: str) -> TestClient:
    browser = worlds.browsers(login)[1]
    browser.headers["Origin"] = ORIGIN
    return browser


@pytest.mark.parametrize("login", PEOPLE)
def test_nobody_ends_the_token_of_somebody_else(worlds: Worlds, login: str) -> None:
    before = everything(worlds)
    answer = shared(worlds, login).delete(f"/api/v1/tokens/{worlds.foreign.token_id}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert everything(worlds) == before


def test_an_order_is_taken_back_at_its_own_machine(worlds: Worlds) -> None:
    before = everything(worlds)
    order, admin = worlds.foreign.command_id, shared(worlds, "admin")
    answer = admin.delete(f"/api/v1/machines/{OWN}/commands/{order}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    answer = admin.post(f"/machines/{OWN}/orders/{order}/cancel", follow_redirects=False)
    assert "problem=not_found" in answer.headers["location"]
    assert everything(worlds) == before
    answer = admin.delete(f"/api/v1/machines/{FOREIGN_LOW}/commands/{order}")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")


def test_a_doubt_is_given_up_at_its_own_machine(worlds: Worlds) -> None:
    before = everything(worlds)
    admin = shared(worlds, "admin")
    doubts = admin.get("/api/v1/in-doubt").json()["items"]
    (theirs,) = (row for row in doubts if row["machine_id"] == FOREIGN_LOW)
    wanted = {"batch": theirs["batch"], "credit": theirs["credit"]}
    answer = admin.post(f"/api/v1/machines/{OWN}/refunded-credits", json=wanted)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "wrong_state")
    assert everything(worlds) == before
