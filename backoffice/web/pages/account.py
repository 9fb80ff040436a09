"""Signing in and out, one's own password, and the reader's language."""

from typing import Annotated, Any

from fastapi import Form, Request
from pydantic import SecretStr
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice.accounts import cookies, passwords, service
from backoffice.accounts.access import COOKIE, AnyUserDep, find_user
from backoffice.accounts.caller import caller_of
from backoffice.accounts.schemas import Credentials, PasswordChange
from backoffice.accounts.secrets import PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS
from backoffice.deps import BrokerDep, ContextDep, NowDep, SessionDep, SettingsDep
from backoffice.errors import BackOfficeError, BadCredentials, HashingBusy, InvalidInput, TooManyAttempts
from backoffice.events.login_key import login_key
from backoffice.routing import Router
from backoffice.web.formats import Formats
from backoffice.web.i18n import LANGUAGE_COOKIE, LANGUAGES
from backoffice.web.page import formats_of, render, safe_next
from backoffice.web.problems import words_for_wait

router = Router(include_in_schema=False)

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
    return _login(request, formats_of(request, now, context.settings.timezone), to=safe_next(to), signed_out=signed_out)


@router.post("/login")
def log_in(
    request: Request,
    context: ContextDep,
    now: NowDep,
    login: Annotated[str, Form(max_length=64)],
    password: Password,
    to: Text = "/",
) -> Response:
    given = Credentials(login=login, password=password)
    try:
        entry = passwords.log_in(context, given, caller_of(request, context.keyring, given.login))
    except (BadCredentials, TooManyAttempts, HashingBusy) as error:
        formats = formats_of(request, now, context.settings.timezone)
        return _login(request, formats, error, login=given.login, to=safe_next(to))
    answer = RedirectResponse("/password" if entry.user.password_change_required else safe_next(to), 303)
    cookies.let_in(request, answer, context, entry)
    return answer


@router.post("/logout")
def log_out(request: Request, session: SessionDep, settings: SettingsDep, broker: BrokerDep) -> Response:
    service.log_out(session, request.cookies.get(COOKIE, ""))
    broker.hang_up_after_commit(session, login_key(request))
    answer = RedirectResponse("/login?signed_out=1", 303)
    cookies.let_out(answer, settings)
    return answer


@router.get("/password")
def password_page(request: Request, user: AnyUserDep, settings: SettingsDep, now: NowDep) -> Response:
    return _password(request, formats_of(request, now, settings.timezone), required=user.password_change_required)


@router.post("/password")
def change_password(
    request: Request,
    user: AnyUserDep,
    context: ContextDep,
    now: NowDep,
    current: Password,
    new: Password,
    again: Password,
) -> Response:
    formats = formats_of(request, now, context.settings.timezone)
    say = formats.translator.gettext

    def again_with(problem: str, error: BackOfficeError) -> Response:
        return _password(request, formats, error, required=user.password_change_required, problem=problem)

    if new.get_secret_value() != again.get_secret_value():
        return again_with(say("The two new passwords differ."), InvalidInput())
    if len(new.get_secret_value()) < PASSWORD_MIN_CHARS:
        return again_with(say("The new password is too short."), InvalidInput())
    try:
        wanted = PasswordChange(current=current, new=new)
        entry = passwords.change(context, user, wanted, caller_of(request, context.keyring, user.login))
    except BadCredentials:
        return again_with(say("The current password is wrong."), InvalidInput())
    except InvalidInput as error:
        return again_with(say("The new password is the old one."), error)
    except (TooManyAttempts, HashingBusy) as error:
        return again_with(words_for_wait(formats, error), error)
    answer = RedirectResponse("/", 303)
    cookies.let_in(request, answer, context, entry)
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
    formats: Formats,
    error: BackOfficeError | None = None,
    *,
    login: str = "",
    to: str,
    signed_out: bool = False,
) -> HTMLResponse:
    wrong = formats.translator.gettext("Login name or password is wrong.")
    problem = wrong if isinstance(error, BadCredentials) else words_for_wait(formats, error) if error else ""
    values = {"login": login, "problem": problem, "to": to, "signed_out": signed_out}
    return _answered(request, "pages/login.html", formats, error, **values)


def _password(
    request: Request, formats: Formats, error: BackOfficeError | None = None, *, required: bool, problem: str = ""
) -> HTMLResponse:
    values = {"required": required, "problem": problem, "minimum": PASSWORD_MIN_CHARS}
    return _answered(request, "pages/password.html", formats, error, **values)


def _answered(
    request: Request, template: str, formats: Formats, error: BackOfficeError | None, **values: Any
) -> HTMLResponse:
    values["wait_s"] = error.retry_after_s if isinstance(error, TooManyAttempts) else 0
    page = render(request, template, formats, error.status if error else 200, **values)
    page.headers.update(error.headers() if error else {})
    return page
