"""The events of a run as they happen, and what is known of the run before the first."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence

from dagsterlite.events.event import DagsterEvent
from dagsterlite.runs import DagsterRun


class RunEvents(Iterator[DagsterEvent]):
    """What ``execute_pipeline_iterator`` returns: the run goes on as its events are asked for.

    Users should not instantiate this class.
    """

    def __init__(
        self,
        run: DagsterRun,
        step_keys: Sequence[str],
        events: Generator[DagsterEvent, None, None],
    ) -> None:
        self.run = run
        #: The steps of the plan that the run will execute, in topological order: those mapped over
        #: a dynamic output stand for the steps that they come to.
        self.step_keys = tuple(step_keys)
        self._events = events

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.run.run_id

    @property
    def moment(self) -> float:
        """When the last event happened, in unix seconds: now, as reading it had it happen."""
        return time.time()

    def __next__(self) -> DagsterEvent:
        return next(self._events)

    def close(self) -> None:
        """Stop reading: a run that has begun and not ended is canceled."""
        self._events.close()
