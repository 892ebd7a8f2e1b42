from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dagsterlite import (
    BoolSource,
    DagsterConfigMappingFunctionError,
    DagsterInvalidConfigError,
    DagsterInvariantViolationError,
    Field,
    InputDefinition,
    Int,
    IntSource,
    Map,
    ModeDefinition,
    OutputDefinition,
    Permissive,
    PipelineDefinition,
    ResourceDefinition,
    StringSource,
    composite_solid,
    default_intermediate_storage_defs,
    executor,
    intermediate_storage,
    lambda_solid,
    logger,
    pipeline,
    resource,
    solid,
)
from dagsterlite.definitions.subset import subset_pipeline
from dagsterlite.handles import SolidHandle
from dagsterlite.run_config.resolved import EnvironmentConfig, Selected
from dagsterlite.run_config.solid_configs import SolidConfig


@solid(config_schema={"path": StringSource, "n": Field(int, default_value=3)})
def read(_context) -> int:
    raise NotImplementedError


@solid(config_schema=Field(int, is_required=False))
def optional(_context) -> int:
    raise NotImplementedError


@lambda_solid(input_defs=[InputDefinition("x", Int)], output_def=OutputDefinition(Int))
def add(x):
    raise NotImplementedError


@resource(config_schema={"url": StringSource, "port": Field(IntSource, default_value=80)})
def database(_context):
    raise NotImplementedError


@resource
def plain(_context):
    raise NotImplementedError


@logger({"level": str})
def own_logger(_context):
    raise NotImplementedError


@executor(name="own", config_schema={"workers": Field(int, default_value=2)})
def own_executor(_context):
    raise NotImplementedError


@executor(name="bare")
def bare_executor(_context):
    raise NotImplementedError


@executor(name="strict", config_schema={"workers": int})
def strict_executor(_context):
    raise NotImplementedError


MODE = ModeDefinition(
    resource_defs={"db": database, "plain": plain},
    logger_defs={"mine": own_logger},
    executor_defs=[own_executor, bare_executor, strict_executor],
)


@pipeline(mode_defs=[MODE])
def graph():
    add(read())
    optional()


READ = {"read": {"config": {"path": "p"}}}
BASE: dict[str, Any] = {"solids": READ, "resources": {"db": {"config": {"url": "u"}}}}


def build(
    changes: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
) -> EnvironmentConfig:
    return EnvironmentConfig.build(graph, {**BASE, **(changes or {})}, environ=environ or {})


def test_each_part_of_a_run_finds_its_config() -> None:
    config = build()
    assert config.mode == "default"
    assert config.solid(SolidHandle("read")) == SolidConfig({"path": "p", "n": 3})
    assert config.solid(SolidHandle("add")) == SolidConfig()
    assert config.solid(SolidHandle("optional")).config is None
    assert config.resources == {"db": {"url": "u", "port": 80}, "plain": None}
    assert config.loggers == {}
    assert config.execution is None
    assert config.intermediate_storage is None
    assert config.original_config == BASE


@pytest.mark.parametrize(
    "section", [{"db": {"config": {"url": "u"}}}, {"db": {"url": "u"}, "plain": None}]
)
def test_resources_take_their_config_with_and_without_its_level(section: dict[str, Any]) -> None:
    config = build({"resources": section})
    assert config.resources == {"db": {"url": "u", "port": 80}, "plain": None}


@pytest.mark.parametrize(
    "schema", [Field(str, default_value="x"), Field([str], default_value=["x"])]
)
@pytest.mark.parametrize("section", [None, {}, {"it": None}, {"it": {}}])
def test_a_section_left_empty_has_the_default_of_any_type(schema: Field, section: Any) -> None:
    @resource(config_schema=schema)
    def defaulted(_context):
        raise NotImplementedError

    @pipeline(mode_defs=[ModeDefinition(resource_defs={"it": defaulted})])
    def one():
        optional()

    config = EnvironmentConfig.build(one, {"resources": section})
    assert config.resources == {"it": schema.default_value}


def test_a_section_left_empty_is_the_empty_value_where_config_is_required() -> None:
    @resource(config_schema=Map(str, int))
    def counts(_context):
        raise NotImplementedError

    @pipeline(mode_defs=[ModeDefinition(resource_defs={"it": counts})])
    def one():
        optional()

    assert EnvironmentConfig.build(one, {"resources": {"it": {}}}).resources == {"it": {}}
    with pytest.raises(DagsterInvalidConfigError):
        EnvironmentConfig.build(one)


@pytest.mark.parametrize(
    "section", [{"mine": {"config": {"level": "INFO"}}}, {"mine": {"level": "INFO"}}]
)
def test_loggers_take_their_config_with_and_without_its_level(section: dict[str, Any]) -> None:
    assert build({"loggers": section}).loggers == {"mine": {"level": "INFO"}}


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({"own": {"config": {"workers": 4}}}, Selected("own", {"workers": 4})),
        ({"own": {"workers": 4}}, Selected("own", {"workers": 4})),
        ({"own": {}}, Selected("own", {"workers": 2})),
        ({"own": None}, Selected("own", {"workers": 2})),
        ({"own": {"config": {}}}, Selected("own", {"workers": 2})),
        ({"bare": {}}, Selected("bare")),
        ({"bare": None}, Selected("bare")),
        ({"strict": {"workers": 1}}, Selected("strict", {"workers": 1})),
    ],
)
def test_an_executor_is_selected_with_its_config_in_either_form(
    section: dict[str, Any], expected: Selected
) -> None:
    assert build({"execution": section}).execution == expected


@pytest.mark.parametrize("key", ["storage", "intermediate_storage"])
@pytest.mark.parametrize(
    "section",
    [
        {"filesystem": {"config": {"base_dir": "/d"}}},
        {"filesystem": {"base_dir": "/d"}},
    ],
)
def test_either_section_selects_the_storage_in_either_form(
    key: str, section: dict[str, Any]
) -> None:
    config = build({key: section})
    assert config.intermediate_storage is not None
    assert config.intermediate_storage.name == "filesystem"
    assert config.intermediate_storage.config["base_dir"] == "/d"
    assert config.uses_system_storage is (key == "storage")


@pytest.mark.parametrize("key", ["storage", "intermediate_storage"])
@pytest.mark.parametrize("name", ["filesystem", "in_memory"])
@pytest.mark.parametrize("empty", [None, {}])
def test_a_storage_may_be_named_alone(key: str, name: str, empty: object) -> None:
    found = build({key: {name: empty}}).intermediate_storage
    assert found is not None
    assert found.name == name


def test_two_sections_that_select_the_storage_are_refused() -> None:
    both = {"storage": {"filesystem": None}, "intermediate_storage": {"filesystem": None}}
    with pytest.raises(DagsterInvalidConfigError, match="both select where intermediates are kept"):
        build(both)


@pytest.mark.parametrize("section", [None, {}])
@pytest.mark.parametrize("key", ["execution", "storage", "intermediate_storage", "loggers"])
def test_an_empty_section_selects_nothing(key: str, section: object) -> None:
    config = build({key: section})
    assert (config.execution, config.intermediate_storage) == (None, None)


def test_ops_is_another_name_of_solids_also_in_composites() -> None:
    config = EnvironmentConfig.build(
        nested, {"ops": {"outer": {"ops": {"inner": {"solids": {"read": READ["read"]}}}}}}
    )
    assert config.solids["outer.inner.read"] == SolidConfig({"path": "p", "n": 3})


def test_ops_beside_solids_is_refused() -> None:
    with pytest.raises(DagsterInvalidConfigError, match="ops"):
        build({"ops": READ})


# --- inputs and outputs ---


@pytest.mark.parametrize(
    "given",
    [
        {"result": {"json": {"path": "a"}}},
        [{"result": {"json": {"path": "a"}}}],
    ],
)
def test_outputs_are_a_mapping_or_a_list_of_one_key_mappings(given: object) -> None:
    config = build({"solids": {**READ, "add": {"outputs": given}}})
    outputs = config.solid(SolidHandle("add")).outputs
    assert outputs == (("result", {"json": {"path": "a"}}),)


def test_one_output_may_be_written_several_times_in_the_order_given() -> None:
    forms = [{"result": {"json": {"path": "a"}}}, {"result": {"pickle": {"path": "b"}}}]
    outputs = (
        build({"solids": {**READ, "add": {"outputs": forms}}}).solid(SolidHandle("add")).outputs
    )
    assert [next(iter(form)) for _, form in outputs] == ["json", "pickle"]


def test_an_input_that_is_not_connected_is_required_and_loaded_in_each_form() -> None:
    @pipeline
    def alone():
        add()

    with pytest.raises(DagsterInvalidConfigError, match='required field "solids"'):
        EnvironmentConfig.build(alone)
    for value in (3, {"value": 3}):
        config = EnvironmentConfig.build(alone, {"solids": {"add": {"inputs": {"x": value}}}})
        assert config.solid(SolidHandle("add")).inputs == {"x": value}


def test_an_input_that_is_connected_takes_no_config() -> None:
    with pytest.raises(DagsterInvalidConfigError, match='"inputs"'):
        build({"solids": {**READ, "add": {"inputs": {"x": 1}}}})


# --- composites ---


@composite_solid
def inner():
    read()


@composite_solid
def outer():
    inner()


@pipeline
def nested():
    outer()


def test_solids_inside_composites_are_configured_below_solids() -> None:
    run_config = {"solids": {"outer": {"solids": {"inner": {"solids": READ}}}}}
    config = EnvironmentConfig.build(nested, run_config)
    assert list(config.solids) == ["outer.inner.read"]


def test_a_config_mapping_configures_the_solids_inside() -> None:
    @composite_solid(
        config_schema={"where": StringSource},
        config_fn=lambda config: {"read": {"config": {"path": config["where"], "n": 9}}},
    )
    def mapped():
        read()

    @pipeline
    def graph_of_one():
        mapped()

    config = EnvironmentConfig.build(
        graph_of_one, {"solids": {"mapped": {"config": {"where": "w"}}}}
    )
    assert config.solids["mapped.read"] == SolidConfig({"path": "w", "n": 9})
    assert config.solids["mapped"].config == {"where": "w"}
    with pytest.raises(DagsterInvalidConfigError, match='"solids"'):
        EnvironmentConfig.build(graph_of_one, {"solids": {"mapped": {"solids": READ}}})


def mapping_to(answer: Any) -> PipelineDefinition:
    def config_fn(_config: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    @composite_solid(config_schema={}, config_fn=config_fn)
    def mapped():
        read()

    @pipeline
    def graph_of_one():
        mapped()

    return graph_of_one


def test_what_a_config_mapping_returns_is_checked_too() -> None:
    wrong = mapping_to({"read": {"config": {"pth": "w"}}})
    with pytest.raises(
        DagsterInvalidConfigError, match="config_fn of composite solid 'mapped'"
    ) as e:
        EnvironmentConfig.build(wrong)
    assert len(e.value.errors) == 2


def test_a_config_mapping_that_raises_is_told_with_its_composite() -> None:
    with pytest.raises(DagsterConfigMappingFunctionError, match="'mapped' raised") as caught:
        EnvironmentConfig.build(mapping_to(ZeroDivisionError("no")))
    assert isinstance(caught.value.user_exception, ZeroDivisionError)


def test_what_is_wrong_behind_config_mappings_is_told_with_each_place() -> None:
    @composite_solid(config_schema={"b": int}, config_fn=lambda _: {"read": {"config": {"n": "x"}}})
    def innermost():
        read()

    @composite_solid(
        config_schema={"a": int}, config_fn=lambda c: {"innermost": {"config": {"b": c["a"]}}}
    )
    def within():
        innermost()

    @composite_solid
    def around():
        within()

    @pipeline
    def graph_of_one():
        around()

    run_config = {"solids": {"around": {"solids": {"within": {"config": {"a": 1}}}}}}
    with pytest.raises(DagsterInvalidConfigError) as caught:
        EnvironmentConfig.build(graph_of_one, run_config)
    assert str(caught.value).splitlines()[0] == (
        "Error in the config that the config_fn of composite solid 'around.within.innermost' "
        "returned for the config at path innermost.config of what the config_fn of composite solid "
        "'around.within' returned"
    )
    assert {error.path for error in caught.value.errors} == {
        ("read", "config"),
        ("read", "config", "n"),
    }
    run_config["solids"]["around"]["solids"]["within"]["config"] = {"a": "x"}  # type: ignore[dict-item]
    with pytest.raises(
        DagsterInvalidConfigError, match=r"at path solids\.around\.solids\.within\."
    ):
        EnvironmentConfig.build(graph_of_one, run_config)


def test_a_config_mapping_may_say_ops_inside_composites() -> None:
    @composite_solid(
        config_schema={}, config_fn=lambda _: {"inner": {"ops": {"read": READ["read"]}}}
    )
    def mapped():
        inner()

    @pipeline
    def graph_of_one():
        mapped()

    config = EnvironmentConfig.build(graph_of_one)
    assert config.solids["mapped.inner.read"] == SolidConfig({"path": "p", "n": 3})


def test_misfits_behind_a_config_mapping_never_show_secrets() -> None:
    @composite_solid(
        config_schema={"token": StringSource},
        config_fn=lambda config: {"read": {"config": {"path": "p", "n": config["token"]}}},
    )
    def mapped():
        read()

    @pipeline
    def graph_of_one():
        mapped()

    run_config = {"solids": {"mapped": {"config": {"token": {"env": "TOKEN"}}}}}
    with pytest.raises(DagsterInvalidConfigError) as caught:
        EnvironmentConfig.build(graph_of_one, run_config, environ={"TOKEN": "hush-hush"})
    assert "hush" not in str(caught.value)
    assert "at path read.config.n" in str(caught.value)


def test_what_a_config_mapping_reads_from_the_environment_is_secret_too() -> None:
    config = EnvironmentConfig.build(
        mapping_to({"read": {"config": {"path": {"env": "TOKEN"}}}}), environ={"TOKEN": "hush-hush"}
    )
    assert config.solids["mapped.read"].config["path"] == "hush-hush"
    assert config.secrets == {"hush-hush"}


# --- selections ---


def test_config_of_solids_that_are_not_selected_is_not_looked_at() -> None:
    part = subset_pipeline(graph, ["optional"])
    junk = {"read": {"config": {"no": "sense"}}, "add": 3, "optional": {"config": 5}}
    run_config = {**BASE, "solids": junk}
    config = EnvironmentConfig.build(part, run_config, ignored_solids=["read", "add"])
    assert config.solids == {"optional": SolidConfig(5)}
    with pytest.raises(DagsterInvalidConfigError):
        EnvironmentConfig.build(part, run_config)


# --- misfits ---


def test_all_misfits_are_told_at_once_with_their_paths() -> None:
    wrong = {
        "solids": {"read": {"config": {"path": 3, "m": 1}}, "ad": {}},
        "resources": {"db": {"config": {"port": "x"}}, "cache": {}},
        "execution": {"dusk": {}},
        "lgers": {},
    }
    with pytest.raises(DagsterInvalidConfigError) as caught:
        EnvironmentConfig.build(graph, wrong)
    paths = {error.path for error in caught.value.errors}
    assert {
        (),
        ("solids",),
        ("solids", "read", "config"),
        ("solids", "read", "config", "path"),
        ("resources",),
        ("resources", "db", "config"),
        ("resources", "db", "config", "port"),
        ("execution",),
    } <= paths
    text = str(caught.value)
    assert text.startswith("Error in config for pipeline graph")
    assert "lgers" in text
    assert 'Did you mean "loggers"?' in text or "Did you mean 'loggers'?" in text


@pytest.mark.parametrize("given", [[], "text", 3, {"solids": []}, {"solids": {"read": []}}])
def test_a_config_of_another_form_is_a_misfit(given: Any) -> None:
    with pytest.raises(DagsterInvalidConfigError):
        EnvironmentConfig.build(graph, given)


def test_what_one_executor_requires_is_asked_for_only_where_it_is_selected() -> None:
    build()
    with pytest.raises(DagsterInvalidConfigError, match="workers"):
        build({"execution": {"strict": {}}})
    with pytest.raises(DagsterInvalidConfigError):
        build({"execution": {"own": {}, "bare": {}}})


@intermediate_storage(name="strict_storage", config_schema={"root": str})
def strict_storage(_context):
    raise AssertionError("nothing is stored here")


def only(**given: Any) -> PipelineDefinition:
    @pipeline(mode_defs=[ModeDefinition(**given)])
    def small():
        optional()

    return small


@pytest.mark.parametrize("section", [{}, {"execution": None}, {"execution": {}}])
def test_execution_is_required_where_the_first_executor_requires_config(section: Any) -> None:
    strict_first = only(executor_defs=[strict_executor, own_executor])

    with pytest.raises(DagsterInvalidConfigError) as caught:
        EnvironmentConfig.build(strict_first, section)

    (error,) = caught.value.errors
    assert error.path == ()
    assert 'Missing required field "execution"' in error.message
    assert "strict?: {config: {workers: Int}}" in error.message


@pytest.mark.parametrize("empty", [None, {}, {"config": {}}])
def test_what_a_required_executor_lacks_is_told_with_its_path(empty: Any) -> None:
    with pytest.raises(
        DagsterInvalidConfigError, match=r'"(config|workers)" at path execution\.str'
    ):
        EnvironmentConfig.build(
            only(executor_defs=[strict_executor]), {"execution": {"strict": empty}}
        )


def test_a_required_execution_is_met_by_any_executor() -> None:
    strict_first = only(executor_defs=[strict_executor, own_executor])

    config = EnvironmentConfig.build(strict_first, {"execution": {"own": {}}})

    assert config.execution == Selected("own", {"workers": 2})


def test_the_storage_is_required_where_each_that_may_be_taken_requires_config() -> None:
    strict = only(intermediate_storage_defs=[strict_storage])

    with pytest.raises(DagsterInvalidConfigError, match='Missing required field "intermediate_st'):
        EnvironmentConfig.build(strict, {})

    for section in (
        {"intermediate_storage": {"strict_storage": {"root": "r"}}},
        {"storage": {"in_memory": None}},
    ):
        assert EnvironmentConfig.build(strict, section).intermediate_storage is not None
    either = only(intermediate_storage_defs=[*default_intermediate_storage_defs, strict_storage])
    assert EnvironmentConfig.build(either, {}).intermediate_storage is None


def test_all_that_is_required_is_told_at_once() -> None:
    strict = only(intermediate_storage_defs=[strict_storage], executor_defs=[strict_executor])

    with pytest.raises(DagsterInvalidConfigError, match=r'"execution".*"intermediate_storage"'):
        EnvironmentConfig.build(strict, {"resources": {}})


def test_a_logger_is_configured_where_it_is_named_and_else_not_used() -> None:
    build()
    with pytest.raises(DagsterInvalidConfigError, match=r'"level" at path loggers\.mine'):
        build({"loggers": {"mine": {}}})


def test_a_mode_that_is_not_there_is_told_first() -> None:
    with pytest.raises(DagsterInvariantViolationError, match=r"no mode 'defalt'. Did you mean"):
        EnvironmentConfig.build(graph, {"nonsense": 1}, mode="defalt")


# --- the environment ---


def test_values_from_the_environment_are_resolved_and_remembered() -> None:
    config = build(
        {
            "solids": {"read": {"config": {"path": {"env": "A_PATH"}}}},
            "resources": {"db": {"url": {"env": "URL"}, "port": {"env": "PORT"}}},
        },
        {"A_PATH": "/a/path", "URL": "db://user:pass@host", "PORT": "5432"},
    )
    assert config.solids["read"].config["path"] == "/a/path"
    assert config.resources["db"] == {"url": "db://user:pass@host", "port": 5432}
    assert config.secrets == {"/a/path", "db://user:pass@host", "5432"}
    assert "pass" not in repr(config)
    assert config.original_config["resources"]["db"]["port"] == {"env": "PORT"}


def test_a_variable_that_is_not_set_is_a_misfit_that_names_it() -> None:
    with pytest.raises(DagsterInvalidConfigError, match='variable "NO_SUCH" is not set') as caught:
        build({"solids": {"read": {"config": {"path": {"env": "NO_SUCH"}}}}})
    assert caught.value.errors[0].path == ("solids", "read", "config", "path")


def test_a_variable_that_cannot_be_read_is_told_without_its_text() -> None:
    @solid(config_schema={"on": BoolSource, "n": IntSource})
    def switch(_context):
        raise NotImplementedError

    @pipeline
    def one():
        switch()

    run_config = {"solids": {"switch": {"config": {"on": {"env": "ON"}, "n": {"env": "N"}}}}}
    with pytest.raises(DagsterInvalidConfigError) as caught:
        EnvironmentConfig.build(one, run_config, environ={"ON": "secret-a", "N": "secret-b"})
    assert len(caught.value.errors) == 2
    assert "secret" not in str(caught.value)


def test_config_schemas_whose_own_key_is_config_are_read_as_they_are() -> None:
    @resource(config_schema={"config": int})
    def odd(_context):
        raise NotImplementedError

    @resource(config_schema=Permissive())
    def free(_context):
        raise NotImplementedError

    @pipeline(mode_defs=[ModeDefinition(resource_defs={"odd": odd, "free": free})])
    def one():
        optional()

    config = EnvironmentConfig.build(one, {"resources": {"odd": {"config": 1}, "free": {"a": 1}}})
    assert config.resources == {"odd": {"config": 1}, "free": {"a": 1}}


@solid
def bare(_context) -> int:
    raise NotImplementedError


def test_solids_and_resources_without_a_schema_take_any_config() -> None:
    fixed = ResourceDefinition.hardcoded_resource(1)

    @pipeline(mode_defs=[ModeDefinition(resource_defs={"x": fixed, "y": plain})])
    def one():
        bare()

    given = {
        "solids": {"bare": {"config": {"url": {"env": "kept"}}}},
        "resources": {"x": {"config": 3}, "y": {"config": [1]}},
    }
    config = EnvironmentConfig.build(one, given)
    assert config.solids["bare"].config == {"url": {"env": "kept"}}
    assert config.resources == {"x": 3, "y": [1]}


def test_they_need_no_config_and_no_section() -> None:
    @pipeline(mode_defs=[ModeDefinition(resource_defs={"y": plain})])
    def one():
        bare()

    documents: list[dict[str, Any]] = [
        {},
        {"solids": {}},
        {"solids": {"bare": {}}, "resources": {"y": {}}},
    ]
    for given in documents:
        config = EnvironmentConfig.build(one, given)
        assert config.solids.get("bare", SolidConfig()).config is None
        assert config.resources == {"y": None}


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"solids": {"bare": {"confg": 1}}}, "solids.bare"),
        ({"solids": {"bare": {"config": 1, "imputs": {}}}}, "solids.bare"),
        ({"solids": {"bare": 1}}, "solids.bare"),
        ({"resources": {"y": {"confg": 1}}}, "resources.y"),
        ({"resources": {"y": 1}}, "resources.y"),
    ],
)
def test_beside_any_config_nothing_else_is_taken(given, path) -> None:
    @pipeline(mode_defs=[ModeDefinition(resource_defs={"y": plain})])
    def one():
        bare()

    with pytest.raises(DagsterInvalidConfigError, match=path):
        EnvironmentConfig.build(one, given)
