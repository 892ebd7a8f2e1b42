"""Assets whose history was wiped: what is recorded once more does not bring them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf

from sqlalchemy import Connection, select, tuple_

from dagsterlite_sql.event_rows import IndexRow
from dagsterlite_sql.parts import parts
from dagsterlite_sql.schema import asset_wipes, event_logs

Wipes = Mapping[str | None, float]
"""When assets were last wiped, in unix seconds, by the texts of their keys."""

_KEY = (event_logs.c.run_id, event_logs.c.step_key, event_logs.c.attempt_id, event_logs.c.seq)


def wipes_of(index: Connection, copies: Sequence[IndexRow]) -> Wipes:
    """Return when the assets that copies of entries speak of were wiped, if they were.

    Args:
        index: A connection to the index.
        copies: The copies.
    """
    keys = sorted({copy.asset_key for copy in copies if copy.asset_key is not None})
    found: dict[str | None, float] = {}
    for part in parts(keys):
        wiped = asset_wipes.c.asset_key.in_(part)
        query = select(asset_wipes.c.asset_key, asset_wipes.c.timestamp).where(wiped)
        found |= {row.asset_key: row.timestamp for row in index.execute(query)}
    return found


def unwiped(log: Connection, copies: Sequence[IndexRow], wipes: Wipes) -> list[IndexRow]:
    """Leave out copies of entries that stood in their run's log when their asset was wiped.

    Args:
        log: A connection to the run's log, in which the entries are not written yet.
        copies: The copies.
        wipes: What :func:`wipes_of` returned for them.
    """
    return [
        copy
        for copy in copies
        if copy.timestamp > wipes.get(copy.asset_key, -inf) or not _is_known(log, copy)
    ]


def _is_known(log: Connection, copy: IndexRow) -> bool:
    found = select(event_logs.c.id).where(tuple_(*_KEY) == copy[: len(_KEY)])
    return log.scalar(found) is not None
