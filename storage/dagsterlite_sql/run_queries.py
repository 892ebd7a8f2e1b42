"""Conditions on the table of runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select

from dagsterlite.runs import BACKFILL_TAG, RunsFilter, to_unix
from dagsterlite.stores import OrderColumn
from dagsterlite_sql.ordering import in_order
from dagsterlite_sql.schema import run_tags, runs

Condition = ColumnElement[bool]


def conditions(filters: RunsFilter | None) -> Iterator[Condition]:
    """Yield a condition for each field of the filter that is given."""
    if filters is None:
        return
    if filters.run_ids is not None:
        yield runs.c.run_id.in_(filters.run_ids)
    if filters.job_name is not None:
        yield runs.c.pipeline_name == filters.job_name
    if filters.statuses:
        yield runs.c.status.in_([status.name for status in filters.statuses])
    if filters.snapshot_id is not None:
        yield runs.c.pipeline_snapshot_id == filters.snapshot_id
    if filters.updated_after is not None:
        yield runs.c.update_timestamp > to_unix(filters.updated_after)
    if filters.created_before is not None:
        yield runs.c.create_timestamp < to_unix(filters.created_before)
    yield from _tag_conditions(filters)


def _tag_conditions(filters: RunsFilter) -> Iterator[Condition]:
    for key, wanted in (filters.tags or {}).items():
        values = [wanted] if isinstance(wanted, str) else list(wanted)
        tagged = select(run_tags.c.run_id).where(
            run_tags.c.key == key, run_tags.c.value.in_(values)
        )
        yield runs.c.run_id.in_(tagged)
    if filters.exclude_subruns:
        tagged = select(run_tags.c.run_id).where(run_tags.c.key == BACKFILL_TAG)
        yield runs.c.run_id.not_in(tagged)


def order(order_by: OrderColumn, *, ascending: bool) -> list[ColumnElement[Any]]:
    """Return what to sort by: the column, runs without a value first, then the id."""
    by_id = runs.c.id.asc() if ascending else runs.c.id.desc()
    if order_by == "id":
        return [by_id]
    return [in_order(runs.c[order_by], ascending=ascending), by_id]


def after(cursor: Row[Any], order_by: OrderColumn, *, ascending: bool) -> Condition:
    """Return the condition that a run stands after ``cursor``, a row with id and the column."""
    column, value = runs.c[order_by], getattr(cursor, order_by)
    id_ = runs.c.id
    next_id: Condition = id_ > cursor.id if ascending else id_ < cursor.id
    if order_by == "id":
        return next_id
    if value is None:
        has_value = column.is_not(None)
        return or_(has_value, next_id) if ascending else and_(column.is_(None), next_id)
    same = and_(column == value, next_id)
    if ascending:
        return or_(column > value, same)
    return or_(column < value, same, column.is_(None))
