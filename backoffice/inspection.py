"""`perscan check`: is what this back office lives on there, and well? It looks and changes nothing: no file is made, no
database brought to a newer shape, so it may be asked beside a server that runs, and before one ever ran.
"""

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from backoffice import migrations
from backoffice.db import make_looking_engine
from backoffice.errors import StorageFailed
from backoffice.keyring import Keyring
from backoffice.settings import Settings


def keyring(settings: Settings) -> str:
    """What there is to say about it. Raises KeyringError, FileNotFoundError."""
    Keyring.load(settings.keyring_path)
    return "well"


def database(settings: Settings) -> str:
    """The same. Raises StorageFailed, DatabaseError, FileNotFoundError."""
    engine = make_looking_engine(settings)
    try:
        with engine.connect() as connection:
            verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            if verdict != "ok":
                raise StorageFailed(f"the database is damaged: {verdict}")
            return "well" if _is_newest(connection) else "well, in an older shape: the server brings it up to date"
    finally:
        engine.dispose()


def _is_newest(connection: Connection) -> bool:
    newest = ScriptDirectory.from_config(migrations.configuration()).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == newest
