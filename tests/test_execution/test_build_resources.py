from __future__ import annotations

import pytest

from dagsterlite import (
    CheckError,
    DagsterInstance,
    DagsterInvalidConfigError,
    DagsterInvalidDefinitionError,
    DagsterResourceFunctionError,
    DagsterRun,
    DagsterUnknownResourceError,
    StringSource,
    build_resources,
    resource,
)

told: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_told():
    told.clear()


@resource(config_schema={"url": StringSource})
def database(init_context):
    told.append("opened")
    yield f"database at {init_context.resource_config['url']}"
    told.append("closed")


@resource(required_resource_keys={"database"})
def table(init_context):
    told.append("table")
    return f"table in {init_context.resources.database}"


def test_values_and_definitions_become_resources_until_the_block_ends() -> None:
    config = {"database": {"config": {"url": "x"}}}
    with build_resources({"database": database, "n": 3}, resource_config=config) as made:
        assert made.database == "database at x"
        assert made.n == 3
        assert told == ["opened"]
    assert told == ["opened", "closed"]


def test_the_config_level_may_be_left_out() -> None:
    with build_resources({"database": database}, None, {"database": {"url": "x"}}) as made:
        assert made.database == "database at x"


def test_one_may_require_another() -> None:
    given = {"table": table, "database": database}
    with build_resources(given, resource_config={"database": {"url": "x"}}) as made:
        assert made.table == "table in database at x"
    assert told == ["opened", "table", "closed"]


def test_what_the_block_raises_is_raised_after_all_cleaned_up() -> None:
    config = {"database": {"url": "x"}}
    with pytest.raises(KeyError), build_resources({"database": database}, None, config):
        raise KeyError
    assert told == ["opened", "closed"]


def test_what_was_made_before_one_that_fails_is_torn_down() -> None:
    @resource(required_resource_keys={"database"})
    def broken(_context):
        raise ValueError

    given = {"database": database, "broken": broken}
    with (
        pytest.raises(DagsterResourceFunctionError, match="broken"),
        build_resources(given, resource_config={"database": {"url": "x"}}),
    ):
        raise NotImplementedError
    assert told == ["opened", "closed"]


def test_the_run_and_the_instance_are_what_was_given() -> None:
    @resource
    def asks(init_context):
        return init_context.run_id, init_context.pipeline_run, init_context.instance

    run, instance = DagsterRun(pipeline_name="p", run_id="r1"), DagsterInstance.ephemeral()
    with build_resources({"asks": asks}, instance, pipeline_run=run) as made:
        assert made.asks == ("r1", run, instance)


def test_an_unknown_resource_is_told_with_those_that_are_there() -> None:
    with (
        build_resources({"database": 1}) as made,
        pytest.raises(DagsterUnknownResourceError, match="databse"),
    ):
        _ = made.databse


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"resources": 3}, CheckError),
        ({"resources": {}, "resource_config": 3}, CheckError),
        ({"resources": {}, "instance": 3}, CheckError),
        ({"resources": {}, "pipeline_run": "r1"}, CheckError),
        ({"resources": {}, "log_manager": print}, CheckError),
        ({"resources": {"table": table}}, DagsterInvalidDefinitionError),
        ({"resources": {"database": database}}, DagsterInvalidConfigError),
        ({"resources": {}, "resource_config": {"x": {}}}, DagsterInvalidConfigError),
    ],
)
def test_wrong_arguments_are_refused(arguments, error) -> None:
    with pytest.raises(error), build_resources(**arguments):
        raise NotImplementedError


def test_they_are_read_by_place_as_those_of_a_tuple_are() -> None:
    with build_resources({"database": database}, None, {"database": {"url": "x"}}) as made:
        assert made[0] == made.database
        (only,) = made
        assert only == made[-1]
        with pytest.raises(IndexError):
            made[1]
