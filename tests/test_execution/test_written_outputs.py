"""Outputs that run config has written: of each type, of composites, none with many values."""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    Any as AnyType,
)
from dagsterlite import (
    DagsterInvalidConfigError,
    DagsterType,
    DagsterTypeMaterializationError,
    DynamicOutput,
    DynamicOutputDefinition,
    InputDefinition,
    Int,
    IOManager,
    ModeDefinition,
    Nothing,
    OutputDefinition,
    SolidExecutionResult,
    composite_solid,
    execute_pipeline,
    execute_solid,
    graph,
    io_manager,
    op,
    pipeline,
    solid,
    validate_run_config,
)
from dagsterlite.types.default_materializer import DEFAULT_MATERIALIZER


@dataclass
class Point:
    x: int


Odd = DagsterType(lambda _context, value: value % 2 == 1, name="Odd")


def written_as(way: str, path: Path) -> dict[str, Any]:
    return {"result": {way: {"path": str(path)}}}


@pytest.mark.parametrize(
    ("given_type", "value"),
    [
        (int, 1),
        (dict, {"a": 1}),
        (list, [1]),
        (list[int], [1, 2]),
        (dict[str, int], {"a": 1}),
        (int | None, None),
        (tuple[int, str], (1, "a")),
        (Point, Point(3)),
        (Odd, 5),
        (AnyType, {1, 2}),
    ],
    ids=str,
)
def test_an_output_of_each_type_is_pickled_where_config_asks(given_type, value, tmp_path):
    @solid(output_defs=[OutputDefinition(given_type)])
    def gives(_context):
        return value

    outputs = written_as("pickle", tmp_path / "value")
    result = execute_solid(gives, run_config={"solids": {"gives": {"outputs": outputs}}})

    assert pickle.loads((tmp_path / "value").read_bytes()) == value
    assert isinstance(result, SolidExecutionResult)
    (written,) = result.materializations_during_compute
    assert written.label == str(tmp_path / "value")


def test_what_has_no_value_cannot_be_written(tmp_path):
    @solid(output_defs=[OutputDefinition(Nothing)])
    def acts(_context):
        pass

    config = {"solids": {"acts": {"outputs": written_as("pickle", tmp_path / "value")}}}
    with pytest.raises(DagsterInvalidConfigError, match="outputs"):
        execute_solid(acts, run_config=config)


@pytest.mark.parametrize("way", ["json", "pickle"])
def test_a_value_that_cannot_be_written_is_told_and_leaves_the_file_as_it_was(way, tmp_path):
    @solid
    def gives(_context):
        return [1, lambda: None]

    path = tmp_path / "value"
    path.write_text("older")
    config = {"solids": {"gives": {"outputs": written_as(way, path)}}}

    with pytest.raises(DagsterTypeMaterializationError) as caught:
        execute_solid(gives, run_config=config)

    assert "output 'result' of step 'gives.compute'" in str(caught.value)
    assert caught.value.user_exception is not None
    assert path.read_text() == "older"


def test_the_default_materializer_is_one_object_in_every_process():
    assert pickle.loads(pickle.dumps(DEFAULT_MATERIALIZER)) is DEFAULT_MATERIALIZER
    assert Odd.materializer is DEFAULT_MATERIALIZER


# --- outputs of composites ---


@solid(config_schema=int, output_defs=[OutputDefinition(Int)])
def number(context):
    return context.solid_config


@solid(output_defs=[OutputDefinition(Int, "lower"), OutputDefinition(Int, "upper")])
def bounds(_context, around: int):
    return around - 1, around + 1


@composite_solid(output_defs=[OutputDefinition(Int, "low"), OutputDefinition(Int, "high")])
def inner():
    lower, upper = bounds(number())
    return {"low": lower, "high": upper}


@composite_solid(output_defs=[OutputDefinition(Int)])
def outer():
    return inner().high


@composite_solid(
    config_schema={"of": int},
    config_fn=lambda config: {"number": {"config": config["of"]}},
    output_defs=[OutputDefinition(Int, "low"), OutputDefinition(AnyType, "high")],
)
def mapped():
    lower, upper = bounds(number())
    return {"low": lower, "high": upper}


@pipeline
def composites():
    outer()
    mapped()


CONFIG = {"outer": {"solids": {"inner": {"solids": {"number": {"config": 1}}}}}}


def content(path: Path) -> Any:
    return json.loads(path.read_text())["value"]


@pytest.mark.parametrize("form", [lambda outputs: outputs, lambda outputs: [outputs]])
def test_an_output_of_a_composite_is_written_by_the_solid_inside_that_yields_it(form, tmp_path):
    outputs = form(written_as("json", tmp_path / "high"))
    sections = {"outer": {**CONFIG["outer"], "outputs": outputs}, "mapped": {"config": {"of": 5}}}

    result = execute_pipeline(composites, {"solids": sections})

    assert content(tmp_path / "high") == 2
    (told,) = [e for e in result.event_list if e.event_type_value == "STEP_MATERIALIZATION"]
    assert told.step_key == "outer.inner.bounds.compute"


def test_outputs_of_a_composite_with_a_config_function_are_written(tmp_path):
    outputs = [
        {"low": {"json": {"path": str(tmp_path / "low")}}},
        {"high": {"json": {"path": str(tmp_path / "high")}}},
        {"high": {"pickle": {"path": str(tmp_path / "pickled")}}},
    ]
    sections = {**CONFIG, "mapped": {"config": {"of": 5}, "outputs": outputs}}

    execute_pipeline(composites, {"solids": sections})

    assert (content(tmp_path / "low"), content(tmp_path / "high")) == (4, 6)
    assert pickle.loads((tmp_path / "pickled").read_bytes()) == 6


def test_an_output_is_written_where_the_solid_and_where_its_composites_say(tmp_path):
    def section(inside: dict[str, Any], output: str, name: str) -> dict[str, Any]:
        outputs = {output: {"json": {"path": str(tmp_path / name)}}}
        return {"solids": inside, "outputs": outputs}

    bounds_section = {"outputs": {"upper": {"json": {"path": str(tmp_path / "leaf")}}}}
    inside = {"number": {"config": 1}, "bounds": bounds_section}
    config = section({"inner": section(inside, "high", "inner")}, "result", "outer")

    execute_pipeline(composites, {"solids": {"outer": config, "mapped": {"config": {"of": 5}}}})

    assert [content(tmp_path / name) for name in ("leaf", "inner", "outer")] == [2, 2, 2]


def test_a_graph_in_a_job_has_its_outputs_written(tmp_path):
    @op
    def one():
        return 1

    @graph
    def ones():
        return one()

    @graph
    def whole():
        ones()

    ops = {"ones": {"outputs": written_as("json", tmp_path / "one")}}
    assert whole.to_job().execute_in_process(run_config={"ops": ops}).success

    assert content(tmp_path / "one") == 1


def test_an_output_that_a_composite_lacks_cannot_be_written(tmp_path):
    outputs = {"low": {"json": {"path": str(tmp_path / "low")}}}
    sections = {"outer": {**CONFIG["outer"], "outputs": outputs}, "mapped": {"config": {"of": 5}}}

    with pytest.raises(DagsterInvalidConfigError, match=r"outer.*outputs"):
        validate_run_config(composites, {"solids": sections})


# --- outputs with many values ---


@solid(output_defs=[DynamicOutputDefinition(Int)])
def spread(_context):
    yield DynamicOutput(1, "a")
    yield DynamicOutput(2, "b")


@solid(input_defs=[InputDefinition("item", Int)], output_defs=[OutputDefinition(Int)])
def grown(_context, item):
    return item + 1


@solid(output_defs=[OutputDefinition(Int)])
def total(_context, items):
    return sum(items)


@composite_solid(output_defs=[DynamicOutputDefinition(Int)])
def spread_inside():
    return spread()


@pipeline
def many():
    total(spread_inside().map(grown).collect())


def test_an_output_with_a_value_for_each_mapping_key_is_not_written_to_one_place(tmp_path):
    outputs = {"outputs": written_as("json", tmp_path / "value")}

    with pytest.raises(DagsterInvalidConfigError) as caught:
        validate_run_config(many, {"solids": {"spread_inside": outputs, "grown": outputs}})

    message = str(caught.value)
    assert "output 'result' of solid 'spread_inside.spread'" in message
    assert "output 'result' of solid 'grown'" in message
    assert "overwrite each other" in message


def test_what_collects_many_values_is_written(tmp_path):
    outputs = {"outputs": written_as("json", tmp_path / "value")}

    execute_pipeline(many, {"solids": {"total": outputs}})

    assert content(tmp_path / "value") == 5


def test_a_manager_that_takes_config_is_told_the_mapping_key():
    kept: dict[Any, Any] = {}

    class Keeps(IOManager):
        def handle_output(self, context, obj):
            kept[context.config, context.mapping_key] = obj

        def load_input(self, context):
            raise AssertionError(context)

    @io_manager(output_config_schema=str)
    def keeps(_context):
        return Keeps()

    @pipeline(mode_defs=[ModeDefinition(resource_defs={"io_manager": keeps})])
    def kept_by_manager():
        spread()

    execute_pipeline(kept_by_manager, {"solids": {"spread": {"outputs": {"result": "there"}}}})

    assert kept == {("there", "a"): 1, ("there", "b"): 2}
