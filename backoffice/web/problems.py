"""Errors as a person meets them: a page that says what happened and where to go on, or the way to the login.

Who is logged in and asked for what is not there, or not for them, keeps the menu. What is wrong with the server itself
is said on a page that needs nothing of it.
"""

from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backoffice.accounts.access import COOKIE, identify
from backoffice.context import Context
from backoffice.db import READ, STORAGE_TROUBLE
from backoffice.deps import SAFE_METHODS, dated
from backoffice.errors import (
    BackOfficeError,
    ForeignOrigin,
    InvalidInput,
    NotLoggedIn,
    PasswordChangeRequired,
    TooManyAttempts,
)
from backoffice.web.formats import Formats
from backoffice.web.i18n import mark
from backoffice.web.page import Desk, formats_of, here, render

_WORDS = {
    403: (
        mark("This is not for you to see"),
        mark("Your account may not open this page. Ask an administrator if it should."),
    ),
    404: (
        mark("There is nothing here"),
        mark("The address is wrong, or what was here is not for your account to see."),
    ),
    405: (mark("That cannot be done here"), mark("Go back and try another way.")),
    409: (mark("That cannot be done now"), mark("Somebody else has changed it meanwhile. Go back and look again.")),
    422: (
        mark("This address makes no sense"),
        mark("A filter in the address has an impossible value. Go back and choose again."),
    ),
    429: (mark("Too many attempts"), ""),
    503: (mark("The server is busy"), mark("Nothing is lost. Wait a moment and load the page again.")),
}
_FORM_WRONG = (
    mark("This cannot be taken as it is"),
    mark("A field of the form has an impossible value. Go back and correct it."),
)
_OF_THE_READER = (403, 404, 405, 409, 422)
"""Statuses of what is wrong with the question, not with the server."""
_OTHER = (
    mark("Something went wrong here"),
    mark("It is not your fault, and it was written down. Try again in a moment."),
)


def error_page(request: Request, error: BackOfficeError) -> Response:
    """The page for an error that a browser met."""
    if isinstance(error, PasswordChangeRequired):
        return RedirectResponse("/password", 303)
    if isinstance(error, NotLoggedIn):
        return RedirectResponse(_login_address(request), 303)
    context: Context = request.app.state.context
    formats = formats_of(request, context.clock(), context.settings.timezone)
    values = _values(formats, request, error)
    is_of_the_reader = error.status in _OF_THE_READER and not isinstance(error, ForeignOrigin)
    page = _with_menu(request, context, error, values) if is_of_the_reader else None
    page = page or render(request, "errors/alone.html", formats, error.status, **values)
    page.headers.update(error.headers())
    return page


def _values(formats: Formats, request: Request, error: BackOfficeError) -> dict[str, str]:
    heading, words = _WORDS.get(error.status, _OTHER)
    if error.status == InvalidInput.status and request.method not in SAFE_METHODS:
        heading, words = _FORM_WRONG
    say = formats.translator.gettext
    return {
        "heading": say(heading),
        "words": say(words) if words else words_for_wait(formats, error),
        "code": error.code,
        "reference": error.detail.get("reference", ""),
    }


def _with_menu(
    request: Request, context: Context, error: BackOfficeError, values: dict[str, str]
) -> HTMLResponse | None:
    """The page as a part of the house; None for strangers, and where the database is in no state to say who asks."""
    if COOKIE not in request.cookies:
        return None
    try:
        with dated(context, READ) as session:
            viewer = identify(request, session, context.clock())
            if viewer is None:
                return None
            desk = Desk(request, session, viewer, context.clock(), context.settings.timezone)
            return desk.page("errors/inside.html", "", error.status, live=False, **values)
    except (BackOfficeError, *STORAGE_TROUBLE):
        return None


def words_for_wait(formats: Formats, error: BackOfficeError) -> str:
    """When to try again, with a figure."""
    say = formats.translator.gettext
    if isinstance(error, TooManyAttempts):
        return say("Too many attempts. Try again in %(time)s.") % {"time": formats.wait(error.retry_after_s)}
    return say("The server is busy with other sign-ins. Try again in a few seconds.")


def _login_address(request: Request) -> str:
    wanted = here(request) if request.method == "GET" else "/"
    return "/login" if wanted == "/" else f"/login?{urlencode({'to': wanted})}"
