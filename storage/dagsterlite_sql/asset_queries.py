"""Questions about assets, asked of the index."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Select, func, literal, select, union_all

from dagsterlite.events.assets import AssetKey
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite_sql.schema import event_index

_asset_key: ColumnElement[str] = event_index.c.asset_key


def asset_keys(prefix: Sequence[str] | None, limit: int | None, cursor: str | None) -> Select[str]:
    """Return the query for the stored texts of asset keys, each once, sorted.

    It steps from each key to the next in the database's own index, so that its cost grows with
    the number of assets asked for and not with that of their events. Each step gives the key that
    the next one needs, so they come in order: to ask for it would have all be found first.
    """
    wanted = list(_bounds(prefix, cursor))
    first = select(func.min(_asset_key).label("key")).where(*wanted)
    keys = first.cte("keys", recursive=True)
    following = select(func.min(_asset_key)).where(_asset_key > keys.c.key, *wanted)
    keys = keys.union_all(select(following.scalar_subquery()).where(keys.c.key.is_not(None)))
    return select(keys.c.key).where(keys.c.key.is_not(None)).limit(limit)


def _bounds(prefix: Sequence[str] | None, cursor: str | None) -> Iterator[ColumnElement[bool]]:
    """Yield the bounds between which the wanted keys' texts stand.

    The text of a key with the prefix is ``["a", "b"]`` itself, or goes on after ``["a", "b"``
    with a comma, which sorts before the bracket.
    """
    if prefix:
        whole = json.dumps(list(prefix))
        yield _asset_key >= f"{whole[:-1]},"
        yield _asset_key <= whole
    if cursor is not None:
        yield _asset_key > cursor


def latest(kind: DagsterEventType, asset_keys: Sequence[AssetKey]) -> Select[int, str]:
    """Return the query for each asset's last event of a type: one look into an index for each."""
    texts = [literal(key.to_string(), _asset_key.type) for key in asset_keys]
    wanted = union_all(*(select(text.label("asset_key")) for text in texts)).subquery("wanted")
    of_asset = event_index.alias("of_asset")
    last = select(func.max(of_asset.c.id)).where(
        of_asset.c.asset_key == wanted.c.asset_key, of_asset.c.event_type == kind.value
    )
    ids = select(last.scalar_subquery()).select_from(wanted)
    return select(event_index.c.id, event_index.c.body).where(event_index.c.id.in_(ids))


def partitions(kind: DagsterEventType, asset_key: AssetKey) -> Select[str, int]:
    """Return the query for an asset's partitions, each with its last event of a type."""
    partition = event_index.c.partition
    return (
        select(partition, func.max(event_index.c.id))
        .where(_asset_key == asset_key.to_string(), event_index.c.event_type == kind.value)
        .where(partition.is_not(None))
        .group_by(partition)
    )


def mentions(asset_key: AssetKey) -> Select[int]:
    """Return the query for one event that speaks of the asset."""
    return select(event_index.c.id).where(_asset_key == asset_key.to_string()).limit(1)
