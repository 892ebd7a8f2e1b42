"""Pipelines of trivial steps."""

from __future__ import annotations

from typing import Any, Final

from dagsterlite import Field, InputDefinition, PipelineDefinition, pipeline, solid

QUIET: Final = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Run config that leaves the terminal to the table."""


@solid
def start(_context: Any) -> int:
    """Begin to count."""
    return 0


@solid(input_defs=[InputDefinition("number", int)])
def count(_context: Any, number: int) -> int:
    """Count on."""
    return number + 1


@solid(config_schema={"name": str, "limit": Field(int, default_value=10), "rows": [int]})
def take(context: Any) -> Any:
    """Take what the config gives."""
    return context.solid_config["rows"]


def chain(length: int) -> PipelineDefinition:
    """Return a pipeline of steps, each of which needs the one before it."""

    @pipeline(name="chain")
    def definition() -> None:
        number = start()
        for _ in range(length - 1):
            number = count(number)

    return definition


def wide(width: int) -> PipelineDefinition:
    """Return a pipeline of steps that need the first one only."""

    @pipeline(name="wide")
    def definition() -> None:
        number = start()
        for _ in range(width - 1):
            count(number)

    return definition


def configured(width: int) -> PipelineDefinition:
    """Return a pipeline of steps that each take config."""

    @pipeline(name="configured")
    def definition() -> None:
        for _ in range(width):
            take()

    return definition


def config_of(definition: PipelineDefinition) -> dict[str, Any]:
    """Return the run config that one of these pipelines needs."""
    config = {"name": "a", "rows": [1, 2]}
    if definition.name != "configured":
        return {}
    return {"solids": {name: {"config": config} for name in definition.solid_names}}
