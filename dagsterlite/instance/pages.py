"""Pages of records across runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TypeAlias

from dagsterlite.errors import ParameterCheckError
from dagsterlite.instance.checks import check_cursor
from dagsterlite.instance.records import EventRecordsResult
from dagsterlite.stores import EventLogRecord, EventLogStorage, EventRecordsFilter

_START = "0"
_PAGE = 500

Condition: TypeAlias = Callable[[EventLogRecord], bool]


def fetch_page(
    storage: EventLogStorage,
    wanted: EventRecordsFilter,
    limit: int,
    cursor: str | None,
    *,
    ascending: bool,
    only: Condition | None = None,
) -> EventRecordsResult:
    """Return the records after ``cursor``, in the order asked for.

    Where the store cannot tell which of them are wanted, ``only`` does.

    Raises:
        ParameterCheckError: the cursor is none that a page gave, or the limit not above 0.
    """
    if limit < 1:
        raise ParameterCheckError("fetch", "limit", "a number above 0", limit)
    if cursor is not None:
        wanted = _go_on(wanted, check_cursor("fetch", cursor), ascending=ascending)
    # One more than is asked for tells whether there are more.
    if only is None:
        found = storage.get_event_records(wanted, limit + 1, ascending=ascending)
    else:
        fitting = filter(only, _all(storage, wanted, ascending=ascending))
        found = list(islice(fitting, limit + 1))
    records = found[:limit]
    last = str(records[-1].storage_id) if records else cursor or _START
    return EventRecordsResult(records=records, cursor=last, has_more=len(found) > limit)


def _all(
    storage: EventLogStorage, wanted: EventRecordsFilter, *, ascending: bool
) -> Iterator[EventLogRecord]:
    while records := storage.get_event_records(wanted, _PAGE, ascending=ascending):
        yield from records
        wanted = _go_on(wanted, records[-1].storage_id, ascending=ascending)


def _go_on(wanted: EventRecordsFilter, place: int, *, ascending: bool) -> EventRecordsFilter:
    if ascending:
        after = wanted.after_id
        return replace(wanted, after_cursor=place if after is None else max(place, after))
    before = wanted.before_id
    return replace(wanted, before_cursor=place if before is None else min(place, before))
