"""Queries of the accounts domain."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, exists, func, update
from sqlmodel import Session, col, select

from backoffice.accounts.roles import Role
from backoffice.models import Agent, ApiToken, Institution, LoginSession, User
from backoffice.pagination import PageRequest


def add(session: Session, row: User | Agent | ApiToken | LoginSession) -> None:
    """Store a row; gives it its id."""
    session.add(row)
    session.flush()


def user(session: Session, user_id: int) -> User | None:
    """One user."""
    return session.get(User, user_id)


def user_by_login(session: Session, login: str) -> User | None:
    """The user of that login name."""
    return session.exec(select(User).where(User.login == login)).first()


def users(session: Session, page: PageRequest) -> Sequence[User]:
    """Users by login name."""
    return session.exec(select(User).order_by(User.login).offset(page.offset).limit(page.limit + 1)).all()


def active_administrators(session: Session) -> int:
    """How many administrators may log in."""
    query = select(func.count()).where(User.role == Role.ADMINISTRATOR.value, col(User.active).is_(True))
    return session.exec(query).one()


def is_admitted(session: Session, user_id: int) -> bool:
    """Whether a user is let in: not stopped, and neither is who they belong to."""
    return session.exec(select(User.id).where(User.id == user_id, *_admitted())).first() is not None


def _admitted() -> tuple[ColumnElement[bool], ...]:
    """Stopping an agent or an institution stops its users, without touching each of them."""
    agent_stopped = exists().where(col(Agent.id) == col(User.agent_id), col(Agent.active).is_(False))
    place_stopped = exists().where(col(Institution.id) == col(User.institution_id), col(Institution.active).is_(False))
    return col(User.active).is_(True), ~agent_stopped, ~place_stopped


def user_of_session(session: Session, token_hash: bytes, now: int) -> User | None:
    """The user who is let in with this login session."""
    query = (
        select(User)
        .join(LoginSession)
        .where(LoginSession.token_hash == token_hash, LoginSession.expires_at > now, *_admitted())
    )
    return session.exec(query).first()


def user_of_token(session: Session, token_hash: bytes, now: int) -> User | None:
    """The user who is let in with this API token."""
    query = (
        select(User)
        .join(ApiToken)
        .where(
            ApiToken.token_hash == token_hash,
            ApiToken.expires_at > now,
            col(ApiToken.revoked_at).is_(None),
            *_admitted(),
        )
    )
    return session.exec(query).first()


def delete_session(session: Session, token_hash: bytes) -> None:
    """End one login session."""
    session.exec(delete(LoginSession).where(col(LoginSession.token_hash) == token_hash))


def end_access(session: Session, user_ids: Sequence[int], now: int) -> None:
    """End every login session of these users, and every API token of theirs."""
    session.exec(delete(LoginSession).where(col(LoginSession.user_id).in_(user_ids)))
    alive = col(ApiToken.user_id).in_(user_ids), col(ApiToken.revoked_at).is_(None)
    session.exec(update(ApiToken).where(*alive).values(revoked_at=now))


def users_of_agent(session: Session, agent_id: int) -> Sequence[int]:
    """The users who belong to an agent."""
    return [found for found in session.exec(select(User.id).where(User.agent_id == agent_id)) if found]


def users_of_institution(session: Session, institution_id: int) -> Sequence[int]:
    """The users who belong to an institution."""
    return [found for found in session.exec(select(User.id).where(User.institution_id == institution_id)) if found]


def delete_expired_sessions(session: Session, now: int) -> None:
    """Forget login sessions that have run out."""
    session.exec(delete(LoginSession).where(col(LoginSession.expires_at) <= now))


def keep_newest_sessions(session: Session, user_id: int, count: int) -> None:
    """End a user's login sessions but the newest ``count``."""
    older = (
        select(LoginSession.token_hash)
        .where(LoginSession.user_id == user_id)
        .order_by(col(LoginSession.created_at).desc(), col(LoginSession.token_hash))
        .offset(count)
    )
    session.exec(delete(LoginSession).where(col(LoginSession.token_hash).in_(older)))


def live_tokens(session: Session, user_id: int, now: int) -> int:
    """How many API tokens of a user still open something."""
    query = select(func.count()).where(
        ApiToken.user_id == user_id, ApiToken.expires_at > now, col(ApiToken.revoked_at).is_(None)
    )
    return session.exec(query).one()


def keep_newest_ended_tokens(session: Session, user_id: int, now: int, count: int) -> None:
    """Forget a user's API tokens that open nothing any more, but the newest ``count``."""
    ended = (col(ApiToken.expires_at) <= now) | col(ApiToken.revoked_at).is_not(None)
    older = select(ApiToken.id).where(ApiToken.user_id == user_id, ended).order_by(col(ApiToken.id).desc())
    session.exec(delete(ApiToken).where(col(ApiToken.id).in_(older.offset(count))))


def tokens_of(session: Session, user_id: int, page: PageRequest) -> Sequence[ApiToken]:
    """A user's API tokens, newest first."""
    query = select(ApiToken).where(ApiToken.user_id == user_id).order_by(col(ApiToken.id).desc())
    return session.exec(query.offset(page.offset).limit(page.limit + 1)).all()


def token(session: Session, token_id: int) -> ApiToken | None:
    """One API token."""
    return session.get(ApiToken, token_id)


def agent(session: Session, agent_id: int) -> Agent | None:
    """One agent."""
    return session.get(Agent, agent_id)


def agent_by_name(session: Session, name: str) -> Agent | None:
    """The agent of that name."""
    return session.exec(select(Agent).where(Agent.name == name)).first()


def agents(session: Session, page: PageRequest) -> Sequence[Agent]:
    """Agents by name."""
    return session.exec(select(Agent).order_by(Agent.name).offset(page.offset).limit(page.limit + 1)).all()


def institution_exists(session: Session, institution_id: int) -> bool:
    """Whether there is such an institution."""
    return session.get(Institution, institution_id) is not None


def institution_ids_of_agent(session: Session, agent_id: int) -> Sequence[int]:
    """The institutions that an agent serves."""
    return [found for found in session.exec(select(Institution.id).where(Institution.agent_id == agent_id)) if found]
