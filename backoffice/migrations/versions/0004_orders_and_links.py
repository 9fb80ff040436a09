"""answers to orders, and which way machines report"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def machine_columns() -> tuple[sa.Column[Any], ...]:
    """Which way it reports, and how new its last sign of life is."""
    return (
        sa.Column("switch_reason", sa.String(length=24), nullable=False, server_default=""),
        sa.Column("signal_dbm", sa.Integer(), nullable=True),
        sa.Column("modem_restarts", sa.Integer(), nullable=True),
        sa.Column("sms_sent", sa.Integer(), nullable=True),
        sa.Column("link_errors", sa.Integer(), nullable=True),
        sa.Column("network_time_offset_s", sa.Integer(), nullable=True),
        sa.Column("clock_quality", sa.Integer(), nullable=True),
        sa.Column("health_seq", sa.BigInteger(), nullable=True),
        sa.Column("health_uptime_s", sa.BigInteger(), nullable=True),
        sa.Column("health_clock", sa.BigInteger(), nullable=True),
        sa.Column("health_clock_max", sa.BigInteger(), nullable=True),
    )


def command_columns() -> tuple[sa.Column[Any], ...]:
    """The machine's answer, and what ties it to the order."""
    return (
        sa.Column("result", sa.String(length=16), nullable=False, server_default=""),
        sa.Column("sent_epoch", sa.BigInteger(), nullable=True),
        sa.Column("order_number", sa.BigInteger(), nullable=True),
        sa.Column("answer_seq", sa.BigInteger(), nullable=True),
    )


def upgrade() -> None:
    """Apply the step. What was sent before was sent in the machine's present epoch, as far as anybody knows."""
    for table, columns in (("machine", machine_columns()), ("machine_command", command_columns())):
        for column in columns:
            op.add_column(table, column)
    op.execute(
        "UPDATE machine_command SET sent_epoch = "
        "(SELECT epoch FROM machine WHERE machine.id = machine_command.machine_id) WHERE sent_at IS NOT NULL"
    )
    op.execute("UPDATE machine_command SET result = state WHERE state IN ('done', 'failed')")


def downgrade() -> None:
    """Take the step back. Column by column: a table that others refer to cannot be made anew."""
    for table, columns in (("machine_command", command_columns()), ("machine", machine_columns())):
        for column in reversed(columns):
            op.drop_column(table, column.name)
