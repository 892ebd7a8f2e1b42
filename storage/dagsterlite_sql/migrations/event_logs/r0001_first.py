"""The entries of runs' event logs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dagsterlite_sql.column_types import BODY, ID, NAME


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "event_logs",
        sa.Column("id", ID, primary_key=True),
        sa.Column("run_id", NAME, nullable=False),
        sa.Column("step_key", NAME, nullable=False),
        sa.Column("attempt_id", NAME, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.Double(), nullable=False),
        sa.Column("event_type", NAME, nullable=False),
        sa.Column("body", BODY, nullable=False),
        sa.UniqueConstraint("run_id", "step_key", "attempt_id", "seq"),
    )
