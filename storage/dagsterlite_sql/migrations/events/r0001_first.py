"""The entries of runs' event logs and their index across runs, in one database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dagsterlite_sql.column_types import BODY, ID, NAME


def upgrade() -> None:
    """Make the tables."""
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
    op.create_index("event_logs_by_run", "event_logs", ["run_id", "id"])
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
    for name, columns in {
        "event_index_by_type": ["event_type", "id", "timestamp"],
        "event_index_by_asset": ["asset_key", "event_type", "id", "timestamp"],
        "event_index_by_partition": ["asset_key", "event_type", "partition", "id"],
    }.items():
        op.create_index(name, "event_index", columns)
    op.create_table(
        "dynamic_partitions",
        sa.Column("id", ID, primary_key=True),
        sa.Column("partitions_def_name", NAME, nullable=False),
        sa.Column("partition_key", NAME, nullable=False),
        sa.UniqueConstraint("partitions_def_name", "partition_key"),
    )
    op.create_table(
        "asset_wipes",
        sa.Column("asset_key", NAME, primary_key=True),
        sa.Column("timestamp", sa.Double(), nullable=False),
    )
