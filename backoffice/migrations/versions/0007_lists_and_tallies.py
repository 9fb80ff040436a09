"""an index for every list that was without one; kept tallies of cards"""
# ruff: noqa: S608 (every part of these statements stands in this file)

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

COUNTED = "standing = 'counted'"
CARD_SHOWN = "CASE WHEN used AND state = 'written' THEN 'used' ELSE state END"
ALERT_STATE = (
    "CASE WHEN cleared_at IS NOT NULL THEN 'cleared' WHEN acknowledged_at IS NOT NULL THEN 'acknowledged' "
    "ELSE 'open' END"
)
RARE = "kind NOT IN (2, 3, 4, 5)"
ABOVE = "level <> 'one_time'"
ALIVE = "state <> 'cancelled'"

INDEXES: tuple[tuple[str, str, list[str]], ...] = (
    ("ix_card_changed", "card", ["changed_at", "id"]),
    ("ix_card_shown_changed", "card", ["shown", "changed_at", "id"]),
    ("ix_card_institution_shown_changed", "card", ["institution_code", "shown", "changed_at", "id"]),
    ("ix_card_batch_changed", "card", ["batch_id", "changed_at", "id"]),
    ("ix_card_job_state", "card", ["job_id", "state", "changed_at", "id"]),
    ("ix_card_level_state", "card", ["level", "state"]),
    ("ix_card_uid", "card", ["uid"]),
    ("ix_batch_institution_id", "batch", ["institution_code", "id"]),
    ("ix_batch_planned_state", "batch", ["one_time_planned", "state", "id"]),
    ("ix_issuing_job_changed", "issuing_job", ["changed_at", "id"]),
    ("ix_issuing_job_state_changed", "issuing_job", ["state", "changed_at", "id"]),
    ("ix_issuing_job_batch", "issuing_job", ["batch_id", "kind"]),
    ("ix_issuing_job_device", "issuing_job", ["device_id"]),
    ("ix_alert_state", "alert", ["state", "severity", "last_at", "id"]),
    ("ix_alert_institution_state", "alert", ["institution_id", "state", "severity", "last_at", "id"]),
    ("ix_alert_machine_state", "alert", ["machine_id", "state", "severity", "last_at", "id"]),
    ("ix_machine_command_machine_id", "machine_command", ["machine_id", "id"]),
    ("ix_sms_in_state_received", "sms_in", ["state", "received_at", "id"]),
    ("ix_sms_in_machine_state", "sms_in", ["machine_id", "state", "received_at", "id"]),
    ("ix_sms_out_state_created", "sms_out", ["state", "created_at", "id"]),
    ("ix_sms_out_machine_state", "sms_out", ["machine_id", "state", "created_at", "id"]),
)
BATCHES_ALIVE: tuple[tuple[str, list[str]], ...] = (
    ("ix_batch_alive", ["created_at", "id"]),
    ("ix_batch_alive_institution", ["institution_code", "created_at", "id"]),
    ("ix_batch_alive_machine", ["machine_id", "created_at", "id"]),
)
REPLACED: tuple[tuple[str, str, list[str]], ...] = (
    ("ix_card_job_state", "card", ["job_id", "state"]),
    ("ix_alert_cleared_severity", "alert", ["cleared_at", "severity"]),
    ("ix_alert_institution_id", "alert", ["institution_id"]),
    ("ix_alert_machine_id", "alert", ["machine_id"]),
)


def upgrade() -> None:
    """Apply the step. What is there is counted once; from then on triggers follow each change, whoever makes it."""
    for name, table, _columns in REPLACED:
        op.drop_index(name, table)
    _add_columns()
    op.create_table(
        "card_tally",
        sa.Column("scope", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "subject", "name", name=op.f("pk_card_tally")),
        sqlite_with_rowid=False,
    )
    for statement in (*_filled(), *_triggers()):
        op.execute(statement)
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)
    for name, columns in BATCHES_ALIVE:
        op.create_index(name, "batch", columns, sqlite_where=sa.text(ALIVE))
    rare = ["machine_id", "epoch", "kind", "seq"]
    op.create_index("ix_journal_entry_rare", "journal_entry", rare, sqlite_where=sa.text(RARE))
    op.create_index("ix_card_above", "card", ["level", "master_id", "white_id"], sqlite_where=sa.text(ABOVE))


def downgrade() -> None:
    """Take the step back: the tallies are made of what stays."""
    for name, _event, _condition, _body in _TRIGGERS:
        op.execute(f"DROP TRIGGER {name}")
    op.drop_index("ix_journal_entry_rare", "journal_entry")
    op.drop_index("ix_card_above", "card")
    for name, _columns in BATCHES_ALIVE:
        op.drop_index(name, "batch")
    for name, table, _columns in INDEXES:
        op.drop_index(name, table)
    op.drop_table("card_tally")
    for table, column in (
        ("alert", "state"),
        ("batch", "one_time_planned"),
        ("card", "shown"),
        ("card", "used"),
        ("card", "institution_code"),
    ):
        op.drop_column(table, column)
    for name, table, columns in REPLACED:
        op.create_index(name, table, columns)


def _add_columns() -> None:
    op.add_column("card", sa.Column("institution_code", sa.BigInteger(), nullable=True))
    op.add_column("card", sa.Column("used", sa.Boolean(), nullable=False, server_default="0"))
    op.add_column("card", sa.Column("shown", sa.String(length=16), sa.Computed(CARD_SHOWN, persisted=False)))
    op.add_column("batch", sa.Column("one_time_planned", sa.Boolean(), nullable=False, server_default="0"))
    op.add_column("alert", sa.Column("state", sa.String(length=12), sa.Computed(ALERT_STATE, persisted=False)))
    op.execute(
        "UPDATE card SET institution_code = (SELECT institution_code FROM batch WHERE batch.id = card.batch_id), "
        "used = level = 'one_time' AND EXISTS (SELECT 1 FROM usage "
        f"WHERE usage.batch = card.batch_id AND usage.credit = card.credit AND usage.{COUNTED})"
    )
    op.execute(
        "UPDATE batch SET one_time_planned = "
        "EXISTS (SELECT 1 FROM card WHERE card.batch_id = batch.id AND card.level = 'one_time')"
    )


# The tallies: in each scope to which a row belongs, how many have each of its names.

_SCOPES = (
    "SELECT 'all' AS scope, 0 AS subject "
    "UNION ALL SELECT 'batch', {batch} WHERE {batch} IS NOT NULL "
    "UNION ALL SELECT 'institution', institution_code FROM batch WHERE id = {batch}"
)
_CARD_SCOPES = _SCOPES + " UNION ALL SELECT 'job', {row}.job_id WHERE {row}.job_id IS NOT NULL"
WEAK = "warning = 'weak_medium' AND {row}.state IN ('writing', 'torn', 'written')"
_CARD_NAMES = (
    "SELECT {row}.level || '.' || {row}.state AS name, 1 AS number "
    "UNION ALL SELECT {row}.level || '.' || {row}.outcome, 1 WHERE {row}.outcome <> '' "
    "UNION ALL SELECT 'weak', 1 WHERE {row}." + WEAK
)
_BATCH_SCOPES = "SELECT 'all' AS scope, 0 AS subject UNION ALL SELECT 'institution', {row}.institution_code"
_BATCH_NAMES = "SELECT 'batches' AS name, 1 AS number UNION ALL SELECT 'ordered', {row}.count"
_USED = "SELECT 'one_time.used' AS name, 1 AS number"


def _tallied(scopes: str, names: str, sign: str) -> str:
    return (
        f"INSERT INTO card_tally (scope, subject, name, number) "
        f"SELECT scope, subject, name, {sign}number FROM ({scopes}) CROSS JOIN ({names}) WHERE true "
        f"ON CONFLICT (scope, subject, name) DO UPDATE SET number = number + excluded.number;"
    )


def _card(row: str, sign: str) -> str:
    return _tallied(_CARD_SCOPES.format(batch=f"{row}.batch_id", row=row), _CARD_NAMES.format(row=row), sign)


def _batch(row: str, sign: str) -> str:
    return _tallied(_BATCH_SCOPES.format(row=row), _BATCH_NAMES.format(row=row), sign)


def _used(row: str, sign: str, used: int) -> str:
    return (
        _tallied(_SCOPES.format(batch=f"{row}.batch"), _USED, sign)
        + f" UPDATE card SET used = {used} WHERE credit = {row}.credit AND batch_id = {row}.batch"
        " AND level = 'one_time';"
    )


def _only(row: str) -> str:
    """A debit is the only one of its card that counts: one card is used once, however often it was debited."""
    others = f"usage.credit = {row}.credit AND usage.batch = {row}.batch AND usage.id <> {row}.id"
    return f"{row}.{COUNTED} AND NOT EXISTS (SELECT 1 FROM usage WHERE {others} AND usage.{COUNTED})"


_PLACED = (
    "UPDATE card SET institution_code = (SELECT institution_code FROM batch WHERE id = NEW.batch_id), "
    "used = NEW.level = 'one_time' AND EXISTS (SELECT 1 FROM usage "
    f"WHERE usage.credit = NEW.credit AND usage.batch = NEW.batch_id AND usage.{COUNTED}) "
    "WHERE id = NEW.id AND NEW.batch_id IS NOT NULL; "
    "UPDATE batch SET one_time_planned = 1 "
    "WHERE id = NEW.batch_id AND NEW.level = 'one_time' AND NOT one_time_planned;"
)
_TRIGGERS: tuple[tuple[str, str, str, str], ...] = (
    ("card_tally_insert", "INSERT ON card", "", f"{_card('NEW', '')} {_PLACED}"),
    ("card_tally_delete", "DELETE ON card", "", _card("OLD", "-")),
    (
        "card_tally_update",
        "UPDATE OF level, state, outcome, warning, batch_id, job_id ON card",
        "",
        f"{_card('OLD', '-')} {_card('NEW', '')}",
    ),
    ("batch_tally_insert", "INSERT ON batch", f"NEW.{ALIVE}", _batch("NEW", "")),
    ("batch_tally_delete", "DELETE ON batch", f"OLD.{ALIVE}", _batch("OLD", "-")),
    ("batch_tally_alive", "UPDATE OF state ON batch", f"NOT OLD.{ALIVE} AND NEW.{ALIVE}", _batch("NEW", "")),
    ("batch_tally_cancelled", "UPDATE OF state ON batch", f"OLD.{ALIVE} AND NOT NEW.{ALIVE}", _batch("OLD", "-")),
    ("usage_tally_insert", "INSERT ON usage", _only("NEW"), _used("NEW", "", 1)),
    ("usage_tally_delete", "DELETE ON usage", _only("OLD"), _used("OLD", "-", 0)),
    (
        "usage_tally_counts",
        "UPDATE OF standing ON usage",
        f"NOT OLD.{COUNTED} AND {_only('NEW')}",
        _used("NEW", "", 1),
    ),
    (
        "usage_tally_counts_no_more",
        "UPDATE OF standing ON usage",
        f"NOT NEW.{COUNTED} AND {_only('OLD')}",
        _used("OLD", "-", 0),
    ),
)


def _triggers() -> tuple[str, ...]:
    return tuple(
        f"CREATE TRIGGER {name} AFTER {event} {f'WHEN {condition} ' if condition else ''}BEGIN {body} END"
        for name, event, condition, body in _TRIGGERS
    )


def _filled() -> tuple[str, ...]:
    """The tallies of what is there."""
    of_cards = (
        "SELECT level || '.' || state AS name, batch_id, institution_code, job_id FROM card "
        "UNION ALL SELECT level || '.' || outcome, batch_id, institution_code, job_id FROM card WHERE outcome <> '' "
        f"UNION ALL SELECT 'weak', batch_id, institution_code, job_id FROM card WHERE card.{WEAK.format(row='card')}"
    )
    of_usage = (
        "SELECT 'one_time.used' AS name, debited AS batch_id, batch.institution_code, NULL AS job_id "
        f"FROM (SELECT DISTINCT batch AS debited, credit FROM usage WHERE {COUNTED}) "
        "LEFT JOIN batch ON batch.id = debited"
    )
    of_batches = f"SELECT institution_code, count FROM batch WHERE {ALIVE}"
    subjects = {"all": "0", "batch": "batch_id", "institution": "institution_code", "job": "job_id"}
    counted = [
        f"INSERT INTO card_tally SELECT '{scope}', {subject} AS subject, name, count(*) FROM ({rows}) "
        f"WHERE {subject} IS NOT NULL GROUP BY subject, name"
        for rows in (of_cards, of_usage)
        for scope, subject in subjects.items()
    ]
    ordered = [
        f"INSERT INTO card_tally SELECT '{scope}', {subjects[scope]} AS subject, '{name}', {number} "
        f"FROM ({of_batches}) GROUP BY subject"
        for scope in ("all", "institution")
        for name, number in (("batches", "count(*)"), ("ordered", "sum(count)"))
    ]
    return (*counted, *ordered)
