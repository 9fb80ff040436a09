"""secrets of orders are sealed"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Apply the step. Secrets that lie in the clear are sealed by who has the keyring: backoffice/scrubbing.py."""
    op.add_column("machine_command", sa.Column("sealed", sa.LargeBinary(length=2176), nullable=True))


def downgrade() -> None:
    """Take the step back. Orders whose secrets only this release can read end: they would go out as ``***``."""
    op.execute(
        "UPDATE machine_command SET state = 'cancelled' WHERE sealed IS NOT NULL AND state IN ('queued', 'sent')"
    )
    op.drop_column("machine_command", "sealed")
