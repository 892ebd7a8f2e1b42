"""Variables of the environment that are not set where a run is driven from."""

from __future__ import annotations

from typing import Any

import pytest

from dagsterlite import (
    CompositeSolidDefinition,
    ConfigMapping,
    DagsterInvalidConfigError,
    Executor,
    Field,
    IntSource,
    ModeDefinition,
    PipelineDefinition,
    ResourceDefinition,
    StringSource,
    configured,
    create_execution_plan,
    executor,
    resource,
    solid,
    validate_run_config,
)
from dagsterlite.config import Shape, Unset, resolve_config, unset_in
from dagsterlite.run_config.resolved import EnvironmentConfig

ENV = {"env": "DAGSTERLITE_NOT_SET"}
NOT_SET = 'the environment variable "DAGSTERLITE_NOT_SET" is not set'


@executor(
    name="far",
    config_schema={"address": Field(StringSource, is_required=False)},
    resolves_elsewhere=True,
)
def far(_init_context: Any) -> Executor:
    raise AssertionError


@executor(name="near")
def near(_init_context: Any) -> Executor:
    raise AssertionError


@resource(config_schema={"url": StringSource, "port": Field(IntSource, default_value=1)})
def database(context: Any) -> Any:
    return context.resource_config


@solid(config_schema={"path": StringSource}, required_resource_keys={"db"})
def reads(context: Any) -> Any:
    return context.solid_config


def graph(db: ResourceDefinition = database, *nodes: Any) -> PipelineDefinition:
    mode = ModeDefinition(resource_defs={"db": db}, executor_defs=[far, near])
    return PipelineDefinition([*nodes] or [reads], name="p", mode_defs=[mode])


def config_of(path: Any = ENV, url: Any = ENV, **sections: Any) -> dict[str, Any]:
    return {
        "solids": {"reads": {"config": {"path": path}}},
        "resources": {"db": {"config": {"url": url}}},
        **sections,
    }


def test_steps_that_run_elsewhere_may_read_variables_that_are_not_set_here() -> None:
    assert validate_run_config(graph(), config_of())
    plan = create_execution_plan(graph(), config_of(execution={"far": {}}))

    config = plan.environment_config
    assert [*unset_in(config.resources)] == [*unset_in(config.resources["db"]["url"])]
    assert isinstance(config.solids["reads"].config["path"], Unset)
    assert config.resources["db"]["port"] == 1
    assert config.original_config["resources"]["db"]["config"]["url"] == ENV


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"execution": {"near": {}}}, "solids.reads.config.path"),
        ({"execution": {"far": {"config": {"address": ENV}}}}, "execution.far.config.address"),
        (
            {"loggers": {"console": {"config": {"name": {"env": "X"}}}}},
            "loggers.console.config.name",
        ),
    ],
)
def test_what_the_driver_uses_must_be_set_there(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(DagsterInvalidConfigError, match=path):
        create_execution_plan(graph(), config_of(**changes))


def test_a_process_that_uses_the_config_is_told_at_once() -> None:
    with pytest.raises(DagsterInvalidConfigError, match=NOT_SET):
        EnvironmentConfig.build(graph(), config_of())


def test_config_that_a_function_makes_of_what_is_not_set_stays_open() -> None:
    @configured(database, config_schema={"host": StringSource})
    def at(config: Any) -> Any:
        return {"url": config["host"].upper()}

    config = config_of() | {"resources": {"db": {"config": {"host": ENV}}}}
    plan = create_execution_plan(graph(at), config)
    assert isinstance(plan.environment_config.resources["db"], Unset)


def test_a_composite_that_maps_its_config_needs_it_here() -> None:
    mapping = ConfigMapping(
        lambda config: {"reads": {"config": {"path": config["path"]}}}, {"path": StringSource}
    )
    outer = CompositeSolidDefinition("outer", [reads], config_mapping=mapping)
    config = {**config_of(url="u"), "solids": {"outer": {"config": {"path": ENV}}}}
    with pytest.raises(DagsterInvalidConfigError, match="needs its config here.*\n.*" + NOT_SET):
        create_execution_plan(graph(database, outer), config)


def test_other_misfits_are_told_with_what_is_not_set() -> None:
    with pytest.raises(DagsterInvalidConfigError, match=NOT_SET) as caught:
        create_execution_plan(graph(), config_of(path=3))
    assert len(caught.value.errors) == 2


def test_what_is_not_set_is_found_in_lists_and_dicts() -> None:
    schema = Shape({"some": Field([StringSource]), "one": Field(IntSource)})
    config = {"some": ["x", {"env": "A"}], "one": {"env": "B"}}
    evaluation = resolve_config(schema, config, {}, leaves_unset=True)
    assert evaluation.success
    assert [error.path for error in unset_in(evaluation.value)] == [("some", 1), ("one",)]
    assert not resolve_config(schema, config, {}).success
