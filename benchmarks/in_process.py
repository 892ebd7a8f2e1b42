"""What a trivial step costs in one process, with all its events."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, best_seconds
from benchmarks.pipelines import QUIET, chain, wide
from dagsterlite import DagsterInstance, PipelineDefinition, execute_pipeline

STEP_TARGET = 0.3


def run(definition: PipelineDefinition, instance: DagsterInstance) -> None:
    """Execute a pipeline that succeeds."""
    assert execute_pipeline(definition, QUIET, instance=instance).success


def _run_in_memory(definition: PipelineDefinition) -> None:
    run(definition, DagsterInstance.ephemeral())


def benchmark() -> Iterator[Figure]:
    """Measure chains and a wide pipeline, recorded in memory and in SQLite."""
    for form, steps in ((chain, 1_000), (wide, 1_000), (chain, 10_000)):
        definition = form(steps)
        what = f"in process, {definition.name} of {steps:,} steps"
        seconds = best_seconds(partial(_run_in_memory, definition))
        yield _step(f"{what}, ephemeral instance", seconds / steps)
        with TemporaryDirectory() as folder, DagsterInstance.local_temp(folder) as instance:
            seconds = best_seconds(partial(run, definition, instance))
        yield _step(f"{what}, SQLite", seconds / steps)


def _step(what: str, seconds: float) -> Figure:
    return Figure(what=what, value=seconds * 1e3, unit="ms a step", target=STEP_TARGET)
