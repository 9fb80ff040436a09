"""Passwords and random tokens: how they are made, stored and checked.

What hashes a password is slow and takes 64 MiB: backoffice/hashing.py says whose turn it is.
"""

import hashlib
import re
import secrets
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

TOKEN_BYTES = 32
ONE_TIME_PASSWORD_BYTES = 12
PASSWORD_MIN_CHARS = 12
PASSWORD_MAX_CHARS = 200

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # TOKEN_BYTES in base64url
_hasher = PasswordHasher()  # argon2id, parameters of RFC 9106 4 (second recommended option)


def hash_password(password: str) -> str:
    """The argon2id hash, with its parameters and salt."""
    return _hasher.hash(password)


def is_right(password: str, password_hash: str | None) -> bool:
    """Whether the password is the hashed one. Without a hash it is wrong, after the same time: whose name does not
    exist is refused no sooner than whose password is wrong.
    """
    try:
        return _hasher.verify(password_hash or _nobodys_hash(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return hash_password(secrets.token_hex(TOKEN_BYTES))


def new_password() -> str:
    """A one-time password that a person can type."""
    return secrets.token_urlsafe(ONE_TIME_PASSWORD_BYTES)


def new_token() -> str:
    """A random token."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_token(text: str) -> bool:
    """Whether this could be a token of ours; what cannot be one is not looked for in the database."""
    return _TOKEN.fullmatch(text) is not None


def hash_token(token: str) -> bytes:
    """What is stored of a token. It is random and long, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()
