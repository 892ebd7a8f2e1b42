"""Pipelines that other processes make anew."""

from __future__ import annotations

from dagsterlite import PipelineDefinition, lambda_solid, pipeline


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
