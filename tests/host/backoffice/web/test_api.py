"""The page that describes the API shows each person what that person may ask, and how."""

import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backoffice.accounts.roles import Role, Viewer
from backoffice.context import Context
from backoffice.web.api_reference import FIRST_STEPS, Operation, subjects
from tests.host.backoffice.support import log_in, make_user

ROLES = (Role.ADMINISTRATOR, Role.ISSUER, Role.INVESTOR)


def of(app: FastAPI, role: Role) -> dict[str, Operation]:
    viewer = Viewer(user_id=1, login="x", name="X", role=role, institution_ids=None)
    return {f"{one.method} {one.path}": one for subject in subjects(app, viewer) for one in subject.operations}


def test_an_administrator_is_shown_all_that_is_described(app: FastAPI) -> None:
    described = {f"{method.upper()} {path}" for path, of_path in app.openapi()["paths"].items() for method in of_path}
    assert set(of(app, Role.ADMINISTRATOR)) == described


@pytest.mark.parametrize("role", ROLES)
def test_what_is_shown_is_allowed_and_what_is_not_shown_is_refused(
    app: FastAPI, visitor: TestClient, context: Context, role: Role
) -> None:
    make_user(context, "x", role)
    person = log_in(app, "x")
    shown = of(app, role)
    for asked in of(app, Role.ADMINISTRATOR):
        method, path = asked.split()
        if method == "GET" and path != "/events":
            answer = person.get(re.sub(r"\{by\}", "day", re.sub(r"\{\w+_id\}|\{credit\}", "1", path)))
            assert (answer.status_code == 403) == (asked not in shown), (asked, answer.text)


def test_it_says_whether_a_token_is_enough(app: FastAPI) -> None:
    shown = of(app, Role.ADMINISTRATOR)
    assert shown["GET /api/v1/usage"].token_enough
    assert shown["POST /api/v1/machines"].token_enough
    assert not shown["POST /api/v1/tokens"].token_enough
    assert not shown["POST /api/v1/login"].needs_login
    assert shown["POST /api/v1/password"].needs_login
    assert '-b cookies.txt -H "Origin: $PERSCAN"' in shown["POST /api/v1/tokens"].command
    assert "-H @token.txt" in shown["GET /api/v1/usage"].command


def test_bodies_and_answers_have_their_form(app: FastAPI) -> None:
    made = of(app, Role.ADMINISTRATOR)["POST /api/v1/tokens"]
    assert [(field.name, field.place, field.required) for field in made.fields] == [
        ("name", "body", True),
        ("lifetime_days", "body", False),
    ]
    assert """-d '{"name": "text"}'""" in made.command
    assert '"expires_at": 1' in made.answer


def test_the_page_is_for_those_who_are_logged_in(visitor: TestClient, administrator: TestClient) -> None:
    assert visitor.get("/docs", headers={"accept": "text/html"}, follow_redirects=False).status_code == 303
    page = administrator.get("/docs")
    assert page.status_code == 200
    assert "curl -H @token.txt" in page.text
    assert FIRST_STEPS.splitlines()[1] in page.text
    assert visitor.get("/openapi.json").json()["info"]["title"] == "Perscan back office"
