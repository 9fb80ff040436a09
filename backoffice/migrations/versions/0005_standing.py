"""debits against what was issued, pending keys, deferred entries, the believed time"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

STANDING = """
UPDATE usage SET standing = CASE
    WHEN NOT EXISTS (
        SELECT 1 FROM batch b WHERE b.id = usage.batch AND b.state IN ('signed', 'cancelled')
            AND usage.credit >= b.first_credit AND usage.credit < b.first_credit + b.count
    ) THEN 'unissued'
    WHEN NOT EXISTS (
        SELECT 1 FROM batch b WHERE b.id = usage.batch AND b.machine_id = usage.machine_id AND b.epoch = usage.epoch
    ) THEN 'foreign'
    WHEN EXISTS (SELECT 1 FROM batch b WHERE b.id = usage.batch AND b.state = 'cancelled') THEN 'void'
    WHEN EXISTS (
        SELECT 1 FROM card c WHERE c.credit = usage.credit AND c.batch_id = usage.batch AND c.level = 'one_time'
            AND (c.state IN ('writing', 'torn', 'written') OR c.state = 'erased' AND c.changed_at > usage.time)
    ) THEN 'counted'
    WHEN EXISTS (
        SELECT 1 FROM card c WHERE c.credit = usage.credit AND c.batch_id = usage.batch AND c.level = 'one_time'
            AND c.state IN ('failed', 'erased')
    ) THEN 'void'
    ELSE 'unissued'
END
WHERE EXISTS (SELECT 1 FROM batch)
"""
"""The rule of backoffice/ingest/issued.py. A database without any batch is older than issuing: all of it counts."""

CLEARED = """
UPDATE usage SET disputed = 0
WHERE disputed = 1 AND standing = 'counted'
    AND EXISTS (
        SELECT 1 FROM usage o WHERE o.credit = usage.credit AND o.id <> usage.id AND o.standing <> 'counted'
    )
    AND NOT EXISTS (
        SELECT 1 FROM usage o WHERE o.credit = usage.credit AND o.id <> usage.id AND o.standing = 'counted'
    )
    AND EXISTS (
        SELECT 1 FROM journal_entry e WHERE e.machine_id = usage.machine_id AND e.epoch = usage.epoch
            AND e.seq = usage.seq AND e.batch = usage.batch AND e.credit = usage.credit
    )
"""
"""An honest debit is disputed no more when only claims that do not count had come before it. One that stands only in
another history of its machine stays so.
"""


def upgrade() -> None:
    """Apply the step. Old debits are held against what was issued; old keys count as taken where that is certain."""
    op.add_column("usage", sa.Column("standing", sa.String(length=12), nullable=False, server_default="counted"))
    op.add_column("usage", sa.Column("day_provisional", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_usage_day_provisional", "usage", ["institution_id"], unique=False, sqlite_where=sa.text("day_provisional")
    )
    op.execute(STANDING)
    op.execute("UPDATE usage SET disputed = 1 WHERE standing <> 'counted'")
    op.execute(CLEARED)
    op.add_column("machine", sa.Column("newest_epoch", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE machine SET newest_epoch = "
        "max(epoch, coalesce((SELECT max(k.epoch) FROM machine_key k WHERE k.machine_id = machine.id), 0))"
    )
    op.add_column("machine_key", sa.Column("committed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("machine_key", sa.Column("lock_args", sa.LargeBinary(), nullable=False, server_default=""))
    op.execute(
        "UPDATE machine_key SET committed = 1 WHERE epoch = (SELECT epoch FROM machine m WHERE m.id = machine_id) "
        "OR EXISTS (SELECT 1 FROM journal_chain c WHERE c.machine_id = machine_key.machine_id "
        "AND c.epoch = machine_key.epoch)"
    )
    op.create_table(
        "deferred",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("other_history", sa.Boolean(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["machine_id"], ["machine.id"], name=op.f("fk_deferred_machine_id_machine")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deferred")),
    )
    op.create_index(op.f("ix_deferred_machine_id"), "deferred", ["machine_id"], unique=False)
    op.create_index("ix_deferred_tried_at", "deferred", ["tried_at", "id"], unique=False)
    op.create_table(
        "believed_time",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("newest", sa.Integer(), nullable=False),
        sa.Column("by_clock", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_believed_time")),
    )


def downgrade() -> None:
    """Take the step back. Column by column: a table that others refer to cannot be made anew."""
    op.drop_table("believed_time")
    op.drop_index("ix_deferred_tried_at", table_name="deferred")
    op.drop_index(op.f("ix_deferred_machine_id"), table_name="deferred")
    op.drop_table("deferred")
    op.drop_column("machine_key", "lock_args")
    op.drop_column("machine_key", "committed")
    op.drop_column("machine", "newest_epoch")
    op.drop_index("ix_usage_day_provisional", table_name="usage")
    op.drop_column("usage", "day_provisional")
    op.drop_column("usage", "standing")
