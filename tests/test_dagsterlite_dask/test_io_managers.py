"""IO managers on a cluster: each worker has its own, and what they keep is found by all."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    AssetMaterialization,
    DagsterInstance,
    DagsterUnmetExecutorRequirementsError,
    InputDefinition,
    IOManager,
    ModeDefinition,
    Output,
    OutputDefinition,
    RetryRequested,
    execute_pipeline,
    fs_io_manager,
    io_manager,
    mem_io_manager,
    pipeline,
    root_input_manager,
    solid,
)
from tests.event_lists import assert_gap_free, logged
from tests.test_dagsterlite_dask.cluster import Cluster
from tests.test_dagsterlite_dask.side import (
    CONFIG,
    config_of,
    note,
    noted,
)
from tests.test_dagsterlite_dask.test_equal_events import QUIET, assert_equal_runs


@io_manager(config_schema={"base": str}, output_config_schema={"times": int})
def json_files(init_context):
    class JsonFiles(IOManager):
        def _path(self, context):
            return os.path.join(
                init_context.resource_config["base"], ".".join(context.get_identifier())
            )

        def handle_output(self, context, obj):
            with open(self._path(context), "w", encoding="utf-8") as file:
                json.dump(obj * context.config["times"], file)
            yield {"times": context.config["times"]}
            yield AssetMaterialization(context.step_key)

        def load_input(self, context):
            with open(self._path(context), encoding="utf-8") as file:
                return json.load(file)

    return JsonFiles()


@io_manager(config_schema={"base": str})
def json_lines(init_context):
    class JsonLines(IOManager):
        def handle_output(self, context, obj):
            path = os.path.join(init_context.resource_config["base"], context.run_id)
            with open(path, "w", encoding="utf-8") as file:
                json.dump(obj, file)

        def load_input(self, context):
            base = init_context.resource_config["base"]
            path = os.path.join(base, context.upstream_output.run_id)
            with open(path, encoding="utf-8") as file:
                return json.load(file)

    return JsonLines()


@root_input_manager(input_config_schema=int)
def from_config(context):
    return context.config


@solid(
    input_defs=[InputDefinition("number", int, root_manager_key="root")],
    output_defs=[OutputDefinition(int), OutputDefinition(int, "plain", io_manager_key="more")],
)
def reads(_context, number):
    yield Output(number)
    yield Output(number + 1, "plain")


@solid(input_defs=[InputDefinition("number", int)], output_defs=[OutputDefinition(int)])
def add_one(context, number):
    context.log.info("adding to %s", number)
    return number + 1


@solid
def fails(_context):
    raise ValueError("no")


@pipeline(
    mode_defs=[
        ModeDefinition(
            resource_defs={"io_manager": json_files, "more": json_lines, "root": from_config}
        )
    ]
)
def managed():
    number, plain = reads()
    add_one.alias("second")(add_one.alias("first")(number))
    add_one.alias("of_plain")(plain)
    add_one.alias("never")(fails())


def test_a_pipeline_with_io_managers_runs_on_a_cluster_as_in_one_process(
    cluster: Cluster, tmp_path: Path
) -> None:
    once, twice = {"outputs": {"result": {"times": 1}}}, {"outputs": {"result": {"times": 2}}}
    solids = {
        "reads": {"inputs": {"number": 20}, **twice},
        "first": once,
        "second": once,
        "of_plain": twice,
        "never": once,
        "fails": once,
    }
    base = {"config": {"base": str(tmp_path)}}
    config = {"solids": solids, "resources": {"io_manager": base, "more": base}}

    assert_equal_runs(managed, cluster, config)


def in_mode(**resources: Any) -> list[ModeDefinition]:
    return [ModeDefinition(resource_defs=resources)]


@solid
def one(_context):
    return 1


@pipeline(mode_defs=in_mode(io_manager=fs_io_manager))
def on_files():
    add_one(one())


@pytest.mark.parametrize("storage", [{}, {"intermediate_storage": {"in_memory": {}}}])
def test_outputs_are_read_by_their_manager_wherever_the_run_was(
    cluster: Cluster, storage: dict[str, Any]
) -> None:
    result = execute_pipeline(on_files, {**cluster.config(), **storage})

    assert result.output_for_solid("add_one") == 2
    kinds = [e.event_type_value for e in result.event_list if e.step_key == "add_one.compute"]
    assert kinds == [
        "STEP_START",
        "LOADED_INPUT",
        "STEP_INPUT",
        "STEP_OUTPUT",
        "HANDLED_OUTPUT",
        "STEP_SUCCESS",
    ]


def test_outputs_are_read_by_their_manager_when_the_cluster_is_gone() -> None:
    @solid(output_defs=[OutputDefinition(int, io_manager_key="files"), OutputDefinition(int, "b")])
    def two(_context):
        yield Output(1)
        yield Output(2, "b")

    @pipeline(mode_defs=in_mode(files=fs_io_manager))
    def numbers():
        two()

    config = {
        **QUIET,
        "execution": {"multiprocess": {"max_concurrent": 1}},
        "intermediate_storage": {"in_memory": {}},
    }
    result = execute_pipeline(numbers, config)

    assert result.result_for_solid("two").output_values == {"result": 1, "b": 2}


def test_mem_io_manager_is_refused_before_anything_runs(cluster: Cluster, tmp_path: Path) -> None:
    @solid(config_schema=CONFIG)
    def notes(context):
        note(context.solid_config["folder"], "ran")

    @pipeline(mode_defs=in_mode(io_manager=mem_io_manager))
    def in_memory():
        notes()

    config = {**cluster.config(), **config_of(["notes"], tmp_path)}
    with pytest.raises(DagsterUnmetExecutorRequirementsError, match="mem_io_manager") as caught:
        execute_pipeline(in_memory, config)

    assert "Use fs_io_manager there" in str(caught.value)
    assert noted(tmp_path) == {}


def test_a_manager_may_ask_for_a_retry_on_a_worker(cluster: Cluster, tmp_path: Path) -> None:
    @io_manager(config_schema={"folder": str})
    def busy(init_context):
        class Busy(IOManager):
            def handle_output(self, context, obj):
                if note(init_context.resource_config["folder"], "handled") == 1:
                    raise RetryRequested(max_retries=1)

            def load_input(self, context):
                return 1

        return Busy()

    @pipeline(mode_defs=in_mode(io_manager=busy))
    def numbers():
        one()

    resources = {"resources": {"io_manager": {"config": {"folder": str(tmp_path)}}}}
    result = execute_pipeline(numbers, {**cluster.config(), **resources})

    assert result.success
    kinds = [event.event_type_value for event in result.event_list]
    assert kinds.count("STEP_RESTARTED") == 1


@solid(config_schema=CONFIG)
def first(context):
    note(context.solid_config["folder"], "first")
    return 1


@solid(config_schema=CONFIG, input_defs=[InputDefinition("number", int)])
def killed_once(context, number):
    """Kill its own worker in the first copy, when the step before is committed."""
    if note(context.solid_config["folder"], "killed") == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number + 1


@pipeline(mode_defs=in_mode(io_manager=fs_io_manager))
def chain():
    killed_once(first())


def test_a_step_whose_output_a_manager_keeps_runs_once_when_its_worker_is_killed(
    cluster: Cluster, tmp_path: Path
) -> None:
    config = {**cluster.config(), **config_of(["first", "killed_once"], tmp_path)}
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(chain, config, instance=instance)

        assert result.success
        assert result.output_for_solid("killed_once") == 2
        assert noted(tmp_path) == {"first": 1, "killed": 2}
        assert_gap_free(logged(instance))
