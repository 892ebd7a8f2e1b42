"""Pipelines of many solids to draw."""

from __future__ import annotations

import random

from dagsterlite import (
    InputDefinition,
    Int,
    List,
    OutputDefinition,
    PipelineDefinition,
    composite_solid,
    pipeline,
    solid,
)


@solid
def one(_context) -> int:
    return 1


@solid
def add(_context, left: int, right: int) -> int:
    return left + right


@composite_solid(output_defs=[OutputDefinition(Int)])
def four_times(value: int):
    twice = add.alias("twice")(value, value)
    return add.alias("twice_again")(twice, twice)


@solid
def shard(context, value: int) -> int:
    if context.solid.name == "shard_77":
        message = "no such shard"
        raise LookupError(message)
    return value


@solid(input_defs=[InputDefinition("parts", List[Int])])
def total(_context, parts) -> int:
    return sum(parts)


def knotted(count: int) -> PipelineDefinition:
    """Return a pipeline of so many solids, each of which takes from two of those before it."""
    chance = random.Random(count)

    @pipeline(name="knotted")
    def made():
        outputs = [one.alias(f"source_{number}")() for number in range(max(2, count // 20))]
        for number in range(len(outputs), count):
            some = chance.choices(outputs[-9:], k=2)
            is_composite = number % 11 == 0
            outputs.append(
                four_times.alias(f"four_times_{number}")(some[0])
                if is_composite
                else add.alias(f"add_{number}")(*some)
            )

    return made


def wide(count: int) -> PipelineDefinition:
    """Return a pipeline of two solids and so many between them, of which number 77 fails."""

    @pipeline(name="wide")
    def made():
        value = one()
        total([shard.alias(f"shard_{number}")(value) for number in range(count)])

    return made


def long(count: int) -> PipelineDefinition:
    """Return a pipeline of so many solids in a row."""

    @pipeline(name="long")
    def made():
        value = one()
        for number in range(1, count):
            value = add.alias(f"add_{number}")(value, value)

    return made
