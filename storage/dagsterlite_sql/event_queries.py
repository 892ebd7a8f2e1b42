"""Questions to the index of events across runs."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Select, select

from dagsterlite.stores import EventRecordsFilter
from dagsterlite_sql.schema import event_index


def pages(
    wanted: EventRecordsFilter, limit: int | None, *, ascending: bool
) -> Iterator[Select[int, str]]:
    """Yield the queries for ids and bodies whose answers together hold the page, each in its order.

    Of several pipelines each is asked for by itself: an index holds the page of one in its order,
    and that of many only in parts.
    """
    columns = event_index.c
    order = columns.id.asc() if ascending else columns.id.desc()
    query = select(columns.id, columns.body).order_by(order).limit(limit)
    query = query.where(*_conditions(wanted))
    if wanted.job_names is None:
        yield query
        return
    for name in dict.fromkeys(wanted.job_names):
        yield query.where(columns.pipeline_name == name)


def _conditions(wanted: EventRecordsFilter) -> Iterator[ColumnElement[bool]]:
    """Yield a condition for each field of the filter that is given."""
    columns = event_index.c
    yield columns.event_type == wanted.event_type.value
    if wanted.asset_key is not None:
        yield columns.asset_key == wanted.asset_key.to_string()
    if wanted.asset_partitions is not None:
        yield columns.partition.in_(wanted.asset_partitions)
    if wanted.after_id is not None:
        yield columns.id > wanted.after_id
    if wanted.before_id is not None:
        yield columns.id < wanted.before_id
    if wanted.after_timestamp is not None:
        yield columns.timestamp > wanted.after_timestamp
    if wanted.before_timestamp is not None:
        yield columns.timestamp < wanted.before_timestamp
