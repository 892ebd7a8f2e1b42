"""Questions about dynamic partitions."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import Delete, Select, select

from dagsterlite_sql.schema import dynamic_partitions

SCOPE = "the partitions"
"""What writers of partitions exclude each other from."""

_columns = dynamic_partitions.c

_Statement = TypeVar("_Statement", Select[int], Delete)


def keys(partitions_def_name: str) -> Select[str]:
    """Return the query for the keys of a named set, in the order in which they were added."""
    of_set = _columns.partitions_def_name == partitions_def_name
    return select(_columns.partition_key).where(of_set).order_by(_columns.id)


def one(statement: _Statement, partitions_def_name: str, key: str) -> _Statement:
    """Return the statement, about one key of a named set."""
    return statement.where(
        _columns.partitions_def_name == partitions_def_name, _columns.partition_key == key
    )
