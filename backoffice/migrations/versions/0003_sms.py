"""short messages"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply the step."""
    op.create_table(
        "sms_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("provider_id", sa.String(length=120), nullable=False),
        sa.Column("sender", sa.String(length=24), nullable=False),
        sa.Column("received_at", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=True),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["machine_id"], ["machine.id"], name=op.f("fk_sms_in_machine_id_machine")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_in")),
        sa.UniqueConstraint("platform", "provider_id", name=op.f("uq_sms_in_platform_provider_id")),
    )
    with op.batch_alter_table("sms_in", schema=None) as batch_op:
        batch_op.create_index("ix_sms_in_digest", ["digest"], unique=False)
        batch_op.create_index("ix_sms_in_machine_received", ["machine_id", "received_at"], unique=False)
        batch_op.create_index("ix_sms_in_received_at", ["received_at"], unique=False)

    op.create_table(
        "sms_out",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("sms_in_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("provider_id", sa.String(length=120), nullable=True),
        sa.Column("error", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["machine_id"], ["machine.id"], name=op.f("fk_sms_out_machine_id_machine")),
        sa.ForeignKeyConstraint(["sms_in_id"], ["sms_in.id"], name=op.f("fk_sms_out_sms_in_id_sms_in")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_out")),
    )
    with op.batch_alter_table("sms_out", schema=None) as batch_op:
        batch_op.create_index("ix_sms_out_created_at", ["created_at"], unique=False)
        batch_op.create_index("ix_sms_out_machine_created", ["machine_id", "created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sms_out_sms_in_id"), ["sms_in_id"], unique=False)
        batch_op.create_index("ix_sms_out_provider", ["platform", "provider_id"], unique=False)
        batch_op.create_index("ix_sms_out_state_next", ["state", "next_at"], unique=False)

    with op.batch_alter_table("machine", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sms_number", sa.String(length=24), nullable=False, server_default=""))


def downgrade() -> None:
    """Take the step back."""
    with op.batch_alter_table("machine", schema=None) as batch_op:
        batch_op.drop_column("sms_number")

    with op.batch_alter_table("sms_out", schema=None) as batch_op:
        batch_op.drop_index("ix_sms_out_state_next")
        batch_op.drop_index("ix_sms_out_provider")
        batch_op.drop_index(batch_op.f("ix_sms_out_sms_in_id"))
        batch_op.drop_index("ix_sms_out_machine_created")
        batch_op.drop_index("ix_sms_out_created_at")

    op.drop_table("sms_out")
    with op.batch_alter_table("sms_in", schema=None) as batch_op:
        batch_op.drop_index("ix_sms_in_received_at")
        batch_op.drop_index("ix_sms_in_machine_received")
        batch_op.drop_index("ix_sms_in_digest")

    op.drop_table("sms_in")
