"""Definitions bear a description, from their argument or their function's docstring, and tags."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from dagsterlite import (
    CheckError,
    DagsterType,
    EnumValue,
    ExecutorDefinition,
    Field,
    InputDefinition,
    IntermediateStorageDefinition,
    ModeDefinition,
    OutputDefinition,
    Permissive,
    PipelineDefinition,
    PresetDefinition,
    RepositoryDefinition,
    ResourceDefinition,
    Selector,
    Shape,
    SystemStorageDefinition,
    composite_solid,
    executor,
    intermediate_storage,
    lambda_solid,
    logger,
    pipeline,
    repository,
    resource,
    solid,
    system_storage,
)
from dagsterlite.config import print_config_type
from dagsterlite.run_config.schema import build_schema

SAID = "What it is for."


def takes_context(context):
    """What it is for."""
    return logging.getLogger("described")


def takes_nothing():
    """What it is for."""
    return []


def calls_nothing():
    """What it is for."""


@pytest.mark.parametrize(
    "definition",
    [
        solid(takes_context),
        lambda_solid(takes_nothing),
        composite_solid(calls_nothing),
        pipeline(calls_nothing),
        repository(takes_nothing),
        resource(takes_context),
        logger(takes_context),
        executor(takes_context),
        intermediate_storage()(takes_context),
        system_storage()(takes_context),
    ],
    ids=lambda definition: type(definition).__name__,
)
def test_a_function_s_docstring_is_the_description(definition: Any) -> None:
    assert definition.description == SAID


@pytest.mark.parametrize(
    "definition",
    [
        solid("it", SAID)(takes_context),
        lambda_solid("it", SAID)(takes_nothing),
        composite_solid("it", description=SAID)(calls_nothing),
        pipeline("it", SAID)(calls_nothing),
        repository("it", SAID)(takes_nothing),
        RepositoryDefinition("it", [], SAID),
        resource(description=SAID)(takes_context),
        ResourceDefinition.hardcoded_resource(1, SAID),
        ResourceDefinition.none_resource(SAID),
        ResourceDefinition.mock_resource(SAID),
        ResourceDefinition.string_resource(SAID),
        logger(description=SAID)(takes_context),
        ExecutorDefinition("it", executor_creation_fn=takes_context, description=SAID),
        IntermediateStorageDefinition(
            "it", True, intermediate_storage_creation_fn=takes_context, description=SAID
        ),
        SystemStorageDefinition(
            "it", True, system_storage_creation_fn=takes_context, description=SAID
        ),
        ModeDefinition("it", description=SAID),
        InputDefinition("it", description=SAID),
        OutputDefinition(description=SAID),
        DagsterType(lambda _context, _value: True, "It", description=SAID),
        Field(int, description=SAID),
        Shape({}, SAID),
        Permissive({}, SAID),
        Selector({"a": int}, SAID),
        EnumValue("A", description=SAID),
    ],
    ids=lambda definition: type(definition).__name__,
)
def test_a_description_may_be_given(definition: Any) -> None:
    assert definition.description == SAID


def test_the_schema_of_a_run_config_tells_what_its_parts_are_for() -> None:
    @solid(
        input_defs=[InputDefinition("n", int, "The number.")],
        config_schema={"c": Field(int, description="A field.")},
    )
    def described(_context, n):
        """A solid."""

    @pipeline(
        mode_defs=[
            ModeDefinition(
                resource_defs={"r": ResourceDefinition.string_resource("A resource.")},
                logger_defs={"l": logger(takes_context)},
                executor_defs=[
                    ExecutorDefinition("e", None, None, takes_context, description="An executor.")
                ],
            )
        ]
    )
    def whole():
        described()

    lines = print_config_type(build_schema(whole, whole.get_default_mode()))

    comments = {line.strip().removeprefix("# ") for line in lines if line.strip().startswith("#")}
    expected = {"The number.", "A field.", "A solid.", "A resource.", "An executor.", SAID}
    assert expected <= comments


@pytest.mark.parametrize(
    "definition",
    [
        solid("it", tags={"a": "b", "n": {"x": 1}})(takes_context),
        composite_solid("it", tags={"a": "b", "n": {"x": 1}})(calls_nothing),
        pipeline("it", tags={"a": "b", "n": {"x": 1}})(calls_nothing),
        PresetDefinition("it", tags={"a": "b", "n": {"x": 1}}),
    ],
    ids=lambda definition: type(definition).__name__,
)
def test_tags_are_texts_or_json(definition: Any) -> None:
    assert definition.tags == {"a": "b", "n": '{"x": 1}'}


@pytest.mark.parametrize(
    "make",
    [
        lambda: PipelineDefinition([], "p", {"one": {}}),  # type: ignore[arg-type]
        lambda: solid(name="s", description=3)(lambda _: 1),  # type: ignore[call-overload]
        lambda: resource(description=3)(lambda _: 1),  # type: ignore[call-overload]
        lambda: logger(description=3)(lambda _: logging.root),  # type: ignore[call-overload]
        lambda: ModeDefinition("m", description=3),  # type: ignore[arg-type]
        lambda: InputDefinition("i", description=3),  # type: ignore[arg-type]
        lambda: OutputDefinition(description=3),  # type: ignore[arg-type]
        lambda: RepositoryDefinition("r", [], 3),  # type: ignore[arg-type]
        lambda: DagsterType(lambda _c, _v: True, name="T", description=3),  # type: ignore[arg-type]
    ],
)
def test_a_description_that_is_no_text_is_refused(make: Any) -> None:
    with pytest.raises(CheckError, match="argument 'description' must be a text"):
        make()
