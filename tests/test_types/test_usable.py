from __future__ import annotations

import pytest

from dagsterlite import (
    check_dagster_type,
    execute_pipeline,
    input_hydration_config,
    output_materialization_config,
    pipeline,
    solid,
    usable_as_dagster_type,
)
from dagsterlite.errors import CheckError, DagsterInvalidDefinitionError, ParameterCheckError
from dagsterlite.events.yielded import AssetMaterialization
from dagsterlite.types.annotations import resolve_dagster_type
from dagsterlite.types.dagster_type import DagsterType, PythonObjectDagsterType


@input_hydration_config({"rows": int})
def load_day(_context, config):
    return config["rows"]


@output_materialization_config({"path": str})
def write_day(_context, config, value):
    return AssetMaterialization(config["path"], metadata={"rows": value.rows})


def test_a_decorated_class_stands_for_its_type():
    @usable_as_dagster_type(name="Day", description="One day.", loader=load_day)
    class Rows:
        pass

    day = resolve_dagster_type(Rows)

    assert (day.display_name, day.description, day.loader) == ("Day", "One day.", load_day)
    assert check_dagster_type(Rows, Rows()).success
    assert not check_dagster_type(list[Rows], [Rows(), 5]).success


def test_the_decorator_needs_no_arguments():
    @usable_as_dagster_type
    class Rows:
        pass

    @usable_as_dagster_type()
    class Columns:
        pass

    assert resolve_dagster_type(Rows).unique_name == "Rows"
    assert resolve_dagster_type(Columns).unique_name == "Columns"


def test_a_value_of_a_decorated_class_is_loaded_and_written(tmp_path):
    @input_hydration_config({"rows": int})
    def load(_context, config):
        return Day(config["rows"])

    @usable_as_dagster_type(input_hydration_config=load, output_materialization_config=write_day)
    class Day:
        def __init__(self, rows):
            self.rows = rows

    @solid
    def doubled(_context, day: Day) -> Day:
        return Day(2 * day.rows)

    @pipeline
    def days():
        doubled()

    inputs = {"day": {"rows": 4}}
    outputs = [{"result": {"path": "days"}}]
    config = {"solids": {"doubled": {"inputs": inputs, "outputs": outputs}}}
    result = execute_pipeline(days, run_config=config)

    (written,) = (e for e in result.event_list if e.is_step_materialization)
    assert result.output_for_solid("doubled").rows == 8
    assert written.step_materialization_data.materialization == AssetMaterialization(
        "days", metadata={"rows": 8}
    )


def test_a_class_is_decorated_once():
    with pytest.raises(DagsterInvalidDefinitionError, match="'One' already"):

        @usable_as_dagster_type(name="Two")
        @usable_as_dagster_type(name="One")
        class Rows:
            pass


def test_a_class_that_was_used_as_a_type_before_is_refused():
    class Rows:
        pass

    resolve_dagster_type(Rows)
    with pytest.raises(DagsterInvalidDefinitionError, match="before the first definition"):
        usable_as_dagster_type(Rows)


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ({"name": 5}, "name"),
        ({"loader": lambda context, value: value}, "loader"),
        ({"materializer": load_day}, "materializer"),
        ({"input_hydration_config": write_day}, "input_hydration_config"),
        ({"output_materialization_config": "path"}, "output_materialization_config"),
        ({"serialization_strategy": "csv"}, "serialization_strategy"),
    ],
)
def test_arguments_of_the_wrong_type_are_refused_by_name(arguments, argument):
    class Rows:
        pass

    with pytest.raises(ParameterCheckError, match=f"'{argument}'"):
        usable_as_dagster_type(**arguments)(Rows)


def test_only_classes_are_decorated():
    with pytest.raises(ParameterCheckError, match="python_type"):
        usable_as_dagster_type()(5)  # type: ignore[type-var]


def test_the_older_names_of_arguments_mean_the_same():
    older = PythonObjectDagsterType(
        int,
        name="Day",
        input_hydration_config=load_day,
        output_materialization_config=write_day,
    )

    assert (older.loader, older.materializer) == (load_day, write_day)


def test_an_argument_is_given_by_one_of_its_names():
    with pytest.raises(CheckError, match="loader and input_hydration_config are two names"):
        DagsterType(
            lambda _context, _value: True,
            name="Day",
            loader=load_day,
            input_hydration_config=load_day,
        )
