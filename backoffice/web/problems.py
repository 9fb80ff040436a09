"""Errors as a person meets them: a page that says what happened and where to go on, or the way to the login."""

from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from backoffice.context import Context
from backoffice.errors import BackOfficeError, NotLoggedIn, PasswordChangeRequired, TooManyAttempts
from backoffice.web.formats import Formats
from backoffice.web.i18n import mark
from backoffice.web.page import formats_of, here, render

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
    heading, words = _WORDS.get(error.status, _OTHER)
    context: Context = request.app.state.context
    formats = formats_of(request, context.clock(), context.settings.timezone)
    say = formats.translator.gettext
    page = render(
        request,
        "errors/error.html",
        formats,
        error.status,
        heading=say(heading),
        words=say(words) if words else words_for_wait(formats, error),
        code=error.code,
        reference=error.detail.get("reference", ""),
    )
    page.headers.update(error.headers())
    return page


def words_for_wait(formats: Formats, error: BackOfficeError) -> str:
    """When to try again, with a figure."""
    say = formats.translator.gettext
    if isinstance(error, TooManyAttempts):
        return say("Too many attempts. Try again in %(time)s.") % {"time": formats.wait(error.retry_after_s)}
    return say("The server is busy with other sign-ins. Try again in a few seconds.")


def _login_address(request: Request) -> str:
    wanted = here(request) if request.method == "GET" else "/"
    return "/login" if wanted == "/" else f"/login?{urlencode({'to': wanted})}"
