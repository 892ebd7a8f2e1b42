"""Which runs refer to a plan's snapshot."""

from __future__ import annotations

from alembic import op


def upgrade() -> None:
    """Make the index."""
    op.create_index("runs_by_plan_snapshot", "runs", ["execution_plan_snapshot_id"])
