"""Runs that take over from one another, because the driver of the one before was taken away."""

from __future__ import annotations

import uuid
from typing import Final

from dagsterlite.instance import DagsterInstance
from dagsterlite.runs import DagsterRun, RunsFilter

INTERRUPTED_TAG: Final = "dagsterlite/driver_interrupted"
"""Borne by a run that is canceled because its driver's process was told to end."""

TAKES_OVER_TAG: Final = "dagsterlite/takes_over"
"""Names the run that a run takes over from, because that one's driver is gone."""


_HEIRS: Final = uuid.UUID("6c1f3f0e-52a5-4ad4-9d5b-2f1c8a4f7e90")


def heir_id(run_id: str) -> str:
    """Return the id of the run that takes over from a run: it has one heir, whoever makes it."""
    return str(uuid.uuid5(_HEIRS, run_id))


def line_of(run_id: str, instance: DagsterInstance) -> list[DagsterRun]:
    """Return a run, the one that took over from it, and so on to the last.

    Raises:
        DagsterRunNotFoundError: there is no such run.
    """
    line = [instance.require_run(run_id).dagster_run]
    while True:
        heirs = instance.get_runs(RunsFilter(tags={TAKES_OVER_TAG: line[-1].run_id}), limit=1)
        if not heirs:
            return line
        line += heirs


def launched_as(run_id: str, instance: DagsterInstance) -> str:
    """Return the id of the run that was launched: the first of the line that a run stands in."""
    while (run := instance.get_run_by_id(run_id)) is not None and TAKES_OVER_TAG in run.tags:
        run_id = run.tags[TAKES_OVER_TAG]
    return run_id
