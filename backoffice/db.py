"""The database: how it is opened, and what a transaction is.

SQLite in WAL mode with ``synchronous=FULL``: when a commit returns, the data is on the disk, so an acknowledgement
that follows a commit is true even if the power goes. One request is one transaction (``transaction``); nothing else
in the back office commits, except the ingest writer, which commits many reports at once.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlmodel import Session

from backoffice.errors import BackOfficeError, Conflict, StorageFailed, StorageFull, Unavailable
from backoffice.settings import Settings

BUSY_TIMEOUT_S = 10
PAGE_BYTES = 4096
POOL_CONNECTIONS = 24
POOL_OVERFLOW = 24
MODE_OPTION = "perscan_begin"
READ = "DEFERRED"
WRITE = "IMMEDIATE"


def make_engine(settings: Settings) -> Engine:
    """An engine on the SQLite file; the file is made, readable by its owner only, if there is none."""
    _make_private_file(settings)
    engine = create_engine(
        settings.database_url,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_S},
        pool_size=POOL_CONNECTIONS,
        max_overflow=POOL_OVERFLOW,
        hide_parameters=True,  # errors are logged; what was to be stored is not
    )
    event.listen(engine, "connect", lambda connection, _record: _prepare(connection, settings.database_max_bytes))
    event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def transaction(engine: Engine, mode: str = WRITE) -> Iterator[Session]:
    """One transaction: committed when the block ends well, rolled back when it raises.

    A writer takes the write lock at once (BEGIN IMMEDIATE): a transaction that reads first and asks for the lock
    later would fail when somebody else wrote in between.
    """
    with Session(engine.execution_options(**{MODE_OPTION: mode}), expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def write_connection(engine: Engine) -> Iterator[Connection]:
    """One write transaction without the object layer, for the ingest writer."""
    with engine.execution_options(**{MODE_OPTION: WRITE}).begin() as connection:
        yield connection


def storage_error(error: DatabaseError) -> BackOfficeError:
    """What a database error means to the caller."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    primary = code & 0xFF if isinstance(code, int) else None
    if primary == sqlite3.SQLITE_FULL:
        return StorageFull()
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Unavailable("the database is busy: try again")
    if isinstance(error, IntegrityError):
        return Conflict()
    return StorageFailed()


def _make_private_file(settings: Settings) -> None:
    path = settings.database_path
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _prepare(connection: Any, max_bytes: int) -> None:
    connection.isolation_level = None  # transactions are begun by _begin, not by the driver's guess
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_S * 1000}",
        "trusted_schema=OFF",
        f"max_page_count={max_bytes // PAGE_BYTES}" if max_bytes else "max_page_count",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get(MODE_OPTION, READ)
    connection.exec_driver_sql(f"BEGIN {mode}")
