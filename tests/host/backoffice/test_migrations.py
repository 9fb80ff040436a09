"""The migrations lead to exactly what the models say."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlmodel import SQLModel

import backoffice.models
from backoffice import migrations
from backoffice.context import Context
from backoffice.db import make_engine
from backoffice.settings import Settings

assert backoffice.models


def test_models_and_migrations_agree(context: Context) -> None:
    with context.engine.connect() as connection:
        migration = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(migration, SQLModel.metadata) == []


def test_migrating_twice_changes_nothing(context: Context) -> None:
    migrations.upgrade(context.engine)


def test_the_database_is_private_and_durable(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'new' / 'perscan.db'}")
    engine = make_engine(settings)
    with engine.connect() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    engine.dispose()
    full = 2
    assert pragma == {"journal_mode": "wal", "synchronous": full, "foreign_keys": 1}
    assert settings.database_path.stat().st_mode & 0o077 == 0
