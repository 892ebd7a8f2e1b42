"""The pipeline of each event in the index, so that those of some pipelines are looked up."""

from __future__ import annotations

from dagsterlite_sql.migrations.index_pipelines import add_pipelines


def upgrade() -> None:
    """Make the column and its index."""
    add_pipelines()
