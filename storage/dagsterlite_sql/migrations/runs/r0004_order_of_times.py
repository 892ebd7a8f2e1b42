"""Indexes in the order in which runs are asked for: those that have no such time come first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dagsterlite_sql.ordering import in_order


def upgrade() -> None:
    """Make the indexes anew; a database that commits at once may have broken off within this."""
    there = {index["name"] for index in sa.inspect(op.get_bind()).get_indexes("runs")}
    for name, column in (("runs_by_start", "start_time"), ("runs_by_end", "end_time")):
        if name in there:
            op.drop_index(name, table_name="runs")
        op.create_index(name, "runs", [in_order(sa.Column(column), ascending=True)])
