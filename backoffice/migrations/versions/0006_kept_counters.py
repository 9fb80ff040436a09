"""kept counters of exams, and an index for every list of them"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

KEY = {
    "usage_day": ("day", "institution_id", "machine_id"),
    "usage_total": ("institution_id", "machine_id"),
}
FIGURES = {
    "exams": "({row}.standing = 'counted')",
    "disputed": "({row}.standing = 'counted' AND {row}.disputed)",
    "uncounted": "({row}.standing <> 'counted')",
}
FOLLOWED = ("day", "institution_id", "machine_id", "standing", "disputed")
"""Columns of a debit on which a counter depends."""


def upgrade() -> None:
    """Apply the step. What was debited so far is counted once; from then on triggers follow each change."""
    op.create_table(
        "usage_day",
        sa.Column("day", sa.String(length=10), nullable=False),
        *_columns(),
        sa.PrimaryKeyConstraint("day", "institution_id", "machine_id", name=op.f("pk_usage_day")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_total",
        *_columns(),
        sa.PrimaryKeyConstraint("institution_id", "machine_id", name=op.f("pk_usage_total")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_usage_day_institution_id_day", "usage_day", ["institution_id", "day"])
    op.create_index("ix_usage_day_machine_id_day", "usage_day", ["machine_id", "day"])
    op.create_index("ix_usage_total_machine_id", "usage_total", ["machine_id"])
    for table in KEY:
        op.execute(_filled(table))
    for trigger in _triggers():
        op.execute(trigger)
    op.drop_index("ix_usage_day_institution", "usage")
    op.create_index("ix_usage_day_institution", "usage", ["day", "institution_id", "standing", "time"])
    op.create_index("ix_usage_time", "usage", ["time", "id"])
    op.create_index("ix_usage_institution_time", "usage", ["institution_id", "time", "id"])
    op.create_index("ix_usage_machine_time", "usage", ["machine_id", "time", "id"])
    op.create_index("ix_usage_disputed_time", "usage", ["time", "id"], sqlite_where=sa.text("disputed IS 1"))
    op.create_index("ix_in_doubt_received", "in_doubt", ["received_at", "machine_id", "credit"])
    op.create_index("ix_in_doubt_machine_received", "in_doubt", ["machine_id", "received_at", "credit"])


def downgrade() -> None:
    """Take the step back: no debit is lost, the counters are only made of them."""
    op.drop_index("ix_in_doubt_machine_received", "in_doubt")
    op.drop_index("ix_in_doubt_received", "in_doubt")
    for name in ("disputed_time", "machine_time", "institution_time", "time", "day_institution"):
        op.drop_index(f"ix_usage_{name}", "usage")
    op.create_index("ix_usage_day_institution", "usage", ["day", "institution_id"])
    for event in ("insert", "update", "delete"):
        op.execute(f"DROP TRIGGER usage_counters_{event}")
    op.drop_table("usage_total")
    op.drop_table("usage_day")


def _columns() -> tuple[sa.Column[int], ...]:
    return (
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("machine_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("exams", sa.Integer(), nullable=False),
        sa.Column("disputed", sa.Integer(), nullable=False),
        sa.Column("uncounted", sa.Integer(), nullable=False),
    )


def _triggers() -> tuple[str, ...]:
    added = " ".join(_added(table) for table in KEY)
    taken = " ".join(_taken(table) for table in KEY)
    return (
        f"CREATE TRIGGER usage_counters_insert AFTER INSERT ON usage BEGIN {added} END",
        f"CREATE TRIGGER usage_counters_delete AFTER DELETE ON usage BEGIN {taken} END",
        f"CREATE TRIGGER usage_counters_update AFTER UPDATE OF {', '.join(FOLLOWED)} ON usage "
        f"BEGIN {taken} {added} END",
    )


def _filled(table: str) -> str:
    key = ", ".join(_of(column, "usage") for column in KEY[table])
    sums = ", ".join(f"sum({figure.format(row='usage')})" for figure in FIGURES.values())
    return f"INSERT INTO {table} ({_names(table)}) SELECT {key}, {sums} FROM usage GROUP BY {key}"  # noqa: S608


def _added(table: str) -> str:
    values = [_of(column, "NEW") for column in KEY[table]]
    values += [figure.format(row="NEW") for figure in FIGURES.values()]
    more = ", ".join(f"{name} = {name} + excluded.{name}" for name in FIGURES)
    return (
        f"INSERT INTO {table} ({_names(table)}) VALUES ({', '.join(values)}) "  # noqa: S608
        f"ON CONFLICT ({', '.join(KEY[table])}) DO UPDATE SET {more};"
    )


def _taken(table: str) -> str:
    here = " AND ".join(f"{column} = {_of(column, 'OLD')}" for column in KEY[table])
    less = ", ".join(f"{name} = {name} - {figure.format(row='OLD')}" for name, figure in FIGURES.items())
    return (
        f"UPDATE {table} SET {less} WHERE {here}; "  # noqa: S608
        f"DELETE FROM {table} WHERE {here} AND exams = 0 AND uncounted = 0;"
    )


def _of(column: str, row: str) -> str:
    return f"coalesce({row}.institution_id, 0)" if column == "institution_id" else f"{row}.{column}"


def _names(table: str) -> str:
    return ", ".join((*KEY[table], *FIGURES))
