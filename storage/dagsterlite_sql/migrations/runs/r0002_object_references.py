"""Which runs refer to stored objects of other runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dagsterlite_sql.column_types import NAME


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "object_references",
        sa.Column("run_id", NAME, primary_key=True),
        sa.Column("address", NAME, primary_key=True),
        sa.Column("is_orphan", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index("object_references_by_address", "object_references", ["address"])
