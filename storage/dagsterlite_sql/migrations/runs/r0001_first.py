"""Runs, their tags, snapshots, and what the instance knows of itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dagsterlite_sql.column_types import BODY, ID, NAME


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "runs",
        sa.Column("id", ID, primary_key=True),
        sa.Column("run_id", NAME, nullable=False),
        sa.Column("pipeline_name", NAME, nullable=False),
        sa.Column("mode", NAME, nullable=False),
        sa.Column("status", NAME, nullable=False),
        sa.Column("pipeline_snapshot_id", NAME),
        sa.Column("execution_plan_snapshot_id", NAME),
        sa.Column("root_run_id", NAME),
        sa.Column("parent_run_id", NAME),
        sa.Column("body", BODY, nullable=False),
        sa.Column("create_timestamp", sa.Double(), nullable=False),
        sa.Column("update_timestamp", sa.Double(), nullable=False),
        sa.Column("start_time", sa.Double()),
        sa.Column("end_time", sa.Double()),
        sa.Column("driver_id", NAME),
        sa.Column("lease_until", sa.Double()),
        sa.Column("heartbeat", sa.Double()),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.UniqueConstraint("run_id"),
        sqlite_autoincrement=True,
    )
    for name, column in {
        "runs_by_pipeline": "pipeline_name",
        "runs_by_status": "status",
        "runs_by_snapshot": "pipeline_snapshot_id",
        "runs_by_root": "root_run_id",
        "runs_by_parent": "parent_run_id",
        "runs_by_creation": "create_timestamp",
        "runs_by_update": "update_timestamp",
        "runs_by_start": "start_time",
        "runs_by_end": "end_time",
    }.items():
        op.create_index(name, "runs", [column])
    op.create_table(
        "run_tags",
        sa.Column("run_id", NAME, primary_key=True),
        sa.Column("key", NAME, primary_key=True),
        sa.Column("value", NAME, nullable=False),
    )
    op.create_index("run_tags_by_value", "run_tags", ["key", "value", "run_id"])
    op.create_table(
        "snapshots",
        sa.Column("snapshot_id", NAME, primary_key=True),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("body", BODY, nullable=False),
    )
    op.create_table(
        "instance_info",
        sa.Column("key", NAME, primary_key=True),
        sa.Column("value", BODY, nullable=False),
    )
