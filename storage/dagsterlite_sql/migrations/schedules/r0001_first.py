"""The state of schedules and sensors, and their ticks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dagsterlite_sql.column_types import BODY, ID, NAME


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "instigators",
        sa.Column("id", ID, primary_key=True),
        sa.Column("origin_id", NAME, nullable=False),
        sa.Column("repository_origin_id", NAME, nullable=False),
        sa.Column("instigator_type", NAME, nullable=False),
        sa.Column("status", NAME, nullable=False),
        sa.Column("body", BODY, nullable=False),
        sa.UniqueConstraint("origin_id"),
    )
    op.create_index("instigators_by_repository", "instigators", ["repository_origin_id", "id"])
    op.create_index("instigators_by_type", "instigators", ["instigator_type", "id"])
    op.create_index("instigators_by_status", "instigators", ["status", "id"])
    op.create_table(
        "ticks",
        sa.Column("id", ID, primary_key=True),
        sa.Column("origin_id", NAME, nullable=False),
        sa.Column("status", NAME, nullable=False),
        sa.Column("timestamp", sa.Double(), nullable=False),
        sa.Column("body", BODY, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ticks_by_time", "ticks", ["origin_id", "timestamp", "id", "status"])
