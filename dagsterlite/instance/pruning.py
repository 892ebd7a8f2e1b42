"""Which runs are no longer kept."""

from __future__ import annotations

from collections.abc import Iterator

from dagsterlite.runs import FINISHED_STATUSES, RunRecord, RunsFilter, to_unix
from dagsterlite.stores import RunStorage

_PAGE = 500


def runs_to_prune(
    storage: RunStorage, *, ended_before: float | None, keep_last: int | None
) -> Iterator[RunRecord]:
    """Yield the finished runs that are neither young nor among the newest, newest first.

    Args:
        storage: Keeps the runs.
        ended_before: Unix seconds; a run that changed since is young. None: none is.
        keep_last: How many of the newest finished runs are kept, however old.
    """
    for place, record in enumerate(_finished(storage)):
        is_young = ended_before is not None and to_unix(record.update_timestamp) >= ended_before
        if place >= (keep_last or 0) and not is_young:
            yield record


def _finished(storage: RunStorage) -> Iterator[RunRecord]:
    finished = RunsFilter(statuses=sorted(FINISHED_STATUSES, key=lambda status: status.name))
    cursor: str | None = None
    while records := storage.get_run_records(finished, _PAGE, cursor=cursor):
        yield from records
        cursor = records[-1].dagster_run.run_id
