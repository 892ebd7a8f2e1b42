"""Dask's own report on the time of a run: a page with what its tasks and workers did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import fsspec

from dagsterlite.errors import DagsterClusterError
from dagsterlite.events.engine import EngineEventData
from dagsterlite.events.error_info import error_info_from_exception
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite.execution.executor import PlanOrchestrationContext
from dagsterlite_dask.on_cluster import installed_versions
from dagsterlite_dask.session import Session

_DRAWS: Final = "bokeh"


def address_of_report(path: str, artifacts_dir: str, run_id: str) -> str:
    """Return where a report goes: a relative path is one in the run's own folder.

    Args:
        path: A path or an fsspec URL.
        artifacts_dir: The folder or URL below which the instance keeps each run's files.
        run_id: The run.
    """
    if path.startswith("/") or "://" in path:
        return path
    return f"{artifacts_dir.rstrip('/')}/{run_id}/{path}"


def missing_package(session: Session) -> DagsterClusterError | None:
    """Return the error that the scheduler cannot draw reports, if that is known."""
    found = session.on_scheduler(installed_versions, (_DRAWS,))
    if found is None or found[_DRAWS] is not None:
        return None
    return DagsterClusterError(
        f"execution.dask.performance_report needs the package '{_DRAWS}' where Dask's "
        f"scheduler runs ({session.scheduler}), and it is not installed there: pip install "
        "'dagsterlite[report]', or leave performance_report out."
    )


class PerformanceReport:
    """The report on one run, from its begin on. What goes wrong with it changes no run.

    Args:
        session: The run's side of the cluster.
        context: The run.
        path: Where it goes; see :func:`address_of_report`.
    """

    def __init__(self, session: Session, context: PlanOrchestrationContext, path: str) -> None:
        self._session = session
        self._context = context
        directory = context.instance.storage_directory()
        self._address = address_of_report(path, directory, context.run_id)
        self._since = session.begin_report()

    def write(self) -> Iterator[DagsterEvent]:
        """Write the report; tell where it is, or why it is not."""
        entry = EventMetadataEntry.path(self._address, label="performance_report")
        try:
            if self._since is None:
                raise DagsterClusterError("the scheduler did not answer as the run began")
            about = f"{self._context.pipeline_def.label}, run {self._context.run_id}"
            page = self._session.end_report(self._since, about)
            with fsspec.open(self._address, "w", encoding="utf-8") as file:
                file.write(page)
        except Exception as exc:  # noqa: BLE001 - of a file system or a scheduler of any kind
            text = f"Dask's report on the run is not written to {self._address}: {exc}"
            data = EngineEventData(error=error_info_from_exception(exc))
        else:
            text = f"Dask's report on the run is written to {self._address}."
            data = EngineEventData([entry])
        yield self._context.engine_event(text, data)
