"""The migrations lead to exactly what the models say."""

import hashlib
import sqlite3
from contextlib import closing
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
from backoffice.sms.handed_in import HandedIn
from tests.host.backoffice.machines import add_institution

assert backoffice.models


def test_models_and_migrations_agree(context: Context) -> None:
    with context.engine.connect() as connection:
        migration = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(migration, SQLModel.metadata) == []


def test_migrating_twice_changes_nothing(context: Context) -> None:
    add_institution(context)
    before = everything_in(context)
    migrations.upgrade(context.engine)
    assert everything_in(context) == before


def everything_in(context: Context) -> list[str]:
    with closing(sqlite3.connect(context.settings.database_path)) as connection:
        found = list(connection.iterdump())
    assert any("Eye clinic" in line for line in found)
    return found


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


def test_debits_of_the_release_before_are_held_against_what_was_issued(tmp_path: Path) -> None:
    engine = make_engine(Settings(database_url=f"sqlite:///{tmp_path / 'perscan.db'}"))
    config = migrations.configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        columns = "id, name, role, state, epoch, unique_id, report_interval_s, registered_at, firmware, transport"
        for number in (1, 2):
            connection.exec_driver_sql(
                f"INSERT INTO machine ({columns}, sms_number, reader_reinits, pending_entries) "  # noqa: S608
                f"VALUES ({number}, 'Old', 'swipe', 'active', 3, '', 3600, 1, '', 'wifi', '', 0, 0)"
            )
        for statement in ISSUED_BEFORE:
            connection.exec_driver_sql(statement)
        for epoch in (1, 2, 3, 7):
            connection.exec_driver_sql("INSERT INTO machine_key VALUES (1, ?, x'00', 1)", (epoch,))
        connection.exec_driver_sql("INSERT INTO journal_chain VALUES (1, 1, 1, x'00', 1, 0)")
        for machine, epoch, batch, credit, seq, disputed in DEBITED_BEFORE:
            connection.exec_driver_sql(
                "INSERT INTO usage (machine_id, epoch, seq, batch, credit, time, time_quality, day, disputed, "
                "received_at) VALUES (?, ?, ?, ?, ?, 50, 'trusted', '2026-11-30', ?, 50)",
                (machine, epoch, seq, batch, credit, disputed),
            )
    migrations.upgrade(engine)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT standing, disputed FROM usage ORDER BY id").all()
        assert found == [
            ("counted", 0),
            ("foreign", 1),
            ("foreign", 1),
            ("unissued", 1),
            ("unissued", 1),
            ("void", 1),
            ("counted", 0),
            ("unissued", 1),
            ("foreign", 1),
            ("counted", 0),
            ("foreign", 1),
            ("counted", 1),
            ("counted", 1),
        ]
        found = connection.exec_driver_sql("SELECT epoch, committed FROM machine_key ORDER BY epoch").all()
        assert found == [(1, 1), (2, 0), (3, 1), (7, 0)]
        assert connection.exec_driver_sql("SELECT newest_epoch FROM machine WHERE id = 1").scalar_one() == 7
        config.attributes["connection"] = connection
        command.downgrade(config, "0004")
        command.upgrade(config, "head")
    engine.dispose()


ISSUED_BEFORE = (
    "INSERT INTO master (id, state, current, authority_key, kdf, next_credit, created_at, retired_reason) "
    "VALUES (1, 'active', 1, x'00', '', 1, 1, '')",
    "INSERT INTO white VALUES (1, 1, 1, 1000, 1, 0, x'00', x'00', 1)",
    "INSERT INTO batch (id, white_id, institution_code, batch_number, first_credit, count, machine_id, epoch, expires, "
    "state, certificate, created_at) VALUES (7, 1, 1, 1, 100, 10, 1, 3, 0, 'signed', x'00', 1)",
    "INSERT INTO card (level, batch_id, credit, attempt, uid, medium, state, reason, outcome, warning, created_at, "
    "changed_at) SELECT 'one_time', 7, column1, 1, '', '', column2, '', '', '', 1, 60 FROM "
    "(VALUES (100, 'written'), (101, 'failed'), (102, 'erased'), (103, 'planned'), "
    "(105, 'written'), (106, 'written'), (107, 'written'))",
    "INSERT INTO journal_entry SELECT 1, 3, column1, 3, 50, 2, 7, column2, x'', x'', 50 "
    "FROM (VALUES (21, 105), (22, 9))",
    "INSERT INTO journal_fork (machine_id, epoch, seq, mac, kind, time, clock, batch, credit, detail, received_at, "
    "linked) VALUES (1, 3, 22, x'01', 3, 50, 2, 7, 106, x'', 50, 1)",
)
DEBITED_BEFORE = (
    (1, 3, 7, 100, 1, 0),
    (2, 3, 7, 100, 1, 0),
    (1, 2, 7, 100 + 4, 1, 0),
    (1, 3, 7, 99, 1, 0),
    (1, 3, 8, 100, 1, 0),
    (1, 3, 7, 101, 1, 0),
    (1, 3, 7, 102, 1, 0),
    (1, 3, 7, 103, 1, 0),
    (2, 3, 7, 105, 1, 0),
    (1, 3, 7, 105, 21, 1),
    (2, 3, 7, 106, 1, 0),
    (1, 3, 7, 106, 22, 1),
    (1, 3, 7, 107, 23, 1),
)
"""(machine, provisioning, batch, credit, seq, disputed). The honest debit of 105 was disputed by a foreign claim; that
of 106 stands only in another history; nobody else claimed 107.
"""


def test_short_messages_of_the_release_before_keep_what_they_are(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'perscan.db'}")
    engine = make_engine(settings)
    config = migrations.configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        connection.exec_driver_sql(
            "INSERT INTO machine (id, name, role, state, epoch, unique_id, report_interval_s, registered_at, firmware, "
            "transport, sms_number, reader_reinits, pending_entries) "
            "VALUES (7, 'Old', 'swipe', 'active', 3, '', 3600, 1, '', 'wifi', '', 0, 0)"
        )
        for number, state in ((1, "taken"), (2, "received")):
            connection.exec_driver_sql(
                "INSERT INTO sms_in (id, platform, provider_id, sender, received_at, size_bytes, digest, body, state, "
                "machine_id, repeats, error) VALUES (?, 'webhook', ?, '+861', 100, 1, ?, x'01', ?, NULL, 5, '')",
                (number, f"m{number}", hashlib.sha256(b"x").digest(), state),
            )
        for number, state, provider_id in ((1, "delivered", "7"), (9, "queued", None)):
            connection.exec_driver_sql(
                "INSERT INTO sms_out (id, machine_id, sms_in_id, number, kind, body, parts, state, created_at, "
                "changed_at, next_at, attempts, platform, provider_id, error) "
                "VALUES (?, 7, 1, '+861', 'ack', x'02', 1, ?, 200, 300, 400, 1, 'webhook', ?, '')",
                (number, state, provider_id),
            )
    migrations.upgrade(engine)
    handed_in = HandedIn("m1", "+861", b"x")
    with engine.begin() as connection:
        coming = connection.exec_driver_sql(
            "SELECT id, identity, handed_in_at, tries, next_at, repeats, state FROM sms_in ORDER BY id"
        ).all()
        assert coming[0] == (1, handed_in.identity, 100, 0, 160, 5, "taken")
        assert coming[1][1] == HandedIn("m2", "+861", b"x").identity
        going = connection.exec_driver_sql("SELECT id, sms_in_id, handed_over_at, state FROM sms_out ORDER BY id").all()
        assert going == [(1, 1, 300, "delivered"), (9, 1, None, "queued")]
        assert connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'sms_out'").scalar_one() == 9
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        config.attributes["connection"] = connection
        command.downgrade(config, "0004")
        assert connection.exec_driver_sql("SELECT id, provider_id FROM sms_in").all() == [(1, "m1"), (2, "m2")]
        assert connection.exec_driver_sql("SELECT id, sms_in_id FROM sms_out").all() == [(1, 1), (9, 1)]
        command.upgrade(config, "head")
    engine.dispose()


def test_what_a_step_does_to_old_files_changes_with_no_other_code() -> None:
    steps = Path(migrations.__file__).parent / "versions"
    assert [path.name for path in steps.glob("*.py") if "from backoffice" in path.read_text()] == []
