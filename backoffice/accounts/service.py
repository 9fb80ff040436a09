"""Users, logins, API tokens and agents: what may be done with them."""

from collections.abc import Sequence

from sqlmodel import Session

from backoffice.accounts import repository
from backoffice.accounts.roles import Role, Viewer
from backoffice.accounts.schemas import AgentCreate, AgentUpdate, TokenCreate, UserCreate, UserUpdate
from backoffice.accounts.secrets import hash_token, new_token
from backoffice.errors import AlreadyExists, BadCredentials, InvalidInput, NotFound, WrongState
from backoffice.models import Agent, ApiToken, LoginSession, User
from backoffice.pagination import PageRequest

DAY_S = 86400
SESSIONS_MAX = 50
"""Browsers in which one user is logged in; the one that logged in longest ago is logged out."""
LIVE_TOKENS_MAX = 20
ENDED_TOKENS_KEPT = 100


def user_of_login(session: Session, login: str) -> User | None:
    """Whose login name this is, if that user is let in at all."""
    user = repository.user_by_login(session, login)
    return user if user is not None and repository.is_admitted(session, _id(user)) else None


def still_let_in(session: Session, checked: User) -> User:
    """The user as they are now; raises BadCredentials if they were stopped, or got another password, meanwhile."""
    user = get_user(session, _id(checked))
    if user.password_hash != checked.password_hash or not repository.is_admitted(session, _id(user)):
        raise BadCredentials()
    return user


def open_login_session(session: Session, user: User, lifetime_s: int, now: int) -> str:
    """A new login session of a user: the cookie's token."""
    repository.delete_expired_sessions(session, now)
    token = new_token()
    row = LoginSession(token_hash=hash_token(token), user_id=_id(user), created_at=now, expires_at=now + lifetime_s)
    repository.add(session, row)
    repository.keep_newest_sessions(session, _id(user), SESSIONS_MAX)
    return token


def log_out(session: Session, token: str) -> None:
    """End the login session of a cookie."""
    repository.delete_session(session, hash_token(token))


def user_of_cookie(session: Session, token: str, now: int) -> User | None:
    """Whose login session this is, if it is one."""
    return repository.user_of_session(session, hash_token(token), now)


def user_of_bearer(session: Session, token: str, now: int) -> User | None:
    """Whose API token this is, if it is one."""
    return repository.user_of_token(session, hash_token(token), now)


def viewer(session: Session, user: User, *, by_token: bool) -> Viewer:
    """What a user may see."""
    role = Role(user.role)
    institution_ids: frozenset[int] | None = None
    if role is Role.AGENT:
        institution_ids = frozenset(repository.institution_ids_of_agent(session, user.agent_id or 0))
    elif role is Role.INSTITUTION:
        institution_ids = frozenset({user.institution_id or 0})
    return Viewer(_id(user), user.login, user.name, role, institution_ids, by_token)


def create_user(session: Session, wanted: UserCreate, password_hash: str, now: int, *, one_time: bool) -> User:
    """Make a user. A one-time password has to be changed at the first login."""
    if repository.user_by_login(session, wanted.login):
        raise AlreadyExists(f"there is a user {wanted.login} already")
    if wanted.agent_id is not None and repository.agent(session, wanted.agent_id) is None:
        raise InvalidInput("there is no such agent")
    if wanted.institution_id is not None and not repository.institution_exists(session, wanted.institution_id):
        raise InvalidInput("there is no such institution")
    user = User(
        login=wanted.login,
        name=wanted.name,
        role=wanted.role.value,
        agent_id=wanted.agent_id,
        institution_id=wanted.institution_id,
        password_hash=password_hash,
        password_change_required=one_time,
        created_at=now,
    )
    repository.add(session, user)
    return user


def update_user(session: Session, user_id: int, changes: UserUpdate, now: int) -> User:
    """Rename, stop or admit a user. A stopped user is logged out everywhere, programs included."""
    user = get_user(session, user_id)
    if changes.name is not None:
        user.name = changes.name
    if changes.active is not None:
        _keep_one_administrator(session, user, stays_active=changes.active)
        user.active = changes.active
        if not user.active:
            repository.end_access(session, [user_id], now)
    return user


def _keep_one_administrator(session: Session, user: User, *, stays_active: bool) -> None:
    last = user.active and user.role == Role.ADMINISTRATOR.value and repository.active_administrators(session) == 1
    if last and not stays_active:
        raise WrongState("the last administrator cannot be stopped")


def set_password(session: Session, user_id: int, password_hash: str, now: int, *, one_time: bool) -> User:
    """Give a user another password. Whatever got in with the one before is out: login sessions and API tokens."""
    user = get_user(session, user_id)
    user.password_hash = password_hash
    user.password_change_required = one_time
    repository.end_access(session, [user_id], now)
    return user


def get_user(session: Session, user_id: int) -> User:
    """One user; raises NotFound."""
    user = repository.user(session, user_id)
    if user is None:
        raise NotFound("there is no such user")
    return user


def find_user(session: Session, login: str) -> int:
    """The number of the user of that login name; raises NotFound."""
    user = repository.user_by_login(session, login.strip().lower())
    if user is None:
        raise NotFound(f"there is no user {login}")
    return _id(user)


def list_users(session: Session, page: PageRequest) -> Sequence[User]:
    """Users by login name."""
    return repository.users(session, page)


def has_administrator(session: Session) -> bool:
    """Whether the back office was set up."""
    return repository.active_administrators(session) > 0


def create_token(session: Session, user_id: int, wanted: TokenCreate, now: int) -> tuple[ApiToken, str]:
    """Make an API token: its row and its secret. Raises WrongState when the user has enough of them."""
    if repository.live_tokens(session, user_id, now) >= LIVE_TOKENS_MAX:
        raise WrongState(f"a user has {LIVE_TOKENS_MAX} API tokens at most: revoke one first")
    repository.keep_newest_ended_tokens(session, user_id, now, ENDED_TOKENS_KEPT)
    secret = new_token()
    row = ApiToken(
        user_id=user_id,
        name=wanted.name,
        token_hash=hash_token(secret),
        created_at=now,
        expires_at=now + wanted.lifetime_days * DAY_S,
    )
    repository.add(session, row)
    return row, secret


def list_tokens(session: Session, user_id: int, page: PageRequest) -> Sequence[ApiToken]:
    """One's own API tokens."""
    return repository.tokens_of(session, user_id, page)


def revoke_token(session: Session, user_id: int, token_id: int, now: int) -> ApiToken:
    """End one of one's own API tokens."""
    row = repository.token(session, token_id)
    if row is None or row.user_id != user_id:
        raise NotFound("there is no such token")
    row.revoked_at = row.revoked_at or now
    return row


def create_agent(session: Session, wanted: AgentCreate, now: int) -> Agent:
    """Make an agent."""
    _refuse_taken_agent_name(session, wanted.name)
    agent = Agent(name=wanted.name, contact=wanted.contact, created_at=now)
    repository.add(session, agent)
    return agent


def update_agent(session: Session, agent_id: int, changes: AgentUpdate, now: int) -> Agent:
    """Change an agent. The users of one that is stopped are out at once."""
    agent = repository.agent(session, agent_id)
    if agent is None:
        raise NotFound("there is no such agent")
    if changes.name is not None and changes.name != agent.name:
        _refuse_taken_agent_name(session, changes.name)
        agent.name = changes.name
    if changes.contact is not None:
        agent.contact = changes.contact
    if changes.active is not None:
        agent.active = changes.active
        if not agent.active:
            repository.end_access(session, repository.users_of_agent(session, agent_id), now)
    return agent


def institution_stopped(session: Session, institution_id: int, now: int) -> None:
    """The users of an institution that was stopped are out at once."""
    repository.end_access(session, repository.users_of_institution(session, institution_id), now)


def _refuse_taken_agent_name(session: Session, name: str) -> None:
    if repository.agent_by_name(session, name):
        raise AlreadyExists(f"there is an agent {name} already")


def list_agents(session: Session, page: PageRequest) -> Sequence[Agent]:
    """Agents by name."""
    return repository.agents(session, page)


def _id(user: User) -> int:
    if user.id is None:
        raise WrongState("the user is not stored yet")
    return user.id
