"""Arguments of an instance's questions, refused where they cannot be meant."""

from __future__ import annotations

import re
from typing import get_args

from dagsterlite.errors import ParameterCheckError, listed
from dagsterlite.stores import OrderColumn

_DIGITS = re.compile("[0-9]{1,18}")


def check_limit(owner: str, limit: int | None) -> int | None:
    """Return how many results to get.

    Raises:
        ParameterCheckError: it is negative.
    """
    if limit is not None and limit < 0:
        raise ParameterCheckError(owner, "limit", "a number that is not negative", limit)
    return limit


def check_order(owner: str, column: OrderColumn | None) -> OrderColumn:
    """Return the column to sort runs by, the id by default.

    Raises:
        ParameterCheckError: runs have no such column.
    """
    columns = get_args(OrderColumn)
    if column is not None and column not in columns:
        raise ParameterCheckError(owner, "order_by", f"one of {listed(columns)}", column)
    return column or "id"


def check_cursor(owner: str, cursor: str | int) -> int:
    """Return the storage id that a cursor stands for.

    Raises:
        ParameterCheckError: it is none that a store gave.
    """
    if not _DIGITS.fullmatch(str(cursor)):
        raise ParameterCheckError(owner, "cursor", "a cursor that was given before", cursor)
    return int(cursor)
