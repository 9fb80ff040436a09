"""Every route, and every role at it: let in where the table says so, refused everywhere else, and strangers too."""

import re

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.testclient import TestClient
from httpx2 import Response

from backoffice.accounts.roles import Role
from tests.host.backoffice.scopes.conftest import Worlds
from tests.host.backoffice.scopes.doors import DOORS, OPEN
from tests.host.backoffice.support import ORIGIN

LOGIN_OF = {Role.ADMINISTRATOR: "admin", Role.INSTITUTION: "clinic"}
NOTHING = "4000000000"
"""Nothing has this number: who is let in finds nothing to change."""
STREAM = "GET /events"


def routes(app: FastAPI) -> list[str]:
    found = [context.original_route for context in iter_route_contexts(app.routes)]
    return [f"{method} {one.path}" for one in found if isinstance(one, APIRoute) for method in one.methods or ()]


def ask(client: TestClient, route: str) -> Response:
    method, path = re.sub(r"\{.*?\}", NOTHING, route).split()
    body: dict[str, str] | None = None if method == "GET" else {}
    return client.request(method, path, json=body, headers={"Origin": ORIGIN}, follow_redirects=False)


def code_of(answer: Response) -> str:
    """Why somebody was not let in; empty when they were, whatever came of it."""
    return str(answer.json()["error"]["code"]) if answer.status_code in (401, 403) else ""


def test_the_table_has_every_route_and_no_other(worlds: Worlds) -> None:
    assert sorted(routes(worlds.shared)) == sorted([*OPEN, *DOORS])


@pytest.mark.parametrize("role", Role)
def test_a_role_comes_in_where_the_table_says_so_and_nowhere_else(worlds: Worlds, role: Role) -> None:
    _alone, browser = worlds.browsers(LOGIN_OF.get(role, role.value))
    wrong = []
    for route, roles in DOORS.items():
        if route != STREAM or role not in roles:  # it would not end
            code = code_of(ask(browser, route))
            if code != ("" if role in roles else "forbidden"):
                wrong.append((route, code))
    assert wrong == []


def test_strangers_come_in_where_no_login_is_asked_for(worlds: Worlds) -> None:
    stranger = TestClient(worlds.shared, base_url=ORIGIN)
    assert [route for route in DOORS if code_of(ask(stranger, route)) != "not_logged_in"] == []
    assert [route for route in OPEN if code_of(ask(stranger, route))] == []
