"""Passwords and random tokens: how they are made, stored and checked."""

import hashlib
import secrets
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

TOKEN_BYTES = 32
ONE_TIME_PASSWORD_BYTES = 12
PASSWORD_MIN_CHARS = 12
PASSWORD_MAX_CHARS = 200

_hasher = PasswordHasher()  # argon2id, parameters of RFC 9106 4 (second recommended option)


def hash_password(password: str) -> str:
    """The argon2id hash, with its parameters and salt."""
    return _hasher.hash(password)


def password_matches(password: str, password_hash: str) -> bool:
    """Whether the password is the hashed one."""
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def nobodys_hash() -> str:
    """A hash that no password matches: an unknown login name takes as long to refuse as a wrong password."""
    return hash_password(secrets.token_hex(TOKEN_BYTES))


def new_password() -> str:
    """A one-time password that a person can type."""
    return secrets.token_urlsafe(ONE_TIME_PASSWORD_BYTES)


def new_token() -> str:
    """A random token."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> bytes:
    """What is stored of a token. It is random and long, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()
