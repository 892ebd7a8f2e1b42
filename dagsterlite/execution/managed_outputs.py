"""Reading outputs that IO managers keep, once their run is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from dagsterlite.events.receipt import Receipt, StoredOutput
from dagsterlite.execution.attempt_log import Nowhere
from dagsterlite.execution.interrupts import Interrupts
from dagsterlite.execution.io_managers import Managers
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.resources import ScopedResources
from dagsterlite.execution.run_context import RunContext

ReadManaged = Callable[[Receipt, StoredOutput], Any]
"""From a step's receipt and one of its outputs that a manager keeps to the output's value."""


def managed_reader(run_context: RunContext, lasting: Mapping[str, Any]) -> ReadManaged:
    """Return what reads the outputs of a run that its IO managers keep.

    A manager is made anew for each value, and torn down after, with the resources that it requires;
    it logs to the run's loggers only.

    Args:
        run_context: The run.
        lasting: Managers of the run that are still fit for use, by key: they are asked themselves.
    """
    context = replace(run_context, sink=Nowhere(), interrupts=Interrupts())
    log = DagsterLogManager(context.run_log(), context.loggers)

    def read(receipt: Receipt, output: StoredOutput) -> Any:
        with _resources(context, lasting, log) as resources_for:
            return Managers(context, resources_for, log).read(receipt, output)

    return read


@contextmanager
def _resources(
    context: RunContext, lasting: Mapping[str, Any], log: DagsterLogManager
) -> Iterator[Callable[[Iterable[str]], ScopedResources]]:
    made = context.resource_manager(context.run_log())

    def resources_for(keys: Iterable[str]) -> ScopedResources:
        wanted = frozenset(keys)
        at_hand = {key: lasting[key] for key in wanted & lasting.keys()}
        further = made.scoped(wanted - lasting.keys())
        return ScopedResources({**vars(further), **at_hand})

    try:
        yield resources_for
    finally:
        made.tear_down(lambda key, exc: log.warning("Teardown of resource %r failed: %s", key, exc))
