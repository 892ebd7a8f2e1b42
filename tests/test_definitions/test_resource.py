from __future__ import annotations

import functools

import pytest

from dagsterlite.config import StringSource
from dagsterlite.definitions.resource import InitResourceContext, ResourceDefinition, resource
from dagsterlite.errors import (
    DagsterInvalidConfigDefinitionError,
    DagsterInvalidDefinitionError,
    ParameterCheckError,
)


def context(config=None):
    return InitResourceContext(
        resource_config=config,
        resource_def=ResourceDefinition.none_resource(),
        run_id="r",
        pipeline_run=None,
        log_manager="log",
        resources=None,
        open_instance=lambda: "instance",
    )


def test_a_bare_decorator_makes_a_resource_of_the_function():
    @resource
    def database(init_context):
        """Keeps rows."""
        return init_context.run_id

    assert isinstance(database, ResourceDefinition)
    assert database.description == "Keeps rows."
    assert database.config_schema is None
    assert database.create(context()) == "r"


def test_arguments_stand_in_the_documented_order():
    @resource({"url": StringSource}, "Described.", {"log"}, "v1")
    def database(init_context):
        return init_context.resource_config["url"]

    assert (database.description, database.version) == ("Described.", "v1")
    assert database.required_resource_keys == {"log"}
    assert database.config_schema is not None
    assert database.create(context({"url": "a"})) == "a"


@pytest.mark.parametrize("schema", [str, dict, {"a": int}, StringSource])
def test_a_schema_is_told_from_a_function(schema):
    made = resource(schema)(lambda _: 1)

    assert made.config_schema is not None


def test_any_callable_makes_a_resource():
    partial = functools.partial(lambda prefix, init_context: prefix + init_context.run_id, "run ")

    assert resource(partial).create(context()) == "run r"
    assert resource(lambda: 5).create(context()) == 5


def test_a_generator_is_handed_on_for_whoever_cleans_up():
    @resource
    def database(_):
        yield 1

    assert list(database.create(context())) == [1]


def test_the_function_takes_a_context_and_nothing_else():
    with pytest.raises(DagsterInvalidDefinitionError, match=r"resource 'two'.*\(context, url\)"):

        @resource
        def two(context, url):
            return url

    with pytest.raises(ParameterCheckError, match="'resource_fn' must be a function, not 5"):
        ResourceDefinition(5)  # type: ignore[arg-type]


def test_wrong_arguments_are_refused_by_name():
    with pytest.raises(ParameterCheckError, match="required_resource_keys"):
        resource(required_resource_keys="log")(lambda _: 1)
    with pytest.raises(DagsterInvalidConfigDefinitionError, match="argument 'config_schema'"):
        resource({"a": object()})(lambda _: 1)


def test_resources_for_tests_need_no_function():
    assert ResourceDefinition.none_resource("d").create(context()) is None
    assert ResourceDefinition.none_resource("d").description == "d"
    assert ResourceDefinition.hardcoded_resource([1]).create(context()) == [1]
    assert ResourceDefinition.string_resource().create(context("text")) == "text"
    mock = ResourceDefinition.mock_resource().create(context())
    assert mock.query("a").rows is not None
    mock.query.assert_called_once_with("a")


def test_the_instance_is_opened_when_it_is_asked_for():
    assert context().instance == "instance"


def test_the_log_of_a_context_has_two_names():
    assert context().log == context().log_manager == "log"


def test_a_definition_bears_the_name_of_what_it_decorates():
    @resource
    def database(_context):
        raise NotImplementedError

    assert database.__name__ == "database"
    assert ResourceDefinition(functools.partial(print)).__name__ == "resource"
