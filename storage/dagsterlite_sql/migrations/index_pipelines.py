"""A step that both schemas with an index of events take."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from dagsterlite_sql.column_types import BODY, ID, NAME

_INDEX = sa.table(
    "event_index",
    sa.column("id", ID),
    sa.column("run_id", NAME),
    sa.column("body", BODY),
    sa.column("pipeline_name", NAME),
)


def add_pipelines() -> None:
    """Add the column, fill it from what an event of each run says, and make the index.

    A database that commits at once what changes its tables may have broken off after the column.
    """
    connection = op.get_bind()
    there = {column["name"] for column in sa.inspect(connection).get_columns("event_index")}
    if "pipeline_name" not in there:
        op.add_column("event_index", sa.Column("pipeline_name", NAME))
    for run_id in connection.scalars(sa.select(_INDEX.c.run_id).distinct()).all():
        of_run = _INDEX.c.run_id == run_id
        body = connection.execute(sa.select(_INDEX.c.body).where(of_run).limit(1)).scalar_one()
        name = json.loads(body)["job_name"]
        connection.execute(sa.update(_INDEX).where(of_run).values(pipeline_name=name))
    columns = ["event_type", "pipeline_name", "id", "timestamp"]
    op.create_index("event_index_by_pipeline", "event_index", columns)
