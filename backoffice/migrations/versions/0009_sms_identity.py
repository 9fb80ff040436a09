"""which short message is which; what the modem's memory had no room for"""

from hashlib import sha256
from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

DECIDED_AFTER_S: Final = 60


def upgrade() -> None:
    """Apply the step. Every row stays: each SMS that came in gets its identity out of what is stored of it; of each
    that went out with a platform's number, the last change is taken for the moment of its handing over.

    Both tables are made anew (SQLite alters no constraint), the one that refers to the other emptied meanwhile.
    """
    _lay_aside("sms_out")
    with op.batch_alter_table("sms_in") as table:
        table.add_column(sa.Column("identity", sa.LargeBinary(), nullable=True))
        table.add_column(sa.Column("handed_in_at", sa.Integer(), nullable=True))
        table.add_column(sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("next_at", sa.Integer(), nullable=True))
    _identify()
    with op.batch_alter_table("sms_in") as table:
        table.drop_constraint(op.f("uq_sms_in_platform_provider_id"), type_="unique")
        table.create_unique_constraint(op.f("uq_sms_in_platform_identity"), ["platform", "identity"])
        table.alter_column("identity", existing_type=sa.LargeBinary(), nullable=False)
        table.alter_column("handed_in_at", existing_type=sa.Integer(), nullable=False)
        table.alter_column("next_at", existing_type=sa.Integer(), nullable=False)
        table.alter_column("tries", existing_type=sa.Integer(), existing_nullable=False, server_default=None)
        table.create_index("ix_sms_in_state_next", ["state", "next_at"], unique=False)
    with op.batch_alter_table("sms_out", recreate="always", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_index("ix_sms_out_provider")
        table.add_column(sa.Column("handed_over_at", sa.Integer(), nullable=True))
        table.create_index("ix_sms_out_number_handed_over", ["number", "handed_over_at"], unique=False)
    _put_back("sms_out")
    op.execute("UPDATE sms_out SET handed_over_at = changed_at WHERE provider_id IS NOT NULL")
    op.create_table(
        "sms_set_aside",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stored_at", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("sender", sa.String(length=24), nullable=False),
        sa.Column("place", sa.String(length=16), nullable=False),
        sa.Column("shown", sa.String(length=800), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_set_aside")),
        sa.UniqueConstraint("digest", name=op.f("uq_sms_set_aside_digest")),
    )
    op.create_index("ix_sms_set_aside_stored_at", "sms_set_aside", ["stored_at"])


def downgrade() -> None:
    """Take the step back. Of two SMS with one platform's number, which the old shape cannot hold, the older stays."""
    op.drop_table("sms_set_aside")
    op.execute("DELETE FROM sms_out WHERE sms_in_id NOT IN (SELECT min(id) FROM sms_in GROUP BY platform, provider_id)")
    op.execute("DELETE FROM sms_in WHERE id NOT IN (SELECT min(id) FROM sms_in GROUP BY platform, provider_id)")
    _lay_aside("sms_out")
    with op.batch_alter_table("sms_out", recreate="always", table_kwargs={"sqlite_autoincrement": False}) as table:
        table.drop_index("ix_sms_out_number_handed_over")
        table.drop_column("handed_over_at")
        table.create_index("ix_sms_out_provider", ["platform", "provider_id"], unique=False)
    with op.batch_alter_table("sms_in") as table:
        table.drop_index("ix_sms_in_state_next")
        table.drop_constraint(op.f("uq_sms_in_platform_identity"), type_="unique")
        table.create_unique_constraint(op.f("uq_sms_in_platform_provider_id"), ["platform", "provider_id"])
        for name in ("identity", "handed_in_at", "tries", "next_at"):
            table.drop_column(name)
    _put_back("sms_out")


def _lay_aside(name: str) -> None:
    """Empty a table; its rows lie in another meanwhile."""
    op.execute(f"CREATE TABLE {name}_aside AS SELECT * FROM {name}")  # noqa: S608
    op.execute(f"DELETE FROM {name}")  # noqa: S608


def _put_back(name: str) -> None:
    """What both shapes of the table have."""
    inspector = sa.inspect(op.get_bind())
    before, now = ({column["name"] for column in inspector.get_columns(table)} for table in (f"{name}_aside", name))
    columns = ", ".join(sorted(before & now))
    op.execute(f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {name}_aside")  # noqa: S608
    op.drop_table(f"{name}_aside")


def _identify() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, sender, digest, provider_id, received_at FROM sms_in")).all()
    values = [
        {
            "id": row.id,
            "identity": _identity(row.sender, row.digest, row.provider_id),
            "at": row.received_at,
            "next_at": row.received_at + DECIDED_AFTER_S,
        }
        for row in rows
    ]
    if values:
        change = "UPDATE sms_in SET identity = :identity, handed_in_at = :at, next_at = :next_at WHERE id = :id"
        connection.execute(sa.text(change), values)


def _identity(sender: str, digest: bytes, provider_id: str) -> bytes:
    """What an SMS without a time stamp is known by, as it was when this step was written."""
    parts = (sender.lstrip("+").encode(), f"number {provider_id}".encode(), digest)
    return sha256(b"".join(len(part).to_bytes(2, "big") + part for part in parts)).digest()
