"""The database: how it is opened, by whom, and what a transaction is.

SQLite in WAL mode with ``synchronous=FULL``: when a commit returns, the data is on the disk, so an acknowledgement
that follows a commit is true even if the power goes. One request is one transaction (``transaction``); nothing else
in the back office commits, except the ingest writer, which commits many reports at once.

Connections are kept apart by who uses them (``Database``): requests of people, however many, take none from the
ingest writer, from the work behind the uplink or from the health check. A transaction takes its connection at its first
query, and a writer its turn in the line of writers (``write_line``), not before.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from backoffice.errors import BackOfficeError, Conflict, StorageFailed, StorageFull, Unavailable
from backoffice.settings import Settings
from backoffice.write_line import Turn, WriteLine

BUSY_TIMEOUT_S = 10
"""How long another *process* that writes is waited for; writers of this one stand in line."""
POOL_TIMEOUT_S = 2
PAGE_BYTES = 4096
REQUEST_CONNECTIONS = 40
BACKGROUND_THREADS = 12
BACKGROUND_CONNECTIONS = 16
"""For those threads, and for the few that others bring along."""
SOLE_CONNECTION = 1
MODE_OPTION = "perscan_begin"
TURN_OPTION = "perscan_turn"
READ = "DEFERRED"
WRITE = "IMMEDIATE"
STORAGE_TROUBLE = (DatabaseError, Unavailable, StorageFull, StorageFailed)
"""What a transaction raises that is no fault of whoever began it: long-running work foresees it, and tries again."""


@dataclass(frozen=True)
class Database:
    """The connections of one back office to its database file, a pool for each kind of user."""

    requests: Engine
    """People's requests: pages and the API."""
    background: Engine
    """What stands behind the uplink and the streams: keys of machines, short messages, who listens, the watch."""
    writer: Engine
    """The ingest writer's own."""
    health: Engine
    """The health check's own."""

    @classmethod
    def open(cls, settings: Settings) -> "Database":
        """Open the file; it is made, readable by its owner only, if there is none."""
        line = WriteLine()
        return cls(
            make_engine(settings, REQUEST_CONNECTIONS, line),
            make_engine(settings, BACKGROUND_CONNECTIONS, line),
            make_engine(settings, SOLE_CONNECTION, line),
            make_engine(settings, SOLE_CONNECTION, line),
        )

    def close(self) -> None:
        """Let every connection go."""
        for engine in (self.requests, self.background, self.writer, self.health):
            engine.dispose()


def make_engine(settings: Settings, connections: int = SOLE_CONNECTION, line: WriteLine | None = None) -> Engine:
    """An engine on the SQLite file; the file is made, readable by its owner only, if there is none."""
    _make_private_file(settings)
    engine = create_engine(
        settings.database_url,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_S},
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        pool_use_lifo=True,  # the connection that was used last knows most pages
        hide_parameters=True,  # errors are logged; what was to be stored is not
    )
    event.listen(engine, "connect", lambda connection, _record: _prepare(connection, settings.database_max_bytes))
    event.listen(engine, "begin", partial(_begin, line or WriteLine()))
    return engine


def make_looking_engine(settings: Settings) -> Engine:
    """An engine that changes nothing, not even a file beside the database. Raises FileNotFoundError.

    Without a log beside it nobody writes to the database, and SQLite is told so: else it would make one to read.
    """
    path = settings.database_path
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    alone = not path.with_name(f"{path.name}-wal").exists()
    address = f"file:{quote(str(path))}?mode=ro&uri=true{'&immutable=1' if alone else ''}"
    return create_engine(f"sqlite:///{address}", poolclass=NullPool, hide_parameters=True)


@contextmanager
def transaction(engine: Engine, mode: str = WRITE, *, first: bool = False) -> Iterator[Session]:
    """One transaction: committed when the block ends well, rolled back when it raises.

    It begins with the first query. A writer takes the write lock at once (BEGIN IMMEDIATE): a transaction that reads
    first and asks for the lock later would fail when somebody else wrote in between. Raises Unavailable when no
    connection, or no turn to write, came in time. ``first``: before other writers.
    """
    turn = Turn(first)
    begin = engine.execution_options(**{MODE_OPTION: mode, TURN_OPTION: turn})
    try:
        with Session(begin, expire_on_commit=False) as session, session.begin():
            yield session
    except PoolTimeout as error:
        raise Unavailable("every connection to the database is in use: try again") from error
    finally:
        turn.give_back()


def file_version(engine: Engine) -> int:
    """How far the file itself was brought, beside its tables (backoffice/scrubbing.py)."""
    return int(_outside_transactions(engine, "PRAGMA user_version")[0])


def set_file_version(engine: Engine, version: int) -> None:
    """Note how far the file was brought."""
    _outside_transactions(engine, f"PRAGMA user_version={version:d}")


def clean_file(engine: Engine) -> bool:
    """Write the file anew, without what was deleted or changed, and empty its log; False when a reader was in the way.

    Takes as long as copying the file, and as much room again.
    """
    _outside_transactions(engine, "VACUUM")
    busy, *_pages = _outside_transactions(engine, "PRAGMA wal_checkpoint(TRUNCATE)")
    return not busy


def _outside_transactions(engine: Engine, statement: str) -> tuple[Any, ...]:
    """The first row of what SQLite answers, or nothing. Raises sqlite3.Error."""
    with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
        cursor.execute(statement)
        return tuple(cursor.fetchone() or ())


def storage_error(error: DatabaseError | BackOfficeError) -> BackOfficeError:
    """What one of STORAGE_TROUBLE means to the caller; an error of ours is itself."""
    if isinstance(error, BackOfficeError):
        return error
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


def _begin(line: WriteLine, connection: Connection) -> None:
    options = connection.get_execution_options()
    mode, turn = options.get(MODE_OPTION, READ), options.get(TURN_OPTION)
    if mode == WRITE and isinstance(turn, Turn):
        turn.take(line)
    connection.exec_driver_sql(f"BEGIN {mode}")
