"""Pipelines that other processes make anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dagsterlite import (
    ExecutorRequirement,
    ModeDefinition,
    PipelineDefinition,
    executor,
    in_process_executor,
    job,
    lambda_solid,
    op,
    pipeline,
)

CHECKED: list[Any] = []
"""What gave the pipeline to the executor of :func:`checked`."""


@lambda_solid
def one():
    return 1


@lambda_solid
def add_one(x: int) -> int:
    return x + 1


@pipeline
def found():
    add_one(one())


def make():
    return PipelineDefinition([one], name="made")


def make_named(name, *, doubled=False):
    return PipelineDefinition([one], name=name * 2 if doubled else name)


def takes_an_argument(name):
    return make_named(name)


def gives_no_pipeline():
    return 3


bound_elsewhere = pipeline(name="other")(lambda: None)
built_by_hand = PipelineDefinition([one], name="built_by_hand")


@op
def two():
    return 2


@job
def found_job():
    two()


@executor(requirements=[ExecutorRequirement.RECONSTRUCTABLE_PIPELINE])
def telling(init_context):
    CHECKED.append(init_context.pipeline)
    config = in_process_executor.default_config()
    return in_process_executor.executor_creation_fn(replace(init_context, executor_config=config))


@pipeline(mode_defs=[ModeDefinition(executor_defs=[telling])])
def checked():
    one()
