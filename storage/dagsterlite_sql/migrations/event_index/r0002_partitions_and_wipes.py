"""Dynamic partitions, wipes of assets, and indexes that answer whole pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dagsterlite_sql.column_types import ID, NAME


def upgrade() -> None:
    """Make the tables, and the indexes anew."""
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
    op.drop_index("event_index_by_type", "event_index")
    op.drop_index("event_index_by_asset", "event_index")
    for name, columns in {
        "event_index_by_type": ["event_type", "id", "timestamp"],
        "event_index_by_asset": ["asset_key", "event_type", "id", "timestamp"],
        "event_index_by_partition": ["asset_key", "event_type", "partition", "id"],
    }.items():
        op.create_index(name, "event_index", columns)
