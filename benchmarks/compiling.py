"""What it costs to come from a pipeline and its config to a plan."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.figures import Figure, best_seconds
from benchmarks.pipelines import chain, config_of, configured, wide
from dagsterlite.api import create_execution_plan

STEP_TARGET = 60.0


def benchmark() -> Iterator[Figure]:
    """Measure resolving the config and compiling, a step."""
    for form in (chain, wide, configured):
        for steps in (1_000, 10_000):
            definition = form(steps)
            config = config_of(definition)
            seconds = best_seconds(partial(create_execution_plan, definition, config))
            yield Figure(
                what=f"compile, {definition.name} of {steps:,} steps, config included",
                value=seconds / steps * 1e6,
                unit="µs a step",
                target=STEP_TARGET,
            )
