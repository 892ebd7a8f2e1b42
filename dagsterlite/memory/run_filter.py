"""Whether a run passes a filter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dagsterlite.runs import BACKFILL_TAG, DagsterRun, RunRecord, RunsFilter, to_unix


def passes(record: RunRecord, filters: RunsFilter | None) -> bool:
    """Return whether the run passes each field of the filter that is given."""
    return filters is None or all(_answers(record, filters))


def _answers(record: RunRecord, filters: RunsFilter) -> Iterator[bool]:
    run = record.dagster_run
    if filters.run_ids is not None:
        yield run.run_id in filters.run_ids
    if filters.job_name is not None:
        yield run.job_name == filters.job_name
    if filters.statuses:
        yield run.status in filters.statuses
    if filters.tags:
        yield all(_has_tag(run, key, wanted) for key, wanted in filters.tags.items())
    if filters.snapshot_id is not None:
        yield run.pipeline_snapshot_id == filters.snapshot_id
    if filters.exclude_subruns:
        yield BACKFILL_TAG not in run.tags
    yield from _answers_of_time(record, filters)


def _answers_of_time(record: RunRecord, filters: RunsFilter) -> Iterator[bool]:
    if filters.updated_after is not None:
        yield to_unix(record.update_timestamp) > to_unix(filters.updated_after)
    if filters.created_before is not None:
        yield to_unix(record.create_timestamp) < to_unix(filters.created_before)


def _has_tag(run: DagsterRun, key: str, wanted: str | Sequence[str]) -> bool:
    values = [wanted] if isinstance(wanted, str) else wanted
    return key in run.tags and run.tags[key] in values
