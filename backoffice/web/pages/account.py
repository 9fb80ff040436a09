"""Signing in and out, one's own password, and the reader's language."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import SecretStr
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice.accounts import service
from backoffice.accounts.access import COOKIE, AnyUserDep, find_user
from backoffice.accounts.schemas import Credentials, PasswordChange
from backoffice.accounts.secrets import PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS
from backoffice.db import READ, transaction
from backoffice.deps import ContextDep, NowDep, SessionDep, SettingsDep
from backoffice.errors import BadCredentials, InvalidInput, TooManyAttempts
from backoffice.settings import Settings
from backoffice.web.i18n import LANGUAGE_COOKIE, LANGUAGES
from backoffice.web.page import formats_of, render, safe_next

router = APIRouter(include_in_schema=False)

LANGUAGE_KEPT_S = 400 * 86400
Text = Annotated[str, Form(max_length=1000)]
Password = Annotated[SecretStr, Form(max_length=PASSWORD_MAX_CHARS)]


@router.get("/login")
def login_page(
    request: Request, context: ContextDep, session: SessionDep, now: NowDep, to: str = "/", signed_out: bool = False
) -> Response:
    user, _by_token = find_user(request, session, now)
    if user is not None:
        return RedirectResponse(safe_next(to), 303)
    return _login(request, context.settings, now, to=safe_next(to), signed_out=signed_out)


@router.post("/login")
def log_in(
    request: Request,
    context: ContextDep,
    session: SessionDep,
    now: NowDep,
    login: Annotated[str, Form(max_length=64)],
    password: Password,
    to: Text = "/",
) -> Response:
    name = login.strip().lower()
    address = request.client.host if request.client else "unknown"
    try:
        with transaction(context.engine, READ) as reading:  # hashing a password must not hold up writers
            given = Credentials(login=name, password=password)
            user = service.check_password(reading, context.throttle, given, address, now)
    except (BadCredentials, TooManyAttempts) as error:
        say = formats_of(request, now, context.settings.timezone).translator.gettext
        late = isinstance(error, TooManyAttempts)
        problem = say("Too many attempts. Wait a few minutes.") if late else say("Login name or password is wrong.")
        return _login(request, context.settings, now, error.status, login=name, problem=problem, to=safe_next(to))
    token = service.open_login_session(session, user, context.settings.login_lifetime_s, now)
    answer = RedirectResponse("/password" if user.password_change_required else safe_next(to), 303)
    _set_cookie(answer, token, context.settings)
    return answer


@router.post("/logout")
def log_out(request: Request, session: SessionDep, settings: SettingsDep) -> Response:
    service.log_out(session, request.cookies.get(COOKIE, ""))
    answer = RedirectResponse("/login?signed_out=1", 303)
    answer.delete_cookie(COOKIE, path="/", secure=settings.cookie_secure, httponly=True, samesite="lax")
    return answer


@router.get("/password")
def password_page(request: Request, user: AnyUserDep, settings: SettingsDep, now: NowDep) -> Response:
    return _password(request, settings, now, required=user.password_change_required)


@router.post("/password")
def change_password(
    request: Request,
    user: AnyUserDep,
    session: SessionDep,
    settings: SettingsDep,
    now: NowDep,
    current: Password,
    new: Password,
    again: Password,
) -> Response:
    say = formats_of(request, now, settings.timezone).translator.gettext

    def again_with(problem: str) -> Response:
        required = user.password_change_required
        return _password(request, settings, now, 422, required=required, problem=problem)

    if new.get_secret_value() != again.get_secret_value():
        return again_with(say("The two new passwords differ."))
    if len(new.get_secret_value()) < PASSWORD_MIN_CHARS:
        return again_with(say("The new password is too short."))
    try:
        changed = service.change_password(session, user.id or 0, PasswordChange(current=current, new=new))
    except BadCredentials:
        return again_with(say("The current password is wrong."))
    except InvalidInput:
        return again_with(say("The new password is the old one."))
    answer = RedirectResponse("/", 303)
    _set_cookie(answer, service.open_login_session(session, changed, settings.login_lifetime_s, now), settings)
    return answer


@router.get("/setup")
def setup_page(request: Request, session: SessionDep, settings: SettingsDep, now: NowDep) -> Response:
    """The first administrator's page. Its token stands behind the `#` of the printed link: only a script sees it."""
    if service.has_administrator(session):
        return RedirectResponse("/login", 303)
    formats = formats_of(request, now, settings.timezone)
    return render(request, "pages/setup.html", formats, minimum=PASSWORD_MIN_CHARS)


@router.post("/language")
def choose_language(settings: SettingsDep, language: Text, to: Text = "/") -> Response:
    answer = RedirectResponse(safe_next(to), 303)
    if language in LANGUAGES:
        answer.set_cookie(
            LANGUAGE_COOKIE, language, LANGUAGE_KEPT_S, path="/", secure=settings.cookie_secure, samesite="lax"
        )
    return answer


def _login(
    request: Request,
    settings: Settings,
    now: int,
    status: int = 200,
    *,
    login: str = "",
    problem: str = "",
    to: str,
    signed_out: bool = False,
) -> HTMLResponse:
    formats = formats_of(request, now, settings.timezone)
    values = {"login": login, "problem": problem, "to": to, "signed_out": signed_out}
    return render(request, "pages/login.html", formats, status, **values)


def _password(
    request: Request, settings: Settings, now: int, status: int = 200, *, required: bool, problem: str = ""
) -> HTMLResponse:
    formats = formats_of(request, now, settings.timezone)
    return render(
        request,
        "pages/password.html",
        formats,
        status,
        required=required,
        problem=problem,
        minimum=PASSWORD_MIN_CHARS,
    )


def _set_cookie(answer: Response, token: str, settings: Settings) -> None:
    answer.set_cookie(
        COOKIE,
        token,
        max_age=settings.login_lifetime_s,
        path="/",
        secure=settings.cookie_secure,
        httponly=True,
        samesite="lax",
    )
