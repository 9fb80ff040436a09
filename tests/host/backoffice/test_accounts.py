"""Logins, roles and tokens."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backoffice.accounts.access import COOKIE
from backoffice.accounts.roles import Role
from backoffice.accounts.throttle import FREE_ATTEMPTS, WINDOW_S, Throttle
from backoffice.context import Context
from backoffice.db import READ, transaction
from backoffice.errors import TooManyAttempts
from backoffice.models import ApiToken, LoginSession, User
from tests.host.backoffice.machines import Machine, add_institution, add_machine
from tests.host.backoffice.support import ORIGIN, PASSWORD, HandClock, log_in, make_user

NEW_PASSWORD = "another long password"  # noqa: S105


def code_of(answer: object) -> str:
    return str(answer.json()["error"]["code"])  # type: ignore[attr-defined]


def test_nobody_gets_in_without_a_login(visitor: TestClient) -> None:
    answer = visitor.get("/api/v1/machines")
    assert (answer.status_code, code_of(answer)) == (401, "not_logged_in")


def test_the_cookie_is_kept_from_scripts_and_other_sites(administrator: TestClient, app: FastAPI) -> None:
    answer = TestClient(app, base_url=ORIGIN).post("/api/v1/login", json={"login": "admin", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


@pytest.mark.parametrize(("login", "password"), [("admin", "wrong"), ("nobody", PASSWORD), ("admin", "")])
def test_wrong_logins_look_alike(administrator: TestClient, visitor: TestClient, login: str, password: str) -> None:
    answer = visitor.post("/api/v1/login", json={"login": login, "password": password})
    assert (answer.status_code, code_of(answer)) == (401, "bad_credentials")


def test_guessing_is_slowed_down(clock: HandClock) -> None:
    throttle = Throttle()
    for _ in range(FREE_ATTEMPTS):
        throttle.check("login x", clock())
        throttle.failed("login x", clock())
    with pytest.raises(TooManyAttempts) as caught:
        throttle.check("login x", clock())
    assert caught.value.headers() == {"Retry-After": str(WINDOW_S)}
    throttle.check("login y", clock())
    throttle.check("login x", clock() + WINDOW_S)


def test_a_login_ends_in_time_and_on_request(administrator: TestClient, app: FastAPI, clock: HandClock) -> None:
    other = log_in(app, "admin")
    assert other.post("/api/v1/logout").status_code == 204
    assert other.get("/api/v1/me").status_code == 401
    assert administrator.get("/api/v1/me").json()["login"] == "admin"
    clock.now += 12 * 3600
    assert administrator.get("/api/v1/me").status_code == 401


def test_a_one_time_password_has_to_be_changed(administrator: TestClient, visitor: TestClient) -> None:
    made = administrator.post("/api/v1/users", json={"login": "Ina", "name": "Ina", "role": "issuer"}).json()
    given = {"login": "ina", "password": made["password"]}
    assert visitor.post("/api/v1/login", json=given).json()["password_change_required"] is True
    assert code_of(visitor.get("/api/v1/machines")) == "password_change_required"
    change = {"current": made["password"], "new": NEW_PASSWORD}
    assert visitor.post("/api/v1/password", json=change).status_code == 200
    assert visitor.get("/api/v1/machines").status_code == 200
    assert visitor.post("/api/v1/login", json=given).status_code == 401


def test_a_short_password_is_refused_and_not_repeated(administrator: TestClient) -> None:
    answer = administrator.post("/api/v1/password", json={"current": PASSWORD, "new": "tooshort"})
    assert answer.status_code == 422
    assert "tooshort" not in answer.text


def test_passwords_and_tokens_are_stored_as_hashes(administrator: TestClient, context: Context) -> None:
    token = administrator.post("/api/v1/tokens", json={"name": "scripts"}).json()["token"]
    cookie = administrator.cookies[COOKIE]
    context.engine.dispose()
    files = context.settings.database_path.parent.glob("perscan.db*")
    content = b"".join(path.read_bytes() for path in files)
    for secret in (PASSWORD, token, cookie):
        assert secret.encode() not in content
    with transaction(context.engine, READ) as session:
        user = session.get(User, 1)
        assert user is not None
        assert user.password_hash.startswith("$argon2id$")
        assert session.get(ApiToken, 1) is not None
        assert session.get(LoginSession, b"") is None


def test_a_token_acts_for_its_user_until_it_is_revoked(administrator: TestClient, app: FastAPI) -> None:
    made = administrator.post("/api/v1/tokens", json={"name": "scripts"}).json()
    program = TestClient(app, base_url=ORIGIN, headers={"Authorization": f"Bearer {made['token']}"})
    assert program.get("/api/v1/me").json()["login"] == "admin"
    assert program.post("/api/v1/institutions", json={"name": "By token"}).status_code == 201
    administrator.delete(f"/api/v1/tokens/{made['read']['id']}")
    assert program.get("/api/v1/me").status_code == 401
    for wrong in ("", "x" * 5000, "ü"):
        headers = {b"Authorization": f"Bearer {wrong}".encode()}
        assert TestClient(app, base_url=ORIGIN).get("/api/v1/me", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[broken"},
        {"Sec-Fetch-Site": "cross-site"},
        {},
    ],
)
def test_another_sites_page_cannot_act_for_the_user(
    administrator: TestClient, app: FastAPI, headers: dict[str, str]
) -> None:
    browser = TestClient(app, base_url=ORIGIN, cookies={COOKIE: administrator.cookies[COOKIE]}, headers=headers)
    answer = browser.post("/api/v1/institutions", json={"name": "Forged"})
    assert (answer.status_code, code_of(answer)) == (403, "foreign_origin")
    assert browser.get("/api/v1/me").status_code == 200


@pytest.mark.parametrize("role", [Role.ISSUER, Role.INVESTOR])
def test_staff_sees_everything_and_administers_nothing(
    administrator: TestClient, app: FastAPI, context: Context, role: Role
) -> None:
    add_machine(context, Machine(), add_institution(context))
    make_user(context, "sam", role)
    sam = log_in(app, "sam")
    assert len(sam.get("/api/v1/machines").json()["items"]) == 1
    for path in ("/api/v1/users", "/api/v1/agents"):
        assert code_of(sam.get(path)) == "forbidden"
    assert code_of(sam.post("/api/v1/institutions", json={"name": "Mine"})) == "forbidden"
    assert code_of(sam.post("/api/v1/machines/1/lock", json={})) == "forbidden"


def test_institutions_and_agents_see_their_own(administrator: TestClient, app: FastAPI, context: Context) -> None:
    agent = administrator.post("/api/v1/agents", json={"name": "North"}).json()["id"]
    mine, served, foreign = (add_institution(context, name) for name in ("Mine", "Served", "Foreign"))
    administrator.patch(f"/api/v1/institutions/{served}", json={"agent_id": agent})
    for number, place in enumerate((mine, served, foreign), 1):
        machine = add_machine(context, Machine(machine_id=number, key=bytes([number]) * 32), place)
        machine.exam(500 + number)
        machine.write(1)
        machine.write(2, 600 + number)
        machine.send(administrator)
    make_user(context, "clinic", Role.INSTITUTION, institution_id=mine)
    make_user(context, "agent", Role.AGENT, agent_id=agent)
    for login, number, place in (("clinic", 1, mine), ("agent", 2, served)):
        client = log_in(app, login)
        assert [row["id"] for row in client.get("/api/v1/institutions").json()["items"]] == [place]
        assert [row["id"] for row in client.get("/api/v1/machines").json()["items"]] == [number]
        assert [row["machine_id"] for row in client.get("/api/v1/usage").json()["items"]] == [number]
        assert [row["machine_id"] for row in client.get("/api/v1/in-doubt").json()["items"]] == [number]
        assert [row["exams"] for row in client.get("/api/v1/usage-by/institution").json()["items"]] == [1]
        assert client.get("/api/v1/machines/3").status_code == 404
        assert client.get("/api/v1/machines/3/journal").status_code == 404
        assert client.get(f"/api/v1/institutions/{foreign}").status_code == 404


def test_the_last_administrator_stays(administrator: TestClient) -> None:
    assert code_of(administrator.patch("/api/v1/users/1", json={"active": False})) == "wrong_state"


def test_a_stopped_user_is_out_at_once(administrator: TestClient, app: FastAPI, context: Context) -> None:
    make_user(context, "sam", Role.ISSUER)
    sam = log_in(app, "sam")
    administrator.patch("/api/v1/users/2", json={"active": False})
    assert sam.get("/api/v1/me").status_code == 401
    assert sam.post("/api/v1/login", json={"login": "sam", "password": PASSWORD}).status_code == 401


@pytest.mark.parametrize(
    "user",
    [
        {"login": "x", "name": "X", "role": "issuer"},
        {"login": "sam", "name": "", "role": "issuer"},
        {"login": "sam", "name": "S", "role": "king"},
        {"login": "sam", "name": "S", "role": "agent"},
        {"login": "sam", "name": "S", "role": "issuer", "institution_id": 1},
        {"login": "sam", "name": "S", "role": "institution", "institution_id": 99},
    ],
)
def test_users_that_make_no_sense_are_refused(administrator: TestClient, user: dict[str, object]) -> None:
    answer = administrator.post("/api/v1/users", json=user)
    assert (answer.status_code, code_of(answer)) == (422, "invalid_input")


def test_the_setup_link_works_once(visitor: TestClient, context: Context) -> None:
    token = context.setup_token.issue()
    wanted = {"token": token, "login": "boss", "name": "Boss", "password": PASSWORD}
    assert code_of(visitor.post("/api/v1/setup", json={**wanted, "token": "guess"})) == "bad_setup_token"
    assert visitor.post("/api/v1/setup", json=wanted).status_code == 201
    assert visitor.get("/api/v1/me").json()["role"] == "administrator"
    assert code_of(visitor.post("/api/v1/setup", json={**wanted, "login": "boss2"})) == "bad_setup_token"
    second = context.setup_token.issue()
    assert code_of(visitor.post("/api/v1/setup", json={**wanted, "token": second})) == "bad_setup_token"
