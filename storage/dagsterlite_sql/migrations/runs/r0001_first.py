"""Runs, their tags, snapshots, and what the instance knows of itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("pipeline_name", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("pipeline_snapshot_id", sa.Text()),
        sa.Column("execution_plan_snapshot_id", sa.Text()),
        sa.Column("root_run_id", sa.Text()),
        sa.Column("parent_run_id", sa.Text()),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("create_timestamp", sa.Double(), nullable=False),
        sa.Column("update_timestamp", sa.Double(), nullable=False),
        sa.Column("start_time", sa.Double()),
        sa.Column("end_time", sa.Double()),
        sa.Column("driver_id", sa.Text()),
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
        sa.Column("run_id", sa.Text(), primary_key=True),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_index("run_tags_by_value", "run_tags", ["key", "value", "run_id"])
    op.create_table(
        "snapshots",
        sa.Column("snapshot_id", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_table(
        "instance_info",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
