"""Reading along with a run: what happened, and when."""

from __future__ import annotations

from dagsterlite import DagsterInstance, attach_run, execute_pipeline, pipeline, solid


@solid
def one():
    return 1


@pipeline
def short():
    one()


def test_events_that_are_read_later_keep_the_moment_at_which_they_happened() -> None:
    instance = DagsterInstance.ephemeral()
    run_id = execute_pipeline(short, instance=instance).run_id

    events = attach_run(run_id, instance)
    moments = [events.moment for _ in events]

    logged = [entry for entry in instance.all_logs(run_id) if entry.dagster_event is not None]
    assert moments == [entry.timestamp for entry in logged]
