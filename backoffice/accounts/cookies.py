"""The cookies of somebody who has got in: the login session, and the device from now on known for their login."""

from fastapi import Request
from starlette.responses import Response

from backoffice.accounts import caller
from backoffice.accounts.access import COOKIE
from backoffice.accounts.passwords import Entry
from backoffice.context import Context
from backoffice.settings import Settings


def let_in(request: Request, response: Response, context: Context, entry: Entry) -> None:
    """Set both: neither is for scripts, nor for other sites' pages."""
    device = caller.device_cookie(request, context.keyring, entry.user.login)
    _set(response, context.settings, COOKIE, entry.session_token, context.settings.login_lifetime_s)
    _set(response, context.settings, caller.COOKIE, device, caller.COOKIE_KEPT_S)


def let_out(response: Response, settings: Settings) -> None:
    """Take the login session's cookie away. The device stays known."""
    response.delete_cookie(COOKIE, path="/", secure=settings.cookie_secure, httponly=True, samesite="lax")


def _set(response: Response, settings: Settings, name: str, value: str, kept_s: int) -> None:
    response.set_cookie(name, value, kept_s, path="/", secure=settings.cookie_secure, httponly=True, samesite="lax")
