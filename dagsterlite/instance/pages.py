"""Pages of records across runs."""

from __future__ import annotations

from dataclasses import replace

from dagsterlite.arguments import check_is
from dagsterlite.errors import ParameterCheckError
from dagsterlite.instance.checks import check_cursor
from dagsterlite.instance.records import EventRecordsResult
from dagsterlite.stores import EventLogStorage, EventRecordsFilter

_START = "0"


def fetch_page(
    storage: EventLogStorage,
    wanted: EventRecordsFilter,
    limit: int,
    cursor: str | None,
    *,
    ascending: bool,
) -> EventRecordsResult:
    """Return the records after ``cursor``, in the order asked for.

    Raises:
        ParameterCheckError: the cursor is none that a page gave, or the limit not above 0.
    """
    check_is("fetch", "limit", limit, int, "a number above 0")
    if limit < 1:
        raise ParameterCheckError("fetch", "limit", "a number above 0", limit)
    if cursor is not None:
        wanted = _go_on(wanted, check_cursor("fetch", cursor), ascending=ascending)
    # One more than is asked for tells whether there are more.
    found = storage.get_event_records(wanted, limit + 1, ascending=ascending)
    records = found[:limit]
    last = str(records[-1].storage_id) if records else cursor or _START
    return EventRecordsResult(records=records, cursor=last, has_more=len(found) > limit)


def _go_on(wanted: EventRecordsFilter, place: int, *, ascending: bool) -> EventRecordsFilter:
    if ascending:
        after = wanted.after_id
        return replace(wanted, after_cursor=place if after is None else max(place, after))
    before = wanted.before_id
    return replace(wanted, before_cursor=place if before is None else min(place, before))
