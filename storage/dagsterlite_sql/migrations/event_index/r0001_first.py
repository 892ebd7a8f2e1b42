"""The index of asset and status events across runs, and the writes that it may lack."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dagsterlite_sql.column_types import BODY, ID, NAME


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "event_index",
        sa.Column("id", ID, primary_key=True),
        sa.Column("run_id", NAME, nullable=False),
        sa.Column("step_key", NAME, nullable=False),
        sa.Column("attempt_id", NAME, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.Double(), nullable=False),
        sa.Column("event_type", NAME, nullable=False),
        sa.Column("asset_key", NAME),
        sa.Column("partition", NAME),
        sa.Column("body", BODY, nullable=False),
        sa.UniqueConstraint("run_id", "step_key", "attempt_id", "seq"),
        sqlite_autoincrement=True,
    )
    op.create_index("event_index_by_type", "event_index", ["event_type"])
    op.create_index("event_index_by_asset", "event_index", ["asset_key", "event_type"])
    op.create_table(
        "unfinished_writes",
        sa.Column("token", NAME, primary_key=True),
        sa.Column("run_id", NAME, nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
    )
