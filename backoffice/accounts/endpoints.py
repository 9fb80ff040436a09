"""The accounts API."""

from fastapi import Request, Response

from backoffice.accounts import cookies, passwords, service
from backoffice.accounts.access import COOKIE, AdministratorDep, AnyUserDep, ViewerDep
from backoffice.accounts.caller import caller_of
from backoffice.accounts.passwords import Entry
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
from backoffice.context import Context
from backoffice.deps import BrokerDep, ContextDep, NowDep, SessionDep, SettingsDep
from backoffice.events.login_key import login_key
from backoffice.models import Agent, ApiToken, User
from backoffice.pagination import Page, PageDep, make_page
from backoffice.routing import Router

router = Router(prefix="/api/v1", tags=["accounts"])


@router.post("/setup", status_code=201)
def create_first_administrator(
    wanted: FirstAdministrator, request: Request, response: Response, context: ContextDep
) -> UserRead:
    """Make the first administrator with the one-time link that the server printed, and log them in."""
    context.setup_token.check(wanted.token.get_secret_value())
    new = UserCreate(login=wanted.login, name=wanted.name, role=Role.ADMINISTRATOR)
    entry = passwords.set_up(context, new, wanted.password.get_secret_value())
    context.setup_token.spend()
    return _let_in(request, response, context, entry)


@router.post("/login")
def log_in(given: Credentials, request: Request, response: Response, context: ContextDep) -> UserRead:
    """Log in: sets the session cookie. With ``password_change_required`` only the password can be changed."""
    entry = passwords.log_in(context, given, caller_of(request, context.keyring, given.login))
    return _let_in(request, response, context, entry)


@router.post("/logout", status_code=204)
def log_out(
    request: Request, response: Response, session: SessionDep, settings: SettingsDep, broker: BrokerDep
) -> None:
    """End the login session."""
    service.log_out(session, request.cookies.get(COOKIE, ""))
    broker.hang_up_after_commit(session, login_key(request))
    cookies.let_out(response, settings)


@router.post("/password")
def change_password(
    change: PasswordChange, user: AnyUserDep, request: Request, response: Response, context: ContextDep
) -> UserRead:
    """Change one's own password. Every login session and API token ends; the caller gets a new session."""
    entry = passwords.change(context, user, change, caller_of(request, context.keyring, user.login))
    return _let_in(request, response, context, entry)


@router.get("/me")
def read_me(viewer: ViewerDep) -> ViewerRead:
    """Who is logged in."""
    return ViewerRead(user_id=viewer.user_id, login=viewer.login, name=viewer.name, role=viewer.role)


@router.get("/users")
def list_users(_viewer: AdministratorDep, session: SessionDep, page: PageDep) -> Page[UserRead]:
    """Users by login name."""
    return make_page(service.list_users(session, page), page, read_user)


@router.post("/users", status_code=201)
def create_user(wanted: UserCreate, _viewer: AdministratorDep, context: ContextDep) -> OneTimePassword:
    """Make a user with a one-time password, which is shown this once."""
    user, password = passwords.make_user(context, wanted)
    return OneTimePassword(user=read_user(user), password=password)


@router.get("/users/{user_id}")
def get_user(user_id: int, _viewer: AdministratorDep, session: SessionDep) -> UserRead:
    """One user."""
    return read_user(service.get_user(session, user_id))


@router.patch("/users/{user_id}")
def update_user(
    user_id: int, changes: UserUpdate, _viewer: AdministratorDep, session: SessionDep, now: NowDep
) -> UserRead:
    """Rename, stop or admit a user."""
    return read_user(service.update_user(session, user_id, changes, now))


@router.post("/users/{user_id}/password-reset")
def reset_password(user_id: int, _viewer: AdministratorDep, context: ContextDep) -> OneTimePassword:
    """Give a user a new one-time password, which is shown this once."""
    user, password = passwords.reset(context, user_id)
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
def update_agent(
    agent_id: int, changes: AgentUpdate, _viewer: AdministratorDep, session: SessionDep, now: NowDep
) -> AgentRead:
    """Change an agent."""
    return read_agent(service.update_agent(session, agent_id, changes, now))


def read_user(user: User) -> UserRead:
    """A user as the API shows it."""
    return UserRead.model_validate(user, from_attributes=True)


def read_token(row: ApiToken) -> TokenRead:
    """A token as the API shows it."""
    return TokenRead.model_validate(row, from_attributes=True)


def read_agent(agent: Agent) -> AgentRead:
    """An agent as the API shows it."""
    return AgentRead.model_validate(agent, from_attributes=True)


def _let_in(request: Request, response: Response, context: Context, entry: Entry) -> UserRead:
    cookies.let_in(request, response, context, entry)
    return read_user(entry.user)
