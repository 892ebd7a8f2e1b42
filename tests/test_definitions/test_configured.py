"""Definitions that are given config ahead of any run."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import cloudpickle
import pytest

from dagsterlite import (
    CheckError,
    CompositeSolidDefinition,
    ConfigMapping,
    DagsterConfigMappingFunctionError,
    DagsterInvalidConfigDefinitionError,
    DagsterInvalidConfigError,
    DagsterInvalidDefinitionError,
    Field,
    IntermediateStorageDefinition,
    ModeDefinition,
    OutputDefinition,
    ParameterCheckError,
    StringSource,
    SystemStorageDefinition,
    colored_console_logger,
    composite_solid,
    configured,
    execute_pipeline,
    executor,
    in_process_executor,
    intermediate_storage,
    logger,
    mem_intermediate_storage,
    pipeline,
    resource,
    solid,
    system_storage,
)
from dagsterlite.definitions.configured import ConfigurableDefinition
from dagsterlite.run_config.resolved import EnvironmentConfig


@solid(config_schema={"path": StringSource, "rows": Field(int, default_value=3)}, tags={"k": "v"})
def load(context):
    """Load rows."""
    return context.solid_config


@composite_solid(config_schema={"path": str}, config_fn=lambda config: {"load": {"config": config}})
def loading():
    """Load inside."""
    return load()


@resource(config_schema={"url": StringSource})
def database(init_context):
    """Connect."""
    return init_context.resource_config


@logger({"level": str, "name": Field(str, default_value="mine")})
def log_to(init_context):
    made = logging.Logger("configured")  # noqa: LOG001 - one of its own for the test
    made.addHandler(logging.NullHandler())
    SEEN.append(init_context.logger_config)
    return made


@executor(name="runs", config_schema={"workers": int, "kind": Field(str, default_value="a")})
def runs(init_context):
    SEEN.append(init_context.executor_config)
    retries: dict[str, Any] = {"retries": {"enabled": {}}}
    return in_process_executor.executor_creation_fn(replace(init_context, executor_config=retries))


@intermediate_storage(name="kept", config_schema={"base": StringSource})
def kept(init_context):
    SEEN.append(init_context.intermediate_storage_config)
    return mem_intermediate_storage.intermediate_storage_creation_fn(init_context)


@system_storage(name="kept", config_schema={"base": StringSource})
def kept_of_old(init_context):
    SEEN.append(init_context.intermediate_storage_config)
    return mem_intermediate_storage.intermediate_storage_creation_fn(init_context)


SEEN: list[Any] = []


def output_of(definition: Any, config: Any = None, **modes: Any) -> Any:
    @pipeline(mode_defs=[ModeDefinition(**modes)])
    def alone():
        definition.alias("it")()

    section = {} if config is None else {"solids": {"it": {"config": config}}}
    return execute_pipeline(alone, section).output_for_solid("it")


# --- solids --------------------------------------------------------------------------------------


def test_a_solid_given_all_its_config_needs_none_any_more():
    fast = load.configured({"path": "a"}, name="fast")

    assert output_of(fast) == {"path": "a", "rows": 3}
    assert (fast.name, fast.description, fast.tags) == ("fast", "Load rows.", {"k": "v"})
    with pytest.raises(DagsterInvalidConfigError, match=r'Undefined field "path" at path .*config'):
        output_of(fast, {"path": "b"})


def test_a_solid_given_config_by_a_function_takes_the_functions_config():
    by_year = load.configured(
        lambda config: {"path": f"flights-{config['year']}", "rows": config["rows"]},
        name="by_year",
        config_schema={"year": int, "rows": Field(int, default_value=9)},
        description="Load a year.",
    )

    assert output_of(by_year, {"year": 2013}) == {"path": "flights-2013", "rows": 9}
    assert by_year.description == "Load a year."
    with pytest.raises(DagsterInvalidConfigError, match='Missing required field "year"'):
        output_of(by_year, {})


def test_the_original_stays_as_it_was():
    load.configured({"path": "a"}, name="fast")

    assert load.name == "load"
    assert output_of(load, {"path": "b"}) == {"path": "b", "rows": 3}


def test_a_function_without_a_schema_takes_any_config_and_an_empty_dict_for_none():
    open_ = load.configured(lambda config: {"path": "a", "rows": len(config)}, name="open")

    assert output_of(open_)["rows"] == 0
    assert output_of(open_, [1, 2])["rows"] == 2


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (Field(int, default_value=5), 5),
        (Field(int, is_required=False), None),
        ({"n": Field(int, default_value=1)}, {"n": 1}),
        (Field({"n": Field(int, default_value=1)}, default_value={"n": 2}), {"n": 2}),
    ],
)
def test_a_function_is_called_also_where_nothing_is_given(schema, expected):
    seen = []

    def config_fn(config):
        seen.append(config)
        return {"path": "a"}

    assert output_of(load.configured(config_fn, "it", schema))["path"] == "a"
    assert seen == [expected]


def test_a_configured_solid_can_be_configured_again():
    by_year = load.configured(lambda y: {"path": f"flights-{y}"}, "by_year", int)
    of_2013 = by_year.configured(2013, "of_2013")
    by_text = by_year.configured(int, "by_text", str)

    assert output_of(of_2013)["path"] == "flights-2013"
    assert output_of(by_text, "12")["path"] == "flights-12"


def test_a_solid_needs_a_name_when_it_is_configured():
    with pytest.raises(DagsterInvalidDefinitionError, match=r"solid 'load'.*needs a name"):
        load.configured({"path": "a"})
    with pytest.raises(DagsterInvalidDefinitionError, match="'no name' is not a valid name"):
        load.configured({"path": "a"}, name="no name")
    with pytest.raises(DagsterInvalidDefinitionError, match="'<lambda>' is not a valid name"):
        configured(load)(lambda _: {"path": "a"})


def test_secrets_stay_references_until_they_are_used(monkeypatch):
    monkeypatch.delenv("WHERE", raising=False)
    secret = load.configured({"path": {"env": "WHERE"}}, name="secret")

    with pytest.raises(DagsterInvalidConfigError, match='variable "WHERE" is not set') as caught:
        output_of(secret)
    assert "solid 'secret', configured at path solids.it.config, hands to" in str(caught.value)

    monkeypatch.setenv("WHERE", "here-it-is")
    assert output_of(secret)["path"] == "here-it-is"
    assert b"here-it-is" not in cloudpickle.dumps(secret)


def test_what_a_configured_solid_reads_from_the_environment_is_secret():
    secret = load.configured({"path": {"env": "WHERE"}}, name="secret")

    @pipeline
    def alone():
        secret()

    config = EnvironmentConfig.build(alone, environ={"WHERE": "here-it-is"})
    assert config.secrets == {"here-it-is"}
    assert config.original_config == {}


def test_no_run_changes_the_config_of_the_next():
    @solid(config_schema={"rows": list})
    def grow(context):
        context.solid_config["rows"].append(1)
        return context.solid_config["rows"]

    given = {"rows": [0]}
    grown = grow.configured(given, name="grown")
    given["rows"].append(5)

    assert output_of(grown) == output_of(grown) == [0, 1]


def test_a_configured_solid_travels_by_value():
    there = cloudpickle.loads(cloudpickle.dumps(load.configured(lambda y: {"path": y}, "l", str)))

    assert output_of(there, "a") == {"path": "a", "rows": 3}


# --- the function and decorator ------------------------------------------------------------------


def test_the_decorator_takes_the_functions_name_for_solids():
    @configured(load, config_schema={"year": int})
    def flights(config):
        return {"path": f"flights-{config['year']}"}

    assert flights.name == "flights"
    assert output_of(flights, {"year": 1}) == {"path": "flights-1", "rows": 3}


def test_the_function_takes_config_too():
    fast = configured(load, name="fast", description="Fast.")({"path": "a"})

    assert (fast.name, fast.description) == ("fast", "Fast.")
    assert output_of(fast)["path"] == "a"
    assert configured(database)({"url": "u"}).default_config() == {"url": "u"}


@pytest.mark.parametrize("wrong", [5, None, "load", pipeline(name="p")(lambda: None)])
def test_only_definitions_that_take_config_can_be_configured(wrong):
    with pytest.raises(ParameterCheckError, match="'configurable' must be a solid"):
        configured(wrong)


@pytest.mark.parametrize("definition", [database, log_to])
def test_resources_and_loggers_have_no_name_to_give(definition):
    with pytest.raises(CheckError, match=r"'name' is 'x', but (resource|logger)"):
        configured(definition, name="x")


# --- the other definitions -----------------------------------------------------------------------


def test_a_composite_with_a_config_mapping_can_be_configured():
    @configured(loading, config_schema={"year": int})
    def flights(config):
        return {"path": f"flights-{config['year']}"}

    fixed = flights.configured({"year": 1}, name="fixed")

    @pipeline
    def both():
        flights()
        fixed()

    result = execute_pipeline(both, {"solids": {"flights": {"config": {"year": 2}}}})
    assert result.output_for_solid("flights")["path"] == "flights-2"
    assert result.output_for_solid("fixed")["path"] == "flights-1"


def test_a_composite_without_a_config_mapping_cannot():
    @composite_solid
    def plain():
        load()

    with pytest.raises(DagsterInvalidDefinitionError, match="'plain' takes no config of its own"):
        plain.configured({}, name="x")


def test_a_resource_can_be_configured(monkeypatch):
    monkeypatch.setenv("PLACE", "db.example")
    by_place = database.configured(lambda place: {"url": place}, StringSource, "Elsewhere.")
    fixed = database.configured({"url": {"env": "PLACE"}})

    @solid(required_resource_keys={"a", "b"})
    def use(context):
        return context.resources.a, context.resources.b

    @pipeline(mode_defs=[ModeDefinition(resource_defs={"a": by_place, "b": fixed})])
    def alone():
        use()

    for section in ("here", {"config": "here"}):
        result = execute_pipeline(alone, {"resources": {"a": section}})
        assert result.output_for_solid("use") == ({"url": "here"}, {"url": "db.example"})
    assert (by_place.description, fixed.description) == ("Elsewhere.", "Connect.")


def test_a_logger_can_be_configured():
    SEEN.clear()
    fixed = log_to.configured({"level": "INFO"})
    quiet = colored_console_logger.configured({"log_level": "CRITICAL"})

    @pipeline(mode_defs=[ModeDefinition(logger_defs={"mine": fixed, "quiet": quiet})])
    def alone():
        load()

    config = {"solids": {"load": {"config": {"path": "a"}}}, "loggers": {"mine": {}, "quiet": None}}
    assert execute_pipeline(alone, config).success
    assert SEEN == [{"level": "INFO", "name": "mine"}]
    assert quiet.default_config() == {"log_level": "CRITICAL", "name": "dagsterlite"}


def test_an_executor_can_be_configured_and_is_the_modes_default_then():
    SEEN.clear()
    few = runs.configured({"workers": 2})
    many = runs.configured(lambda n: {"workers": n}, name="many", config_schema=int)

    assert (few.name, many.name) == ("runs", "many")
    modes = {"executor_defs": [few, many]}
    assert output_of(load.configured({"path": "a"}, "l"), **modes)["path"] == "a"
    assert SEEN == [{"workers": 2, "kind": "a"}]

    @pipeline(mode_defs=[ModeDefinition(executor_defs=[few, many])])
    def alone():
        load.configured({"path": "a"}, "l")()

    assert execute_pipeline(alone, {"execution": {"many": {"config": 7}}}).success
    assert execute_pipeline(alone, {"execution": {"many": 8}}).success
    assert [seen["workers"] for seen in SEEN] == [2, 7, 8]


@pytest.mark.parametrize(
    ("definition", "cls", "argument"),
    [
        (kept, IntermediateStorageDefinition, "intermediate_storage_defs"),
        (kept_of_old, SystemStorageDefinition, "system_storage_defs"),
    ],
)
def test_a_storage_can_be_configured(definition, cls, argument):
    SEEN.clear()
    fixed = definition.configured({"base": "/a"}, name="fixed", description="Here.")

    modes: dict[str, Any] = {argument: [fixed]}

    @pipeline(mode_defs=[ModeDefinition(**modes)])
    def alone():
        load.configured({"path": "a"}, "l")()

    assert isinstance(fixed, cls)
    assert (fixed.name, fixed.description, fixed.is_persistent) == ("fixed", "Here.", True)
    assert execute_pipeline(alone, {definition.kind: {"fixed": {}}}).success
    assert SEEN == [{"base": "/a"}]


def test_a_storage_that_is_the_modes_default_has_its_config(monkeypatch):
    SEEN.clear()
    monkeypatch.setenv("BASE", "/from-env")
    fixed = kept.configured({"base": {"env": "BASE"}})

    @pipeline(mode_defs=[ModeDefinition(intermediate_storage_defs=[fixed])])
    def alone():
        load.configured({"path": "a"}, "l")()

    assert execute_pipeline(alone).success
    assert SEEN == [{"base": "/from-env"}]
    assert EnvironmentConfig.build(alone).secrets == {"/from-env"}


def test_a_default_that_cannot_be_made_is_told_where_it_is_used(monkeypatch):
    monkeypatch.delenv("BASE", raising=False)
    fixed = kept.configured({"base": {"env": "BASE"}})
    broken = kept.configured(lambda _config: 1 / 0, "broken")

    with pytest.raises(DagsterInvalidConfigError, match="config of intermediate_storage 'kept'"):
        fixed.default_config()

    @pipeline(
        mode_defs=[
            ModeDefinition(intermediate_storage_defs=[mem_intermediate_storage, fixed, broken])
        ]
    )
    def alone():
        load.configured({"path": "a"}, "l")()

    assert execute_pipeline(alone).success
    with pytest.raises(DagsterConfigMappingFunctionError, match="intermediate_storage 'broken'"):
        execute_pipeline(alone, {"intermediate_storage": {"broken": {}}})


# --- what is wrong -------------------------------------------------------------------------------

CONFIGURABLE: list[Any] = [load, loading, database, log_to, runs, kept, kept_of_old]


def named(definition: ConfigurableDefinition) -> dict[str, str]:
    return {} if definition in (database, log_to) else {"name": "new"}


@pytest.mark.parametrize("definition", CONFIGURABLE, ids=lambda d: d.label)
def test_config_that_does_not_fit_is_refused_when_it_is_given(definition):
    with pytest.raises(DagsterInvalidConfigError) as caught:
        definition.configured({"no such": 1}, **named(definition))

    assert f"hands to {definition.label}" in str(caught.value)
    assert [error.path for error in caught.value.errors] == [(), ()]


@pytest.mark.parametrize("definition", CONFIGURABLE, ids=lambda d: d.label)
def test_wrong_arguments_are_refused_by_name(definition):
    name = named(definition)
    with pytest.raises(CheckError, match="'config_schema' says what a config_fn takes"):
        definition.configured({"a": 1}, config_schema={"a": int}, **name)
    with pytest.raises(DagsterInvalidDefinitionError, match="'config_or_config_fn' must take 1"):
        definition.configured(lambda: {"a": 1}, **name)
    with pytest.raises(DagsterInvalidConfigDefinitionError, match="argument 'config_schema'"):
        definition.configured(lambda _config: {}, config_schema=object(), **name)


def test_what_has_no_schema_is_configured_with_any_config():
    @solid(required_resource_keys={"place"})
    def bare(context):
        return context.solid_config, context.resources.place

    @resource
    def place(init_context):
        return init_context.resource_config

    @configured(bare)
    def by_year(config):
        return {"path": f"flights-{config['year']}"}

    here = ModeDefinition(resource_defs={"place": place.configured({"url": "here"})})

    @pipeline(mode_defs=[here])
    def alone():
        by_year()
        bare.configured([1, 2], name="fixed")()

    result = execute_pipeline(alone, {"solids": {"by_year": {"config": {"year": 2}}}})
    assert result.output_for_solid("by_year") == ({"path": "flights-2"}, {"url": "here"})
    assert result.output_for_solid("fixed") == ([1, 2], {"url": "here"})


def test_a_logger_without_a_schema_takes_any_config():
    configs = []

    @logger
    def kept(init_context):
        configs.append(init_context.logger_config)
        return logging.getLogger(__name__)

    mode = ModeDefinition(logger_defs={"as_given": kept, "ahead": kept.configured({"level": 1})})

    @pipeline(mode_defs=[mode])
    def alone():
        load.configured({"path": "x"}, name="it")()

    execute_pipeline(alone, {"loggers": {"as_given": {"config": "any"}, "ahead": {}}})
    assert configs == ["any", {"level": 1}]


def test_a_config_mapping_without_a_schema_takes_any_config():
    plain = CompositeSolidDefinition(
        "plain",
        [load],
        config_mapping=ConfigMapping(lambda path: {"load": {"config": {"path": path}}}),
        output_mappings=[OutputDefinition().mapping_from("load")],
    )

    @pipeline
    def both():
        plain()
        plain.configured("y", name="fixed")()

    result = execute_pipeline(both, {"solids": {"plain": {"config": "x"}}})
    assert result.output_for_solid("plain")["path"] == "x"
    assert result.output_for_solid("fixed")["path"] == "y"


def test_what_a_function_returns_is_told_with_both_definitions_and_places():
    wrong = load.configured(lambda _config: {"pth": 1}, name="wrong")

    with pytest.raises(DagsterInvalidConfigError) as caught:
        output_of(wrong)

    assert len(caught.value.errors) == 2
    for error in caught.value.errors:
        assert error.path == ("solids", "it", "config")
        assert "solid 'wrong', configured at path solids.it.config, hands to solid 'load'" in (
            error.message
        )


def test_a_function_that_raises_is_told_before_the_run_starts():
    wrong = load.configured(lambda config: {"path": config["a"]}, "wrong", dict)

    with pytest.raises(DagsterConfigMappingFunctionError, match="config_fn of solid 'wrong'") as e:
        output_of(wrong, {"b": 1})
    assert isinstance(e.value.user_exception, KeyError)
