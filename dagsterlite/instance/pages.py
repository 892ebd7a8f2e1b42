"""Pages of records across runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from dagsterlite.arguments import check_is
from dagsterlite.errors import ParameterCheckError
from dagsterlite.instance.checks import check_cursor
from dagsterlite.instance.records import EventRecordsResult
from dagsterlite.stores import EventLogRecord, EventLogStorage, EventRecordsFilter

_START = "0"


def fetch_page(
    owner: str,
    storage: EventLogStorage,
    wanted: Sequence[EventRecordsFilter],
    limit: int,
    cursor: str | None,
    *,
    ascending: bool,
) -> EventRecordsResult:
    """Return the records after ``cursor`` that pass one of the filters, in the order asked for.

    Args:
        owner: The method that is called, for messages.
        storage: Where they are recorded.
        wanted: The filters; each is of another type of events.
        limit: How many to return.
        cursor: That of the page before.
        ascending: Whether the oldest comes first.

    Raises:
        ParameterCheckError: the cursor is none that a page gave, or the limit not above 0.
    """
    check_is(owner, "limit", limit, int, "a number above 0")
    if limit < 1:
        raise ParameterCheckError(owner, "limit", "a number above 0", limit)
    if cursor is not None:
        place = check_cursor(owner, cursor)
        wanted = [_go_on(each, place, ascending=ascending) for each in wanted]
    # One more than is asked for tells whether there are more.
    by_filter = (storage.get_event_records(f, limit + 1, ascending=ascending) for f in wanted)
    found = sorted(chain.from_iterable(by_filter), key=_storage_id, reverse=not ascending)
    records = found[:limit]
    last = str(records[-1].storage_id) if records else cursor or _START
    return EventRecordsResult(records=records, cursor=last, has_more=len(found) > limit)


def _storage_id(record: EventLogRecord) -> int:
    return record.storage_id


def _go_on(wanted: EventRecordsFilter, place: int, *, ascending: bool) -> EventRecordsFilter:
    if ascending:
        after = wanted.after_id
        return replace(wanted, after_cursor=place if after is None else max(place, after))
    before = wanted.before_id
    return replace(wanted, before_cursor=place if before is None else min(place, before))
