"""tables of issuing"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply the step."""
    op.create_table(
        "pin_guard",
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("level", "subject_id", name=op.f("pk_pin_guard")),
    )
    op.create_table(
        "device",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("url", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=True),
        sa.Column("unique_id", sa.String(length=64), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["machine_id"], ["machine.id"], name=op.f("fk_device_machine_id_machine")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("name", name=op.f("uq_device_name")),
        sa.UniqueConstraint("url", name=op.f("uq_device_url")),
    )
    op.create_table(
        "master",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("authority_key", sa.LargeBinary(), nullable=False),
        sa.Column("kdf", sa.String(length=64), nullable=False),
        sa.Column("next_credit", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.Column("retired_at", sa.Integer(), nullable=True),
        sa.Column("retired_reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_master_created_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_master")),
    )
    with op.batch_alter_table("master", schema=None) as batch_op:
        batch_op.create_index(
            "uq_master_active",
            ["current"],
            unique=True,
            sqlite_where=sa.text("current"),
            postgresql_where=sa.text("current"),
        )

    op.create_table(
        "institution_key",
        sa.Column("institution_code", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("master_id", sa.BigInteger(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["master_id"], ["master.id"], name=op.f("fk_institution_key_master_id_master")),
        sa.PrimaryKeyConstraint("institution_code", "master_id", name=op.f("pk_institution_key")),
    )
    op.create_table(
        "white",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("master_id", sa.BigInteger(), nullable=False),
        sa.Column("first_credit", sa.BigInteger(), nullable=False),
        sa.Column("quota", sa.BigInteger(), nullable=False),
        sa.Column("next_credit", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("issuer_key", sa.LargeBinary(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["master_id"], ["master.id"], name=op.f("fk_white_master_id_master")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_white")),
    )
    op.create_table(
        "batch",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("white_id", sa.BigInteger(), nullable=False),
        sa.Column("institution_code", sa.BigInteger(), nullable=False),
        sa.Column("batch_number", sa.BigInteger(), nullable=False),
        sa.Column("first_credit", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("machine_id", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["machine_id"], ["machine.id"], name=op.f("fk_batch_machine_id_machine")),
        sa.ForeignKeyConstraint(["white_id"], ["white.id"], name=op.f("fk_batch_white_id_white")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint("institution_code", "batch_number", name=op.f("uq_batch_institution_code_batch_number")),
    )
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_batch_first_credit"), ["first_credit"], unique=False)
        batch_op.create_index(batch_op.f("ix_batch_machine_id"), ["machine_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_batch_white_id"), ["white_id"], unique=False)

    op.create_table(
        "issuing_job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("device_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("master_id", sa.BigInteger(), nullable=True),
        sa.Column("white_id", sa.BigInteger(), nullable=True),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("error_code", sa.String(length=40), nullable=False),
        sa.Column("error_message", sa.String(length=300), nullable=False),
        sa.Column("warning", sa.String(length=32), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_issuing_job_batch_id_batch")),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_issuing_job_created_by_user")),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name=op.f("fk_issuing_job_device_id_device")),
        sa.ForeignKeyConstraint(["master_id"], ["master.id"], name=op.f("fk_issuing_job_master_id_master")),
        sa.ForeignKeyConstraint(["white_id"], ["white.id"], name=op.f("fk_issuing_job_white_id_white")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuing_job")),
    )
    with op.batch_alter_table("issuing_job", schema=None) as batch_op:
        batch_op.create_index("ix_issuing_job_state", ["state"], unique=False)

    op.create_table(
        "card",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("master_id", sa.BigInteger(), nullable=True),
        sa.Column("white_id", sa.BigInteger(), nullable=True),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("credit", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=20), nullable=False),
        sa.Column("medium", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("warning", sa.String(length=32), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_card_batch_id_batch")),
        sa.ForeignKeyConstraint(["job_id"], ["issuing_job.id"], name=op.f("fk_card_job_id_issuing_job")),
        sa.ForeignKeyConstraint(["master_id"], ["master.id"], name=op.f("fk_card_master_id_master")),
        sa.ForeignKeyConstraint(["white_id"], ["white.id"], name=op.f("fk_card_white_id_white")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card")),
    )
    with op.batch_alter_table("card", schema=None) as batch_op:
        batch_op.create_index("ix_card_batch_level", ["batch_id", "level"], unique=False)
        batch_op.create_index("ix_card_credit", ["credit"], unique=False)
        batch_op.create_index("ix_card_job_state", ["job_id", "state"], unique=False)
        batch_op.create_index(
            "uq_card_live_credit",
            ["batch_id", "credit"],
            unique=True,
            sqlite_where=sa.text("level = 'one_time' AND state IN ('planned', 'writing', 'torn', 'written')"),
            postgresql_where=sa.text("level = 'one_time' AND state IN ('planned', 'writing', 'torn', 'written')"),
        )
        batch_op.create_index(
            "uq_card_live_uid",
            ["uid"],
            unique=True,
            sqlite_where=sa.text("uid <> '' AND state IN ('writing', 'torn', 'written')"),
            postgresql_where=sa.text("uid <> '' AND state IN ('writing', 'torn', 'written')"),
        )

    op.create_table(
        "card_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("uid", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_card_event_card_id_card")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_event")),
    )
    with op.batch_alter_table("card_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_card_event_card_id"), ["card_id"], unique=False)


def downgrade() -> None:
    """Take the step back."""
    with op.batch_alter_table("card_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_card_event_card_id"))

    op.drop_table("card_event")
    with op.batch_alter_table("card", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_card_live_uid",
            sqlite_where=sa.text("uid <> '' AND state IN ('writing', 'torn', 'written')"),
            postgresql_where=sa.text("uid <> '' AND state IN ('writing', 'torn', 'written')"),
        )
        batch_op.drop_index(
            "uq_card_live_credit",
            sqlite_where=sa.text("level = 'one_time' AND state IN ('planned', 'writing', 'torn', 'written')"),
            postgresql_where=sa.text("level = 'one_time' AND state IN ('planned', 'writing', 'torn', 'written')"),
        )
        batch_op.drop_index("ix_card_job_state")
        batch_op.drop_index("ix_card_credit")
        batch_op.drop_index("ix_card_batch_level")

    op.drop_table("card")
    with op.batch_alter_table("issuing_job", schema=None) as batch_op:
        batch_op.drop_index("ix_issuing_job_state")

    op.drop_table("issuing_job")
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_batch_white_id"))
        batch_op.drop_index(batch_op.f("ix_batch_machine_id"))
        batch_op.drop_index(batch_op.f("ix_batch_first_credit"))

    op.drop_table("batch")
    op.drop_table("white")
    op.drop_table("institution_key")
    with op.batch_alter_table("master", schema=None) as batch_op:
        batch_op.drop_index("uq_master_active", sqlite_where=sa.text("current"), postgresql_where=sa.text("current"))

    op.drop_table("master")
    op.drop_table("device")
    op.drop_table("pin_guard")
