"""What a notebook's cells call while it is developed, outside of any run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dagsterlite import (
    AssetMaterialization,
    CheckError,
    DagsterInvalidConfigError,
    DagsterInvalidPropertyError,
    DynamicOutput,
    ModeDefinition,
    Output,
    ParameterCheckError,
    resource,
)
from dagsterlite.execution.contexts import AbstractComputeExecutionContext
from dagsterlite_papermill import get_context, yield_event, yield_result

told: list[str] = []


@resource({"url": str})
def database(init_context):
    told.append("open")
    yield init_context.resource_config["url"]
    told.append("closed")


MODE = ModeDefinition(resource_defs={"database": database})
CONFIG = {"resources": {"database": {"config": {"url": "db://a"}}}}


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    told.clear()
    yield
    get_context()


def test_a_context_has_the_config_that_it_is_given() -> None:
    context = get_context(solid_config={"rows": 3})

    assert isinstance(context, AbstractComputeExecutionContext)
    assert context.solid_config == {"rows": 3}
    assert context.run_id == "EPHEMERAL"
    context.log.info("heard")


def test_it_has_the_resources_of_a_mode() -> None:
    context = get_context(mode_def=MODE, run_config=CONFIG)

    assert context.resources.database == "db://a"


def test_or_resources_as_they_are() -> None:
    assert get_context(resources={"database": "mine"}).resources.database == "mine"


def test_the_next_context_takes_the_place_of_the_last() -> None:
    get_context(mode_def=MODE, run_config=CONFIG)
    assert told == ["open"]
    get_context(mode_def=MODE, run_config=CONFIG)
    assert told == ["open", "closed", "open"]


def test_what_only_a_run_has_is_refused() -> None:
    with pytest.raises(DagsterInvalidPropertyError, match="pipeline_def"):
        _ = get_context().pipeline_def


def test_config_of_a_resource_that_does_not_fit_is_refused() -> None:
    with pytest.raises(DagsterInvalidConfigError):
        get_context(mode_def=MODE, run_config={"resources": {"database": {"config": {}}}})


@pytest.mark.parametrize("arguments", [{"mode_def": 3}, {"run_config": 3}, {"resources": 3}])
def test_arguments_of_a_wrong_type_are_refused(arguments) -> None:
    with pytest.raises(ParameterCheckError):
        get_context(**arguments)


def test_resources_are_given_once() -> None:
    with pytest.raises(CheckError, match="give one"):
        get_context(mode_def=MODE, resources={"database": 1})


def test_what_is_yielded_is_given_back() -> None:
    assert yield_result([1, 2]) == [1, 2]
    for event in (AssetMaterialization("a"), Output(1), DynamicOutput(1, "a")):
        assert yield_event(event) is event


@pytest.mark.parametrize("event", [3, None, ValueError()])
def test_what_is_no_event_is_refused(event) -> None:
    with pytest.raises(ParameterCheckError, match="'event' must be an Output, DynamicOutput"):
        yield_event(event)
