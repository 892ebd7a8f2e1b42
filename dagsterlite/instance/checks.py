"""Arguments of an instance's questions, refused where they cannot be meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import get_args

from dagsterlite.arguments import check_each, check_is
from dagsterlite.errors import ParameterCheckError, listed
from dagsterlite.events.assets import AssetKey
from dagsterlite.runs import RunsFilter
from dagsterlite.stores import OrderColumn

_DIGITS = re.compile("[0-9]{1,18}")


def check_limit(owner: str, limit: int | None) -> int | None:
    """Return how many results to get.

    Raises:
        ParameterCheckError: it is no whole number, or negative.
    """
    expected = "a whole number that is not negative"
    if limit is not None:
        check_is(owner, "limit", limit, int, expected)
        if limit < 0:
            raise ParameterCheckError(owner, "limit", expected, limit)
    return limit


def check_filters(owner: str, filters: RunsFilter | None) -> RunsFilter | None:
    """Return the filter across runs.

    Raises:
        ParameterCheckError: it is none.
    """
    if filters is not None:
        check_is(owner, "filters", filters, RunsFilter, "a RunsFilter")
    return filters


def check_asset_key(owner: str, key: AssetKey) -> AssetKey:
    """Return the key of an asset.

    Raises:
        ParameterCheckError: it is none.
    """
    check_is(owner, "asset_key", key, AssetKey, "an AssetKey")
    return key


def check_asset_keys(owner: str, keys: Iterable[AssetKey]) -> list[AssetKey]:
    """Return the keys of assets.

    Raises:
        ParameterCheckError: one is none.
    """
    expected = "a list of AssetKeys"
    if isinstance(keys, AssetKey):
        raise ParameterCheckError(owner, "asset_keys", expected, keys)
    found = list(keys)
    check_each(owner, "asset_keys", found, AssetKey, expected)
    return found


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
