"""The instance that a command works on, and the runs in it."""

from __future__ import annotations

import os

import click

from dagsterlite.errors import DagsterRunNotFoundError
from dagsterlite.instance import HOME_VARIABLE, DagsterInstance
from dagsterlite.runs import RunRecord

_NOT_KEPT = (
    f"{HOME_VARIABLE} is not set: nothing is kept of this run. Set it to a folder to keep runs."
)
_RUNS_NAMED = 5


def instance_for_new_run() -> DagsterInstance:
    """Return the instance of ``$DAGSTER_HOME``; one in memory where it is not set.

    Raises:
        DagsterHomeError: the folder cannot be used.
        DagsterSettingsError: its ``dagster.yaml`` is wrong.
    """
    return DagsterInstance.get() if os.environ.get(HOME_VARIABLE) else DagsterInstance.ephemeral()


def tell_if_not_kept(instance: DagsterInstance) -> None:
    """Tell the user where nothing is kept of a run."""
    if instance.is_ephemeral:
        click.echo(_NOT_KEPT, err=True)


def find_run(instance: DagsterInstance, run_id: str) -> RunRecord:
    """Return the run of that id, or the only one whose id begins so.

    Raises:
        DagsterRunNotFoundError: there is none.
        BadParameter: several begin so.
    """
    record = instance.get_run_record_by_id(run_id)
    if record is not None:
        return record
    records = instance.get_run_records()
    fitting = [item for item in records if item.dagster_run.run_id.startswith(run_id)]
    if not fitting:
        raise DagsterRunNotFoundError(run_id)
    if len(fitting) > 1:
        ids = ", ".join(item.dagster_run.run_id for item in fitting[:_RUNS_NAMED])
        message = (
            f"{len(fitting)} runs have ids that begin with '{run_id}': {ids}. Give more of it."
        )
        raise click.BadParameter(message, param_hint="'RUN'")
    return fitting[0]
