"""The migrations lead to exactly what the models say."""

from pathlib import Path

from alembic import command
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


def test_a_database_in_use_gets_the_columns_of_short_messages(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'perscan.db'}")
    engine = make_engine(settings)
    with engine.begin() as connection:
        config = migrations.configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        columns = "id, name, role, state, epoch, unique_id, report_interval_s, registered_at, firmware, transport"
        values = "7, 'Old', 'swipe', 'active', 1, '', 3600, 1, '', 'wifi'"
        connection.exec_driver_sql(
            f"INSERT INTO machine ({columns}, reader_reinits, pending_entries) VALUES ({values}, 0, 0)"  # noqa: S608
        )
    migrations.upgrade(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT id, transport, sms_number FROM machine").all() == [(7, "wifi", "")]
    engine.dispose()


def test_orders_of_the_release_before_keep_their_answers(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'perscan.db'}")
    engine = make_engine(settings)
    with engine.begin() as connection:
        config = migrations.configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        columns = "id, name, role, state, epoch, unique_id, report_interval_s, registered_at, firmware, transport"
        values = "7, 'Old', 'swipe', 'active', 3, '', 3600, 1, '', 'wifi'"
        connection.exec_driver_sql(
            f"INSERT INTO machine ({columns}, sms_number, reader_reinits, pending_entries) "  # noqa: S608
            f"VALUES ({values}, '', 0, 0)"
        )
        for number, state, sent_at in ((1, "done", 5), (2, "failed", 5), (3, "sent", 5), (4, "queued", None)):
            connection.exec_driver_sql(
                "INSERT INTO machine_command (id, machine_id, kind, args, state, created_at, sent_at, sent_count) "
                "VALUES (?, 7, 4, x'80', ?, 1, ?, 1)",
                (number, state, sent_at),
            )
    migrations.upgrade(engine)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT state, result, sent_epoch FROM machine_command ORDER BY id").all()
        assert found == [("done", "done", 3), ("failed", "failed", 3), ("sent", "", 3), ("queued", "", None)]
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")
        command.upgrade(config, "head")
    engine.dispose()
