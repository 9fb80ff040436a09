"""The accounts API."""

from fastapi import APIRouter, Request, Response

from backoffice.accounts import service
from backoffice.accounts.access import COOKIE, AdministratorDep, AnyUserDep, ViewerDep
from backoffice.accounts.roles import Role
from backoffice.accounts.schemas import (
    AgentCreate,
    AgentRead,
    AgentUpdate,
    Credentials,
    FirstAdministrator,
    OneTimePassword,
    PasswordChange,
    TokenCreate,
    TokenMade,
    TokenRead,
    UserCreate,
    UserRead,
    UserUpdate,
    ViewerRead,
)
from backoffice.db import READ, transaction
from backoffice.deps import ContextDep, NowDep, SessionDep, SettingsDep
from backoffice.errors import BadSetupToken
from backoffice.models import Agent, ApiToken, User
from backoffice.pagination import Page, PageDep, make_page
from backoffice.settings import Settings

router = APIRouter(prefix="/api/v1", tags=["accounts"])


@router.post("/setup", status_code=201)
def create_first_administrator(
    wanted: FirstAdministrator, context: ContextDep, session: SessionDep, now: NowDep, response: Response
) -> UserRead:
    """Make the first administrator with the one-time link that the server printed, and log them in."""
    context.setup_token.check(wanted.token.get_secret_value())
    if service.has_administrator(session):
        raise BadSetupToken("there is an administrator already")
    new = UserCreate(login=wanted.login, name=wanted.name, role=Role.ADMINISTRATOR)
    user = service.create_user_with_password(session, new, wanted.password.get_secret_value(), now)
    _set_cookie(
        response, service.open_login_session(session, user, context.settings.login_lifetime_s, now), context.settings
    )
    context.setup_token.spend()
    return read_user(user)


@router.post("/login")
def log_in(
    given: Credentials, request: Request, response: Response, context: ContextDep, session: SessionDep, now: NowDep
) -> UserRead:
    """Log in: sets the session cookie. With ``password_change_required`` only the password can be changed."""
    address = request.client.host if request.client else "unknown"
    with transaction(context.engine, READ) as reading:  # hashing a password must not hold up writers
        user = service.check_password(reading, context.throttle, given, address, now)
    token = service.open_login_session(session, user, context.settings.login_lifetime_s, now)
    _set_cookie(response, token, context.settings)
    return read_user(user)


@router.post("/logout", status_code=204)
def log_out(request: Request, response: Response, session: SessionDep, settings: SettingsDep) -> None:
    """End the login session."""
    service.log_out(session, request.cookies.get(COOKIE, ""))
    response.delete_cookie(COOKIE, path="/", secure=settings.cookie_secure, httponly=True, samesite="lax")


@router.post("/password")
def change_password(
    change: PasswordChange,
    user: AnyUserDep,
    response: Response,
    session: SessionDep,
    settings: SettingsDep,
    now: NowDep,
) -> UserRead:
    """Change one's own password. Every login session ends; the caller gets a new one."""
    changed = service.change_password(session, user.id or 0, change)
    _set_cookie(response, service.open_login_session(session, changed, settings.login_lifetime_s, now), settings)
    return read_user(changed)


@router.get("/me")
def read_me(viewer: ViewerDep) -> ViewerRead:
    """Who is logged in."""
    return ViewerRead(user_id=viewer.user_id, login=viewer.login, name=viewer.name, role=viewer.role)


@router.get("/users")
def list_users(_viewer: AdministratorDep, session: SessionDep, page: PageDep) -> Page[UserRead]:
    """Users by login name."""
    return make_page(service.list_users(session, page), page, read_user)


@router.post("/users", status_code=201)
def create_user(wanted: UserCreate, _viewer: AdministratorDep, session: SessionDep, now: NowDep) -> OneTimePassword:
    """Make a user with a one-time password, which is shown this once."""
    user, password = service.create_user(session, wanted, now)
    return OneTimePassword(user=read_user(user), password=password)


@router.get("/users/{user_id}")
def get_user(user_id: int, _viewer: AdministratorDep, session: SessionDep) -> UserRead:
    """One user."""
    return read_user(service.get_user(session, user_id))


@router.patch("/users/{user_id}")
def update_user(user_id: int, changes: UserUpdate, _viewer: AdministratorDep, session: SessionDep) -> UserRead:
    """Rename, stop or admit a user."""
    return read_user(service.update_user(session, user_id, changes))


@router.post("/users/{user_id}/password-reset")
def reset_password(user_id: int, _viewer: AdministratorDep, session: SessionDep) -> OneTimePassword:
    """Give a user a new one-time password, which is shown this once."""
    user, password = service.reset_password(session, user_id)
    return OneTimePassword(user=read_user(user), password=password)


@router.get("/tokens")
def list_tokens(viewer: ViewerDep, session: SessionDep, page: PageDep) -> Page[TokenRead]:
    """One's own API tokens."""
    return make_page(service.list_tokens(session, viewer.user_id, page), page, read_token)


@router.post("/tokens", status_code=201)
def create_token(wanted: TokenCreate, viewer: ViewerDep, session: SessionDep, now: NowDep) -> TokenMade:
    """Make an API token for oneself, which is shown this once."""
    row, secret = service.create_token(session, viewer.user_id, wanted, now)
    return TokenMade(token=secret, read=read_token(row))


@router.delete("/tokens/{token_id}")
def revoke_token(token_id: int, viewer: ViewerDep, session: SessionDep, now: NowDep) -> TokenRead:
    """End one of one's own API tokens."""
    return read_token(service.revoke_token(session, viewer.user_id, token_id, now))


@router.get("/agents")
def list_agents(_viewer: AdministratorDep, session: SessionDep, page: PageDep) -> Page[AgentRead]:
    """Agents by name."""
    return make_page(service.list_agents(session, page), page, read_agent)


@router.post("/agents", status_code=201)
def create_agent(wanted: AgentCreate, _viewer: AdministratorDep, session: SessionDep, now: NowDep) -> AgentRead:
    """Make an agent."""
    return read_agent(service.create_agent(session, wanted, now))


@router.patch("/agents/{agent_id}")
def update_agent(agent_id: int, changes: AgentUpdate, _viewer: AdministratorDep, session: SessionDep) -> AgentRead:
    """Change an agent."""
    return read_agent(service.update_agent(session, agent_id, changes))


def read_user(user: User) -> UserRead:
    """A user as the API shows it."""
    return UserRead.model_validate(user, from_attributes=True)


def read_token(row: ApiToken) -> TokenRead:
    """A token as the API shows it."""
    return TokenRead.model_validate(row, from_attributes=True)


def read_agent(agent: Agent) -> AgentRead:
    """An agent as the API shows it."""
    return AgentRead.model_validate(agent, from_attributes=True)


def _set_cookie(response: Response, token: str, settings: Settings) -> None:
    response.set_cookie(
        COOKIE,
        token,
        max_age=settings.login_lifetime_s,
        path="/",
        secure=settings.cookie_secure,
        httponly=True,
        samesite="lax",
    )
