from __future__ import annotations

import pytest

from dagsterlite.definitions.composite import composite_solid
from dagsterlite.definitions.dependency import DependencyDefinition
from dagsterlite.definitions.executor import ExecutorDefinition
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.definitions.pipeline import PipelineDefinition, pipeline
from dagsterlite.definitions.preset import PresetDefinition
from dagsterlite.definitions.solid import lambda_solid, solid
from dagsterlite.definitions.storage import IntermediateStorageDefinition
from dagsterlite.errors import (
    CheckError,
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
    ParameterCheckError,
)
from dagsterlite.types.builtins import Nothing
from dagsterlite.types.dagster_type import PythonObjectDagsterType
from dagsterlite.types.loader import dagster_type_loader


class Table:
    pass


@lambda_solid
def one() -> int:
    return 1


@lambda_solid
def add(num: int) -> int:
    return num + 1


@solid(required_resource_keys={"database"})
def query(context):
    return context.resources.database


def mode(name="default", **resources):
    return ModeDefinition.from_resources(resources, name=name)


def test_a_bare_decorator_reads_everything_off_the_function():
    @pipeline
    def numbers():
        """Count."""
        add(one())

    assert isinstance(numbers, PipelineDefinition)
    assert (numbers.name, numbers.description) == ("numbers", "Count.")
    assert [item.name for item in numbers.solids] == ["one", "add"]
    assert numbers.available_modes == ["default"]
    assert numbers.is_single_mode
    assert not numbers.is_multi_mode
    assert (numbers.tags, numbers.get_presets()) == ({}, [])


def test_arguments_stand_in_the_documented_order():
    dev, preset = mode("dev"), PresetDefinition("fast", mode="dev")

    @pipeline("named", "Described.", [dev], [preset], {"k": {"n": 1}})
    def fn():
        one()

    assert (fn.name, fn.description, fn.tags) == ("named", "Described.", {"k": '{"n": 1}'})
    assert fn.get_default_mode() is dev
    assert fn.get_preset("fast") is preset

    made = PipelineDefinition([one], "named", "Described.", {}, [dev], [preset], {"k": "v"})
    assert (made.name, made.available_modes, made.tags) == ("named", ["dev"], {"k": "v"})


def test_a_pipeline_may_have_no_name():
    assert PipelineDefinition([one]).name == "<<unnamed>>"
    with pytest.raises(DagsterInvalidDefinitionError, match="valid name for a pipeline"):
        PipelineDefinition([one], name="a-b")


def test_the_function_of_a_pipeline_takes_no_arguments():
    with pytest.raises(DagsterInvalidDefinitionError, match=r"must take no parameters.*\(path\)"):

        @pipeline  # type: ignore[arg-type]
        def fn(path):
            one()

    @pipeline
    def defaulted(count=2):
        for _ in range(count):
            one()

    assert len(defaulted.solids) == 2


def test_what_the_function_returns_is_of_no_account():
    @pipeline
    def fn():
        return add(one())

    assert fn.solid_names == ["one", "add"]


def test_a_pipeline_is_not_called():
    @pipeline
    def fn():
        one()

    with pytest.raises(DagsterInvariantViolationError, match="run by execute_pipeline"):
        fn()
    with pytest.raises(CheckError, match="must decorate a function, not PipelineDefinition"):
        pipeline(fn)


# --- inputs without a value ---


@solid
def takes_table(context, table: Table):
    return table


def test_an_input_that_can_get_no_value_is_refused():
    with pytest.raises(
        DagsterInvalidDefinitionError, match="impossible to execute pipeline"
    ) as caught:
        pipeline("p")(lambda: (takes_table(), None)[1])

    message = str(caught.value)
    assert "input 'table' of solid 'takes_table'" in message
    assert "type 'Table' cannot be loaded from config" in message


def test_an_input_gets_its_value_from_config_default_or_order_alone():
    @dagster_type_loader(str)
    def load(_context, path):
        return Table()

    loadable = PythonObjectDagsterType(Table, name="Sheet", loader=load)
    inputs = [
        InputDefinition("loaded", loadable),
        InputDefinition("defaulted", Table, default_value=None),
        InputDefinition("start", Nothing),
        InputDefinition("scalar", int),
        InputDefinition("anything"),
    ]
    fn = solid("fn", input_defs=inputs)(lambda context, **inputs: 1)

    assert PipelineDefinition([fn], name="p").solid_names == ["fn"]


def test_inputs_inside_composites_are_looked_at_too():
    @composite_solid
    def inner():
        takes_table()

    @composite_solid
    def outer():
        inner()

    with pytest.raises(
        DagsterInvalidDefinitionError, match=r"composite solid 'inner'.*solid 'takes_table'"
    ):
        PipelineDefinition([outer], name="p")


# --- types ---


def test_two_types_of_one_name_are_refused():
    left = solid("left", output_defs=[OutputDefinition(PythonObjectDagsterType(int, name="T"))])
    right = solid("right", output_defs=[OutputDefinition(PythonObjectDagsterType(str, name="T"))])
    defs = [left(lambda context: 1), right(lambda context: "a")]

    with pytest.raises(DagsterInvalidDefinitionError, match=r"named 'T', one of solid 'right'"):
        PipelineDefinition(defs, name="p")


def test_a_type_does_not_bear_the_name_of_a_built_in_one():
    whole = PythonObjectDagsterType(float, name="Int")
    made = solid("made", output_defs=[OutputDefinition(list[whole])])  # type: ignore[valid-type]

    with pytest.raises(DagsterInvalidDefinitionError, match=r"named 'Int'.*one built in"):
        PipelineDefinition([made(lambda context: [])], name="p")


def test_classes_of_one_name_are_told_apart():
    class Other:
        pass

    Other.__name__ = "Table"
    outputs = [OutputDefinition(Table, "a"), OutputDefinition(Other, "b")]

    made = solid("made", output_defs=outputs)(lambda context: None)

    assert PipelineDefinition([made], name="p").solid_names == ["made"]


# --- resources ---


def test_each_mode_provides_the_resources_that_are_required():
    PipelineDefinition([query], name="p", mode_defs=[mode(database=1), mode("b", database=2)])
    with pytest.raises(
        DagsterInvalidDefinitionError,
        match=r"resource 'database' is required by solid 'query'.*mode 'b'. Did you mean 'databse'",
    ):
        PipelineDefinition([query], name="p", mode_defs=[mode(database=1), mode("b", databse=2)])


def test_solids_inside_composites_require_resources_too():
    @composite_solid
    def outer():
        query()

    with pytest.raises(DagsterInvalidDefinitionError, match="required by solid 'query'"):
        PipelineDefinition([outer], name="p")


def test_types_require_resources_too():
    checked = PythonObjectDagsterType(Table, name="Checked", required_resource_keys={"schema"})
    makes = solid("makes", output_defs=[OutputDefinition(list[checked])])  # type: ignore[valid-type]

    with pytest.raises(
        DagsterInvalidDefinitionError, match=r"'schema' is required by type .* of solid 'makes'"
    ):
        PipelineDefinition([makes(lambda context: [])], name="p")


def test_storages_and_executors_require_resources_too():
    storage = IntermediateStorageDefinition(
        "s3",
        True,
        {"s3"},
        intermediate_storage_creation_fn=lambda _: None,  # type: ignore[arg-type, return-value]
    )
    executor = ExecutorDefinition(
        "fast", executor_creation_fn=lambda _: None, required_resource_keys={"cluster"}
    )

    with pytest.raises(DagsterInvalidDefinitionError, match="by intermediate_storage 's3'"):
        PipelineDefinition(
            [one], name="p", mode_defs=[ModeDefinition(intermediate_storage_defs=[storage])]
        )
    with pytest.raises(DagsterInvalidDefinitionError, match="by executor 'fast'"):
        PipelineDefinition([one], name="p", mode_defs=[ModeDefinition(executor_defs=[executor])])


# --- modes and presets ---


def test_modes_and_presets_bear_different_names():
    with pytest.raises(DagsterInvalidDefinitionError, match=r"mode_defs holds two .*'dev'"):
        PipelineDefinition([one], name="p", mode_defs=[mode("dev"), mode("dev")])
    with pytest.raises(DagsterInvalidDefinitionError, match=r"preset_defs holds two .*'a'"):
        PipelineDefinition([one], name="p", preset_defs=[PresetDefinition("a")] * 2)


def test_a_preset_names_a_mode_that_is_there():
    with pytest.raises(
        DagsterInvalidDefinitionError, match=r"preset 'a' names mode 'prd'.*Did you mean 'prod'"
    ):
        PipelineDefinition(
            [one],
            name="p",
            mode_defs=[mode("dev"), mode("prod")],
            preset_defs=[PresetDefinition("a", mode="prd")],
        )
    with pytest.raises(DagsterInvalidDefinitionError, match="names mode 'default'"):
        PipelineDefinition(
            [one], name="p", mode_defs=[mode("dev")], preset_defs=[PresetDefinition("a")]
        )


def test_a_mode_is_found_by_name_or_is_the_only_one():
    single = PipelineDefinition([one], name="p", mode_defs=[mode("dev")])
    double = PipelineDefinition([one], name="p", mode_defs=[mode("dev"), mode("prod")])

    assert single.get_mode_definition().name == "dev"
    assert double.get_mode_definition("prod").name == "prod"
    assert double.get_default_mode_name() == "dev"
    assert double.has_mode_definition("dev")
    with pytest.raises(DagsterInvariantViolationError, match=r"several modes.*'dev', 'prod'"):
        double.get_mode_definition()
    with pytest.raises(DagsterInvariantViolationError, match=r"no mode 'prd'. Did you mean 'prod'"):
        double.get_mode_definition("prd")


def test_a_preset_is_found_by_name():
    definition = PipelineDefinition([one], name="p", preset_defs=[PresetDefinition("fast")])

    assert definition.has_preset("fast")
    assert not definition.has_preset("fats")
    with pytest.raises(DagsterInvariantViolationError, match=r"no preset 'fats'. Did you mean"):
        definition.get_preset("fats")


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("mode_defs", ["default"]),
        ("mode_defs", ModeDefinition()),
        ("preset_defs", [{"name": "a"}]),
        ("tags", ["a"]),
        ("name", 5),
    ],
)
def test_an_argument_of_the_wrong_type_is_refused_by_name(argument, value):
    with pytest.raises(ParameterCheckError, match=rf"pipeline.*'{argument}'"):
        PipelineDefinition([one], **{"name": "p", argument: value})


# --- size ---


def test_a_chain_of_ten_thousand_solids_can_be_defined():
    @pipeline
    def chain():
        value = one()
        for _ in range(10_000):
            value = add(value)

    assert chain.solid_names[-1] == "add_10000"
    assert chain.graph.dependencies["add_10000"] == {"num": DependencyDefinition("add_9999")}


def test_definitions_are_found_by_name_also_inside_composites():
    @solid
    def inner(_context):
        return 1

    @composite_solid
    def outer():
        return inner.alias("other")()

    @pipeline
    def nested():
        outer()

    assert nested.solid_def_named("inner") is inner
    assert nested.solid_def_named("outer") is outer
    with pytest.raises(
        DagsterInvariantViolationError,
        match=r"pipeline 'nested' has no definition 'iner'\. Did you mean 'inner'",
    ):
        nested.solid_def_named("iner")
