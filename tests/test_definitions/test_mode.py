from __future__ import annotations

import pytest

from dagsterlite.definitions.executor import ExecutorDefinition
from dagsterlite.definitions.logger import LoggerDefinition
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.resource import ResourceDefinition
from dagsterlite.definitions.storage import IntermediateStorageDefinition, SystemStorageDefinition
from dagsterlite.errors import DagsterInvalidDefinitionError, ParameterCheckError
from dagsterlite.execution.defaults import (
    default_executors,
    default_intermediate_storage_defs,
    default_system_storage_defs,
)

DATABASE = ResourceDefinition.hardcoded_resource("db")


def logs(_context):
    return None


LOGGER = LoggerDefinition(logs)


def make_executor(name: str = "fast") -> ExecutorDefinition:
    return ExecutorDefinition(name, executor_creation_fn=logs)


def needing(*keys):
    return ResourceDefinition(lambda _context: 1, required_resource_keys=set(keys))


def test_a_mode_offers_the_defaults_where_it_names_none():
    mode = ModeDefinition()

    assert mode.name == "default"
    assert (mode.resource_defs, mode.loggers) == ({}, {})
    assert list(mode.executor_defs) == default_executors
    assert list(mode.system_storage_defs) == default_system_storage_defs
    assert list(mode.intermediate_storage_defs) == default_intermediate_storage_defs


def test_arguments_stand_in_the_documented_order():
    system = SystemStorageDefinition("s", False, system_storage_creation_fn=logs)
    storage = IntermediateStorageDefinition("i", False, intermediate_storage_creation_fn=logs)
    fast = make_executor()

    mode = ModeDefinition(
        "dev", {"db": DATABASE}, {"log": LOGGER}, [fast], [system], [storage], "Described."
    )

    assert (mode.name, mode.description) == ("dev", "Described.")
    assert (mode.resource_defs, mode.loggers) == ({"db": DATABASE}, {"log": LOGGER})
    assert mode.system_storage_defs == (system,)
    assert mode.executor_defs == (fast,)
    assert mode.intermediate_storage_defs == (storage,)


def test_resources_and_loggers_have_second_names():
    mode = ModeDefinition(name="prod", resources={"db": DATABASE}, loggers={"log": LOGGER})

    assert (mode.resource_defs, mode.loggers) == ({"db": DATABASE}, {"log": LOGGER})
    assert mode.resource_key_set == {"db"}
    with pytest.raises(DagsterInvalidDefinitionError, match="'resource_defs' and 'resources' are"):
        ModeDefinition(resource_defs={}, resources={})
    with pytest.raises(DagsterInvalidDefinitionError, match="'logger_defs' and 'loggers' are"):
        ModeDefinition(logger_defs={}, loggers={})


def test_a_mode_can_be_made_from_the_values_of_its_resources():
    mode = ModeDefinition.from_resources({"db": "value"}, name="test")

    assert mode.name == "test"
    assert mode.resource_defs["db"].create(None) == "value"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("name", 5),
        ("name", ""),
        ("resource_defs", [DATABASE]),
        ("resource_defs", {"db": "database"}),
        ("resource_defs", {1: DATABASE}),
        ("logger_defs", {"log": "console"}),
        ("executor_defs", make_executor()),
        ("executor_defs", ["fast"]),
        ("system_storage_defs", ["in_memory"]),
        ("intermediate_storage_defs", [make_executor()]),
    ],
)
def test_an_argument_of_the_wrong_type_is_refused_by_name(argument, value):
    with pytest.raises(ParameterCheckError, match=f"mode.*'{argument}"):
        ModeDefinition(**{argument: value})


@pytest.mark.parametrize("name", ["local-dev", "prod.eu", "mode", "type"])
def test_any_text_names_a_mode_and_any_identifier_a_resource(name):
    assert ModeDefinition(name).name == name
    assert "config" in ModeDefinition(resource_defs={"config": DATABASE}).resource_defs
    with pytest.raises(DagsterInvalidDefinitionError, match="'my-db' must be a Python identifier"):
        ModeDefinition(resource_defs={"my-db": DATABASE})


def test_the_same_definition_counts_once_and_two_of_one_name_are_refused():
    fast = make_executor()

    assert ModeDefinition(executor_defs=[fast, fast]).executor_defs == (fast,)
    assert ModeDefinition(executor_defs=[fast]).get_executor_def("fast") is fast
    assert ModeDefinition(executor_defs=[fast]).get_executor_def("slow") is None
    with pytest.raises(DagsterInvalidDefinitionError, match=r"executor_defs holds two .*'fast'"):
        ModeDefinition(executor_defs=[fast, make_executor()])


def test_resources_are_made_after_those_that_they_need():
    mode = ModeDefinition(
        resource_defs={"c": needing("b"), "b": needing("a"), "a": needing(), "d": needing("a")}
    )

    assert mode.needed_resources(mode.resource_defs) == ["a", "b", "c", "d"]
    assert mode.needed_resources(["c"]) == ["a", "b", "c"]
    assert mode.needed_resources({"d"}) == ["a", "d"]
    assert mode.needed_resources([]) == []


def test_resources_that_need_each_other_in_a_circle_are_refused():
    with pytest.raises(DagsterInvalidDefinitionError, match="circle: a → b → a"):
        ModeDefinition(resource_defs={"a": needing("b"), "b": needing("a")})


def test_a_resource_that_needs_one_that_is_not_there_is_refused():
    with pytest.raises(
        DagsterInvalidDefinitionError, match=r"'a' requires resource 'bb'.*Did you mean 'bbb'"
    ):
        ModeDefinition("dev", resource_defs={"a": needing("bb"), "bbb": needing()})
