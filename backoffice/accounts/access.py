"""Who makes a request: dependencies for endpoints of every domain.

def create_x(viewer: AdministratorDep, ...): ...     only administrators
def read_x(viewer: ViewerDep, ...): ...              anybody who is logged in; filter by viewer.institution_ids
def page(viewer: OptionalViewerDep, ...): ...        None when nobody is
"""

from typing import Annotated

from fastapi import Depends, Request
from sqlmodel import Session

from backoffice.accounts import service
from backoffice.accounts.roles import Role, Viewer
from backoffice.accounts.secrets import is_token
from backoffice.accounts.tokens import refuse_to_tokens
from backoffice.db import READ, transaction
from backoffice.deps import ContextDep
from backoffice.errors import Forbidden, NotLoggedIn, PasswordChangeRequired
from backoffice.models import User

COOKIE = "perscan_session"
BEARER = "bearer "


def find_user(request: Request, session: Session, now: int) -> tuple[User | None, bool]:
    """The user of the request, and whether an API token named them. A bearer token, if sent, must be right."""
    authorization = request.headers.get("authorization", "")
    if authorization[: len(BEARER)].lower() == BEARER:
        token = authorization[len(BEARER) :].strip()
        user = service.user_of_bearer(session, token, now) if is_token(token) else None
        if user is None:
            raise NotLoggedIn("the API token is wrong, expired or revoked")
        refuse_to_tokens(request)
        return user, True
    cookie = request.cookies.get(COOKIE, "")
    return (service.user_of_cookie(session, cookie, now) if is_token(cookie) else None), False


def identify(request: Request, session: Session, now: int) -> Viewer | None:
    """Who makes the request, if anybody is logged in."""
    user, by_token = find_user(request, session, now)
    if user is None:
        return None
    if user.password_change_required:
        raise PasswordChangeRequired()
    return service.viewer(session, user, by_token=by_token)


def optional_viewer(request: Request, context: ContextDep) -> Viewer | None:
    """Who makes the request, if anybody is logged in. Read in a transaction of its own: a stranger locks nothing."""
    with transaction(context.engine, READ) as session:
        return identify(request, session, context.clock())


def any_user(request: Request, context: ContextDep) -> User:
    """The logged-in user, also before the one-time password was changed."""
    with transaction(context.engine, READ) as session:
        user, _by_token = find_user(request, session, context.clock())
    if user is None:
        raise NotLoggedIn()
    return user


OptionalViewerDep = Annotated[Viewer | None, Depends(optional_viewer)]
AnyUserDep = Annotated[User, Depends(any_user)]


def logged_in(viewer: OptionalViewerDep) -> Viewer:
    """Who makes the request."""
    if viewer is None:
        raise NotLoggedIn()
    return viewer


ViewerDep = Annotated[Viewer, Depends(logged_in)]


class RequireRole:
    """Lets only some roles pass; administrators always."""

    def __init__(self, *roles: Role) -> None:
        self.roles = (Role.ADMINISTRATOR, *roles)

    def __call__(self, viewer: ViewerDep) -> Viewer:
        if viewer.role not in self.roles:
            raise Forbidden(f"only for: {', '.join(self.roles)}")
        return viewer


AdministratorDep = Annotated[Viewer, Depends(RequireRole())]
IssuerDep = Annotated[Viewer, Depends(RequireRole(Role.ISSUER))]
StaffDep = Annotated[Viewer, Depends(RequireRole(Role.ISSUER, Role.INVESTOR))]
