"""What the inputs and outputs of ops tell the managers that keep and load them."""

from __future__ import annotations

from typing import Any

import pytest

from dagsterlite import (
    AssetKey,
    DagsterInvalidConfigError,
    DagsterInvalidDefinitionError,
    DynamicOut,
    DynamicOutput,
    In,
    IOManager,
    IOManagerDefinition,
    Out,
    Output,
    graph,
    job,
    op,
    root_input_manager,
)

PARTS = AssetKey(["all", "parts"])


class Shelf(IOManager):
    """Keeps values in memory, and the contexts that it is given."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, ...], Any] = {}
        self.outputs: list[Any] = []
        self.inputs: list[Any] = []

    def handle_output(self, context: Any, obj: Any) -> None:
        self.kept[tuple(context.get_identifier())] = obj
        self.outputs.append(context)

    def load_input(self, context: Any) -> Any:
        self.inputs.append(context)
        return self.kept[tuple(context.get_identifier())]


def test_assets_and_code_versions_reach_the_managers() -> None:
    shelf = Shelf()

    @op(
        out={
            "rows": Out(asset_key="rows", code_version="2"),
            "parts": DynamicOut(asset_key=PARTS, is_required=False),
        },
        code_version="1",
    )
    def makes():
        yield DynamicOutput(1, "a", output_name="parts")
        yield DynamicOutput(2, "b", output_name="parts")
        yield Output([3], "rows")

    @op(ins={"x": In(asset_key=AssetKey("seen"), metadata={"unit": "m"})})
    def takes(x, y):
        return x, y

    @job(resource_defs={"io_manager": IOManagerDefinition.hardcoded_io_manager(shelf)})
    def assets():
        rows, parts = makes()
        takes(rows, parts.collect())

    result = assets.execute_in_process()

    versions = {tuple(c.asset_key.path): c.version for c in shelf.outputs if c.name != "result"}
    assert versions == {("rows",): "2", ("all", "parts"): "1"}
    told = [m.asset_key for m in result.asset_materializations_for_node("makes")]
    assert sorted(map(str, told)) == sorted(map(str, [PARTS, PARTS, AssetKey("rows")]))
    by_name = {c.name: c for c in shelf.inputs if c.step_key == "takes.compute"}
    assert by_name["x"].asset_key == AssetKey("seen")
    assert by_name["x"].upstream_output.asset_key == AssetKey("rows")
    assert by_name["y"].asset_key == PARTS
    assert result.output_for_node("takes") == ([3], [1, 2])


def test_a_root_manager_loads_an_input_that_nothing_is_connected_to() -> None:
    @root_input_manager(input_config_schema={"n": int})
    def counted(context):
        return context.config["n"]

    @op(ins={"x": In(int, root_manager_key="counted")})
    def takes(x):
        return x

    @graph
    def inner(x):
        return takes(x)

    @job(resource_defs={"counted": counted})
    def loads():
        takes()
        inner()

    config = {
        "ops": {
            "takes": {"inputs": {"x": {"n": 1}}},
            "inner": {"inputs": {"x": {"n": 2}}},
        }
    }
    result = loads.execute_in_process(run_config=config)
    assert [result.output_for_node(name) for name in ("takes", "inner")] == [1, 2]


def test_an_input_of_a_job_is_loaded_by_the_manager_of_what_it_is_handed_to() -> None:
    @root_input_manager
    def told(context):
        return context.metadata

    @op(ins={"x": In(root_manager_key="told", metadata={"unit": "m"})})
    def takes(x):
        return x

    @graph
    def inner(x):
        return takes(x)

    @job(resource_defs={"told": told})
    def loads(y):
        inner(y)
        takes(y)

    result = loads.execute_in_process()
    assert [result.output_for_node(n) for n in ("inner", "takes")] == [{"unit": "m"}] * 2
    given = loads.execute_in_process(input_values={"y": 3})
    assert [given.output_for_node(n) for n in ("inner", "takes")] == [3, 3]


def test_an_input_that_is_handed_to_others_too_must_be_configured() -> None:
    @root_input_manager
    def told(_context):
        return 1

    @op(ins={"x": In(int, root_manager_key="told")})
    def takes(x):
        return x

    @op
    def other(x: int):
        return x

    @job(resource_defs={"told": told})
    def loads(y):
        takes(y)
        other(y)

    with pytest.raises(DagsterInvalidConfigError, match='Missing required field "inputs"'):
        loads.execute_in_process()
    result = loads.execute_in_process(run_config={"inputs": {"y": {"value": 3}}})
    assert (result.output_for_node("takes"), result.output_for_node("other")) == (3, 3)


def test_two_managers_of_one_input_are_refused() -> None:
    with pytest.raises(DagsterInvalidDefinitionError, match="both a root_manager_key and an input"):

        @op(ins={"x": In(root_manager_key="a", input_manager_key="b")})
        def takes(x):
            return x
