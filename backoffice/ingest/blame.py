"""Whose fault it is that a group of reports was not stored: the storage's, or something that one of them touches."""

import sqlite3

from sqlalchemy.exc import DatabaseError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from backoffice.db import storage_error
from backoffice.errors import BackOfficeError, Unavailable

STORAGE_CODES = frozenset(
    (
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PROTOCOL,
    )
)
"""With these no report can be stored. Others (a constraint, a damaged row or index, a text that is none) may concern a
table that the journals can do without."""


def is_storage(error: Exception) -> bool:
    """Whether trying the reports one by one would help nobody."""
    if isinstance(error, PoolTimeout | Unavailable):
        return True
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF in STORAGE_CODES


def error_of(error: Exception) -> BackOfficeError:
    """What the sender is told."""
    if isinstance(error, BackOfficeError):
        return error
    if isinstance(error, PoolTimeout):
        return Unavailable("the database is busy: try again")
    return storage_error(error) if isinstance(error, DatabaseError) else BackOfficeError()
