"""Everything with a password in it: slow on purpose, so never inside a transaction.

Each function looks something up in a short transaction, hashes outside any, and stores in another, which believes
nothing of the first: a user may have been stopped, or have got another password, while the hash was made.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from backoffice.accounts import service
from backoffice.accounts.schemas import Credentials, PasswordChange, UserCreate
from backoffice.accounts.secrets import hash_password, is_right, new_password
from backoffice.accounts.throttle import Attempt, Caller
from backoffice.context import Context
from backoffice.db import READ, transaction
from backoffice.errors import BadCredentials, BadSetupToken, HashingBusy, InvalidInput
from backoffice.models import User


@dataclass(frozen=True)
class Entry:
    """Somebody who has got in."""

    user: User
    session_token: str
    """For the cookie."""


def log_in(context: Context, given: Credentials, caller: Caller) -> Entry:
    """The user of a login name and password, logged in. Raises BadCredentials, TooManyAttempts, HashingBusy."""
    with transaction(context.engine, READ) as session:
        found = service.user_of_login(session, given.login)
    with _attempt(context, given.login, caller) as attempt:
        right = context.hashing.do(is_right, given.password.get_secret_value(), found.password_hash if found else None)
        if found is None or not right:
            raise BadCredentials()
        attempt.succeeded()
    with transaction(context.engine) as session:
        user = service.still_let_in(session, found)
        return Entry(user, service.open_login_session(session, user, _lifetime_s(context), context.clock()))


def change(context: Context, user: User, wanted: PasswordChange, caller: Caller) -> Entry:
    """Change one's own password: whatever got in with the old one is out, and the caller gets a new login session.

    Whoever sits down at an open browser may guess the password no faster here than at the login.
    """
    with _attempt(context, user.login, caller) as attempt:
        if not context.hashing.do(is_right, wanted.current.get_secret_value(), user.password_hash):
            raise BadCredentials("the current password is wrong")
        attempt.succeeded()
    if wanted.new.get_secret_value() == wanted.current.get_secret_value():
        raise InvalidInput("the new password is the old one")
    hashed = context.hashing.do(hash_password, wanted.new.get_secret_value())
    now = context.clock()
    with transaction(context.engine) as session:
        checked = service.still_let_in(session, user)
        changed = service.set_password(session, checked.id or 0, hashed, now, one_time=False)
        return Entry(changed, service.open_login_session(session, changed, _lifetime_s(context), now))


def make_user(context: Context, wanted: UserCreate) -> tuple[User, str]:
    """Make a user with a one-time password."""
    password = new_password()
    hashed = context.hashing.do(hash_password, password)
    with transaction(context.engine) as session:
        return service.create_user(session, wanted, hashed, context.clock(), one_time=True), password


def reset(context: Context, user_id: int) -> tuple[User, str]:
    """Give a user a new one-time password; whatever got in with the old one is out."""
    password = new_password()
    hashed = context.hashing.do(hash_password, password)
    with transaction(context.engine) as session:
        return service.set_password(session, user_id, hashed, context.clock(), one_time=True), password


def set_up(context: Context, wanted: UserCreate, password: str) -> Entry:
    """Make the first administrator, whose password a person chose, and log them in."""
    hashed = context.hashing.do(hash_password, password)
    now = context.clock()
    with transaction(context.engine) as session:
        if service.has_administrator(session):
            raise BadSetupToken("there is an administrator already")
        user = service.create_user(session, wanted, hashed, now, one_time=False)
        return Entry(user, service.open_login_session(session, user, _lifetime_s(context), now))


@contextmanager
def _attempt(context: Context, login: str, caller: Caller) -> Iterator[Attempt]:
    """An attempt that counts as failed from now on. One for which there was no place in the line does not count."""
    attempt = context.throttle.reserve(login, caller, context.clock())
    try:
        yield attempt
    except HashingBusy:
        attempt.was_not_made()
        raise


def _lifetime_s(context: Context) -> int:
    return context.settings.login_lifetime_s
