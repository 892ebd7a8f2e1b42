"""Definitions travel to other processes by value, wherever they were made."""

from __future__ import annotations

import cloudpickle

from dagsterlite.definitions.composite import composite_solid
from dagsterlite.definitions.inputs import NO_VALUE, InputDefinition
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.definitions.pipeline import PipelineDefinition, pipeline
from dagsterlite.definitions.preset import PresetDefinition
from dagsterlite.definitions.solid import lambda_solid, solid
from dagsterlite.events.yielded import Output
from dagsterlite.types.builtins import Int, Nothing
from tests.test_house.checkout import python


def make_pipeline():
    class Table:
        pass

    @lambda_solid
    def one() -> int:
        return 1

    @solid(config_schema={"by": int}, tags={"k": "v"}, required_resource_keys={"db"})
    def scale(context, n: int, table: Table | None = None) -> list[int]:
        return [n]

    @solid(input_defs=[InputDefinition("start", Nothing)], output_defs=[OutputDefinition(int, "x")])
    def after(context):
        yield Output(1, "x")

    @composite_solid(config_schema={"by": int}, config_fn=lambda c: {"scale": {"config": c}})
    def scaled(n: int):
        after(scale(n))

    @pipeline(
        mode_defs=[ModeDefinition.from_resources({"db": 5})],
        preset_defs=[PresetDefinition("fast", {"solids": {}}, ["one"])],
    )
    def travels():
        scaled(one())

    return travels


def test_a_pipeline_travels_by_value():
    definition = make_pipeline()

    there: PipelineDefinition = cloudpickle.loads(cloudpickle.dumps(definition))

    assert there.solid_names == ["one", "scaled"]
    assert there.graph.dependencies == definition.graph.dependencies
    assert there.get_preset("fast") == definition.get_preset("fast")
    one = there.solid_named("one").definition
    assert one.output_def_named("result").dagster_type is Int
    assert list(one.compute_fn(None, {})) == [Output(1)]  # type: ignore[attr-defined]


def test_no_default_is_still_no_default_there():
    there = cloudpickle.loads(cloudpickle.dumps(InputDefinition("x", int)))

    assert not there.has_default_value
    assert cloudpickle.loads(cloudpickle.dumps(NO_VALUE)) is NO_VALUE


def test_a_pipeline_of_a_script_travels_to_a_process_without_it(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, cloudpickle\n"
        "from dagsterlite.definitions.solid import solid\n"
        "from dagsterlite.definitions.pipeline import pipeline\n"
        "class Table: pass\n"
        "@solid\n"
        "def makes(context) -> Table: return Table()\n"
        "@pipeline\n"
        "def p(): makes()\n"
        "open(sys.argv[1], 'wb').write(cloudpickle.dumps(p))\n"
    )
    pickled = tmp_path / "pipeline.pkl"
    made = python(str(script), str(pickled))
    assert made.returncode == 0, made.stderr

    there = cloudpickle.loads(pickled.read_bytes())

    (output,) = there.solid_named("makes").definition.compute_fn(None, {})
    output_def = there.solid_named("makes").definition.output_def_named("result")
    assert output_def.dagster_type.type_check(None, output.value).success
    assert not output_def.dagster_type.type_check(None, 5).success
