"""Logins, roles and tokens."""

import json
import re
from collections.abc import Callable

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import select

from backoffice import http_errors
from backoffice.accounts.access import COOKIE
from backoffice.accounts.roles import Role
from backoffice.accounts.service import ENDED_TOKENS_KEPT, LIVE_TOKENS_MAX, SESSIONS_MAX
from backoffice.accounts.tokens import TOKENS_MAY
from backoffice.app import create_app
from backoffice.context import Context
from backoffice.db import READ, transaction
from backoffice.models import Agent, ApiToken, LoginSession, User
from backoffice.settings import Settings
from backoffice.web.security import HSTS_KEPT_S
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


def test_the_last_administrator_stays_however_many_were_stopped(
    administrator: TestClient, app: FastAPI, context: Context
) -> None:
    make_user(context, "boss", Role.ADMINISTRATOR)
    for _ in range(2):  # again changes nothing, and is no error
        assert administrator.patch("/api/v1/users/2", json={"active": False}).json()["active"] is False
    assert code_of(administrator.patch("/api/v1/users/1", json={"active": False})) == "wrong_state"
    assert administrator.get("/api/v1/me").json()["login"] == "admin"


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


def test_a_new_setup_link_ends_the_one_before(visitor: TestClient, context: Context) -> None:
    old, new = context.setup_token.issue(), context.setup_token.issue()
    wanted = {"login": "boss", "name": "Boss", "password": PASSWORD}
    assert code_of(visitor.post("/api/v1/setup", json={**wanted, "token": old})) == "bad_setup_token"
    assert visitor.post("/api/v1/setup", json={**wanted, "token": new}).status_code == 201


def test_the_new_password_is_another_one(administrator: TestClient) -> None:
    answer = administrator.post("/api/v1/password", json={"current": PASSWORD, "new": PASSWORD})
    assert (answer.status_code, code_of(answer)) == (422, "invalid_input")


def test_an_agent_keeps_its_name_and_takes_nobody_elses(administrator: TestClient) -> None:
    for name in ("North", "South"):
        administrator.post("/api/v1/agents", json={"name": name}).raise_for_status()
    same = administrator.patch("/api/v1/agents/1", json={"name": "North", "contact": "+86 1"})
    assert (same.status_code, same.json()["contact"]) == (200, "+86 1")
    assert code_of(administrator.patch("/api/v1/agents/1", json={"name": "South"})) == "already_exists"


# What an API token may do, and how long


WITHOUT_A_LOGIN = {
    "POST /api/v1/setup",
    "POST /api/v1/login",
    "POST /api/v1/logout",
    "POST /api/v1/uplink",
    "POST /api/v1/sms/webhook",
    "POST /api/v1/sms/webhook/delivery",
    "POST /api/v1/sms/kannel",
}
"""Nobody is asked who they are there, so a token changes nothing."""


def changing_routes(app: FastAPI) -> list[tuple[str, str]]:
    """Every documented request that may change something: (method, path)."""
    paths = app.openapi()["paths"]
    return [(method.upper(), path) for path, item in paths.items() for method in item if method != "get"]


def program_of(administrator: TestClient, app: FastAPI) -> TestClient:
    token = administrator.post("/api/v1/tokens", json={"name": "scripts"}).json()["token"]
    return TestClient(app, base_url=ORIGIN, headers={"Authorization": f"Bearer {token}"})


def test_a_token_may_change_what_the_table_says_and_nothing_else(administrator: TestClient, app: FastAPI) -> None:
    program = program_of(administrator, app)
    routes = changing_routes(app)
    assert {f"{method} {path}" for method, path in routes} >= TOKENS_MAY | WITHOUT_A_LOGIN
    for method, path in routes:
        answer = program.request(method, re.sub(r"\{.*?\}", "1", path), json={})
        refused = answer.status_code == 403 and code_of(answer) == "person_required"
        allowed = f"{method} {path}" in TOKENS_MAY | WITHOUT_A_LOGIN
        assert refused != allowed, (method, path, answer.text)


@pytest.mark.parametrize(
    "path",
    ["/machines/1/orders/lock", "/machines/1/orders/connection", "/alerts/1/acknowledge", "/password", "/service-card"],
)
def test_a_token_fills_in_no_form(administrator: TestClient, app: FastAPI, path: str) -> None:
    answer = program_of(administrator, app).post(path, data={"number": "1"})
    assert (answer.status_code, code_of(answer)) == (403, "person_required")


def test_when_a_token_was_revoked_stays(
    administrator: TestClient, app: FastAPI, context: Context, clock: HandClock
) -> None:
    """Whoever looks for the leak wants to know since when it was closed."""
    make_user(context, "sam", Role.ISSUER)
    sam = log_in(app, "sam")
    number = sam.post("/api/v1/tokens", json={"name": "scripts"}).json()["read"]["id"]
    at = sam.delete(f"/api/v1/tokens/{number}").json()["revoked_at"]
    clock.now += 60
    assert sam.delete(f"/api/v1/tokens/{number}").json()["revoked_at"] == at
    administrator.post("/api/v1/users/2/password-reset").raise_for_status()
    with transaction(context.engine, READ) as session:
        assert session.get_one(ApiToken, number).revoked_at == at


def test_a_token_ends_in_time(administrator: TestClient, app: FastAPI, clock: HandClock) -> None:
    made = administrator.post("/api/v1/tokens", json={"name": "scripts", "lifetime_days": 1}).json()
    program = TestClient(app, base_url=ORIGIN, headers={"Authorization": f"Bearer {made['token']}"})
    clock.now = made["read"]["expires_at"] - 1
    assert program.get("/api/v1/me").status_code == 200
    clock.now += 1
    assert program.get("/api/v1/me").status_code == 401


def change_password(administrator: TestClient, sam: TestClient) -> None:
    sam.post("/api/v1/password", json={"current": PASSWORD, "new": NEW_PASSWORD}).raise_for_status()


def reset_password(administrator: TestClient, sam: TestClient) -> None:
    administrator.post("/api/v1/users/2/password-reset").raise_for_status()


def stop_user(administrator: TestClient, sam: TestClient) -> None:
    administrator.patch("/api/v1/users/2", json={"active": False}).raise_for_status()
    administrator.patch("/api/v1/users/2", json={"active": True}).raise_for_status()


@pytest.mark.parametrize("event", [change_password, reset_password, stop_user])
def test_tokens_end_with_the_password_and_with_their_user(
    administrator: TestClient, app: FastAPI, context: Context, event: Callable[[TestClient, TestClient], None]
) -> None:
    make_user(context, "sam", Role.ISSUER)
    sam = log_in(app, "sam")
    elsewhere, program, other = log_in(app, "sam"), program_of(sam, app), program_of(administrator, app)
    assert program.get("/api/v1/me").json()["login"] == "sam"
    event(administrator, sam)
    assert program.get("/api/v1/me").status_code == 401
    assert elsewhere.get("/api/v1/me").status_code == 401
    assert other.get("/api/v1/me").json()["login"] == "admin"


@pytest.mark.parametrize("role", [Role.AGENT, Role.INSTITUTION])
def test_who_belongs_to_somebody_stopped_is_out_at_once(
    administrator: TestClient, app: FastAPI, context: Context, role: Role
) -> None:
    agent = administrator.post("/api/v1/agents", json={"name": "North"}).json()["id"]
    place = add_institution(context)
    administrator.patch(f"/api/v1/institutions/{place}", json={"agent_id": agent})
    is_agent = role is Role.AGENT
    make_user(context, "kim", role, agent_id=agent if is_agent else None, institution_id=None if is_agent else place)
    kim = log_in(app, "kim")
    program = program_of(kim, app)
    assert len(program.get("/api/v1/institutions").json()["items"]) == 1
    path = f"/api/v1/agents/{agent}" if is_agent else f"/api/v1/institutions/{place}"
    for active in (False, True):
        administrator.patch(path, json={"active": active}).raise_for_status()
        assert kim.get("/api/v1/institutions").status_code == 401
        assert program.get("/api/v1/institutions").status_code == 401
        answer = kim.post("/api/v1/login", json={"login": "kim", "password": PASSWORD})
        assert answer.status_code == (200 if active else 401)


def test_a_session_that_outlived_its_agent_opens_nothing(app: FastAPI, context: Context) -> None:
    """Whatever stopped the agent, a session or token is asked for it each time."""
    with transaction(context.engine) as session:
        session.add(Agent(name="North", created_at=0, active=False))
    make_user(context, "kim", Role.AGENT, agent_id=1)
    assert log_in(app, "kim").get("/api/v1/me").status_code == 401


# The transport


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, False),
        ({"public_origin": "http://perscan.example"}, False),
        ({"public_origin": "https://perscan.example"}, True),
        ({"cookie_secure": True}, True),
    ],
)
def test_browsers_are_told_to_stay_with_https_where_it_is_spoken(
    settings: Settings, clock: HandClock, given: dict[str, object], expected: bool
) -> None:
    app = create_app(settings.model_copy(update=given), clock)
    client = TestClient(app, base_url=ORIGIN)
    for path in ("/login", "/health", "/api/v1/me", "/nowhere"):
        found = client.get(path).headers.get("strict-transport-security", "")
        assert found == (f"max-age={HSTS_KEPT_S}" if expected else ""), path
    app.state.context.close()


def test_one_user_has_so_many_tokens_and_no_more(administrator: TestClient, context: Context) -> None:
    """Else one login fills the disk."""
    wanted = {"name": "program", "lifetime_days": 1}
    made = [administrator.post("/api/v1/tokens", json=wanted).json()["read"]["id"] for _ in range(LIVE_TOKENS_MAX)]
    refused = administrator.post("/api/v1/tokens", json=wanted)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "wrong_state")
    for _ in range(ENDED_TOKENS_KEPT + 5):
        administrator.delete(f"/api/v1/tokens/{made.pop()}")
        made.append(administrator.post("/api/v1/tokens", json=wanted).json()["read"]["id"])
    with transaction(context.engine) as session:
        rows = session.exec(select(ApiToken.id)).all()
    assert len(rows) <= LIVE_TOKENS_MAX + ENDED_TOKENS_KEPT + 1
    assert set(made) <= set(rows)


def test_tokens_of_others_take_nobodys_place(administrator: TestClient, app: FastAPI, context: Context) -> None:
    make_user(context, "sam", Role.ISSUER)
    sam, wanted = log_in(app, "sam"), {"name": "program", "lifetime_days": 1}
    ended = administrator.post("/api/v1/tokens", json=wanted).json()["read"]["id"]
    administrator.delete(f"/api/v1/tokens/{ended}")
    for _ in range(LIVE_TOKENS_MAX):
        administrator.post("/api/v1/tokens", json=wanted).raise_for_status()
    for _ in range(ENDED_TOKENS_KEPT + 2):
        made = sam.post("/api/v1/tokens", json=wanted)
        assert made.status_code == 201, made.text
        sam.delete(f"/api/v1/tokens/{made.json()['read']['id']}")
    assert ended in [row["id"] for row in administrator.get("/api/v1/tokens").json()["items"]]


def test_whoever_logs_in_without_end_logs_out_the_oldest(app: FastAPI, context: Context) -> None:
    for login in ("kim", "sam"):
        make_user(context, login, Role.ISSUER)
    other, browsers = log_in(app, "kim"), []
    for _ in range(SESSIONS_MAX + 2):
        context.clock.now += 1  # type: ignore[attr-defined]
        browsers.append(log_in(app, "sam"))
    who = [browser.get("/api/v1/me").status_code for browser in browsers]
    assert who == [401, 401] + [200] * SESSIONS_MAX
    assert other.get("/api/v1/me").json()["login"] == "kim"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/login", {"login": "admin", "password": "\ud800"}),
        ("/api/v1/login", {"login": "\ud800", "password": "x"}),
        ("/api/v1/password", {"current": "\udfff", "new": "correct horse battery two"}),
        ("/api/v1/password", {"current": "x", "new": "correct horse battery \ud800"}),
        ("/api/v1/users", {"login": "new", "name": "\ud800", "role": "issuer"}),
        ("/api/v1/tokens", {"name": "\ud800", "lifetime_days": 1}),
        ("/api/v1/agents", {"name": "\ud800"}),
        ("/api/v1/institutions", {"name": "\ud800"}),
        ("/api/v1/institutions", {"name": "Clinic", "\udc00": 1}),
        ("/api/v1/institutions", {"name": "Clinic", "notes": [{"deep": "\udc00\ud800"}]}),
    ],
)
def test_characters_that_do_not_exist_are_the_callers_fault(
    administrator: TestClient, path: str, body: dict[str, object]
) -> None:
    """JSON can spell half a surrogate pair, in every encoding it may have; no database and no hash takes it."""
    spelled = json.dumps(body)
    raw = json.dumps(body, ensure_ascii=False)
    for content in (spelled.encode(), raw.encode(errors="surrogatepass"), raw.encode("utf-16", "surrogatepass")):
        answer = administrator.post(path, content=content, headers={"content-type": "application/json"})
        assert (answer.status_code, code_of(answer)) == (422, "invalid_input"), answer.text


def test_characters_beyond_sixteen_bits_are_text(administrator: TestClient) -> None:
    spelled = b'{"name": "Clinic \\ud83d\\udc41"}'
    made = administrator.post("/api/v1/institutions", content=spelled, headers={"content-type": "application/json"})
    assert (made.status_code, made.json()["name"]) == (201, "Clinic \U0001f441")


@pytest.mark.parametrize(
    ("charset", "half"), [("utf-7", b"long enough +2AA-"), ("unicode_escape", b"long enough \\ud800")]
)
@pytest.mark.parametrize("path", ["/login", "/password"])
def test_a_form_in_an_encoding_of_its_own_brings_no_such_characters(
    administrator: TestClient, path: str, charset: str, half: bytes
) -> None:
    names = {"/login": ("login", "password"), "/password": ("current", "new", "again")}[path]
    parts = [b'--b\r\ncontent-disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (n.encode(), half) for n in names]
    kind = f"multipart/form-data; boundary=b; charset={charset}"
    answer = administrator.post(path, content=b"".join(parts) + b"--b--\r\n", headers={"content-type": kind})
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("path", ["/api/v1/usage?cursor={}", "/login?to={}", "/api/v1/machines?q={}", "/static/{}"])
def test_addresses_cannot_spell_them(administrator: TestClient, path: str) -> None:
    for half in ("%ED%A0%80", "%5Cud800", "%u D800"):
        assert administrator.get(path.format(half)).status_code < 500


def test_a_text_of_ours_that_cannot_be_encoded_is_a_fault_of_ours() -> None:
    error = UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")
    known = http_errors.to_boundary(error)
    assert (known.status, known.code) == (500, "internal")
