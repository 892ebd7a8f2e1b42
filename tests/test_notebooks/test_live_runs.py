"""Runs that a notebook's cell executes, in a real kernel."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from tests.test_dagsterlite_dask.cluster import Cluster
from tests.test_house.checkout import python
from tests.test_notebooks.kernel import Cell, Kernel

PIPELINE = """
import asyncio
from dagsterlite import *

@solid
async def load(context) -> int:
    context.log.info("loading three")
    await asyncio.sleep(0)
    return 3

@solid
def double(_context, number: int) -> int:
    return 2 * number

@pipeline
def doubled():
    double(load())

quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""


@pytest.fixture(autouse=True)
def _defined(kernel: Kernel) -> None:
    kernel.must(PIPELINE)


def displays(cell: Cell) -> list[tuple[str, str]]:
    """Return the place and the plain text of each display that can be drawn over again."""
    kinds = ("display_data", "update_display_data")
    return [
        (content["transient"]["display_id"], content["data"]["text/plain"])
        for kind, content in cell.messages
        if kind in kinds
    ]


def displays_html(cell: Cell) -> list[str]:
    """Return the HTML of each display that can be drawn over again."""
    kinds = ("display_data", "update_display_data")
    return [content["data"]["text/html"] for kind, content in cell.messages if kind in kinds]


def stderr(cell: Cell) -> str:
    """Return what a cell wrote to standard error."""
    return "".join(c["text"] for c in cell.of("stream") if c["name"] == "stderr")


def test_a_run_is_drawn_over_again_in_one_place(kernel: Kernel) -> None:
    cell = kernel.must("result = execute_pipeline(doubled, quiet)")

    shown = displays(cell)
    assert len(cell.of("display_data")) == 1
    assert len(cell.of("update_display_data")) >= 1
    assert len({place for place, _ in shown}) == 1
    assert shown[0][1].startswith("doubled: STARTING, 0 of 2 steps")
    assert shown[-1][1].startswith("doubled: SUCCESS, 2 of 2 steps succeeded")
    assert "loading three" in cell.html[-1]


def test_a_long_step_is_seen_to_run(kernel: Kernel) -> None:
    kernel.must(
        """
        import threading
        go_on = threading.Event()

        @solid
        def wait(_context):
            assert go_on.wait(60)

        @pipeline
        def waiting():
            wait()

        class Watched:
            def draw(self, bundle):
                if "▸ wait" in bundle["text/html"]:
                    go_on.set()

        from dagsterlite.render import notebook_display
        original = notebook_display.CellCanvas
        notebook_display.CellCanvas = Watched
        """
    )
    kernel.must("execute_pipeline(waiting, quiet); notebook_display.CellCanvas = original")


def test_the_result_of_a_run_shows_itself(kernel: Kernel) -> None:
    cell = kernel.must("execute_pipeline(doubled, quiet)")

    (result,) = cell.of("execute_result")
    assert "<svg" in result["data"]["text/html"]
    assert result["data"]["text/plain"].startswith("PipelineExecutionResult(")


def test_a_run_inside_a_step_has_no_display_of_its_own(kernel: Kernel) -> None:
    kernel.must(
        """
        @solid
        def outer(_context):
            return execute_pipeline(doubled, quiet).output_for_solid("double")

        @pipeline
        def nested():
            outer()
        """
    )
    cell = kernel.must("print(execute_pipeline(nested, quiet).output_for_solid('outer'))")

    assert cell.printed == "6\n"
    assert len(cell.of("display_data")) == 1


def test_a_failing_run_shows_what_failed_and_raises_it(kernel: Kernel) -> None:
    kernel.must(
        """
        @solid
        def fail(_context):
            raise LookupError("no such <b>table</b>")

        @pipeline
        def failing():
            fail()
        """
    )
    cell = kernel.run("execute_pipeline(failing, quiet)")

    assert cell.error == ("LookupError", "no such <b>table</b>")
    assert displays(cell)[-1][1].startswith("failing: FAILURE, 0 of 1 steps succeeded, 1 failed")
    assert "✗ fail: LookupError: no such &lt;b&gt;table&lt;/b&gt;" in cell.html[-1]


def test_the_stop_button_cancels_the_run(kernel: Kernel) -> None:
    kernel.must(
        """
        import time
        cleaned_up = []

        @solid
        def endless(_context):
            try:
                print("begun", flush=True)
                while True:
                    time.sleep(0.01)
            finally:
                cleaned_up.append(True)

        @pipeline
        def forever():
            endless()

        instance = DagsterInstance.ephemeral()
        """
    )

    def stop(kind: str, content: dict[str, Any]) -> None:
        if kind == "stream" and "begun" in content["text"]:
            kernel.interrupt()

    cell = kernel.run("execute_pipeline(forever, quiet, instance=instance)", stop)

    assert cell.error is not None
    assert cell.error[0] == "KeyboardInterrupt"
    assert displays(cell)[-1][1].startswith("forever: CANCELED")
    status = kernel.must("print(instance.get_runs()[0].status.value, cleaned_up)")
    assert status.printed == "CANCELED [True]\n"


ENDLESS = """
import time

@solid
def endless(_context):
    while True:
        time.sleep(0.01)

@pipeline
def forever():
    endless()
"""


def stopped(kernel: Kernel, config: str) -> Cell:
    """Stop a run of ENDLESS with a config, an expression, once the display shows its step."""

    def stop(kind: str, content: dict[str, Any]) -> None:
        if kind == "update_display_data" and "▸ endless" in content["data"]["text/html"]:
            kernel.interrupt()

    return kernel.run(f"execute_pipeline(forever, {config}, instance=instance)", stop)


def test_the_stop_button_cancels_a_run_on_a_cluster(kernel: Kernel, remote: Cluster) -> None:
    kernel.must(ENDLESS)
    kernel.must(
        f"""
        instance = DagsterInstance.ephemeral()
        cluster = {{"existing": {{"address": "{remote.address}"}}}}
        far = {{
            **quiet,
            "execution": {{"dask": {{"cluster": cluster}}}},
            "intermediate_storage": {{"in_memory": {{}}}},
        }}
        """
    )
    cell = stopped(kernel, "far")

    assert cell.error is not None
    assert cell.error[0] == "KeyboardInterrupt"
    status = kernel.must("print(instance.get_runs()[0].status.value)")
    assert status.printed == "CANCELED\n"


def test_the_stop_button_cancels_a_run_in_processes_of_this_machine(kernel: Kernel) -> None:
    kernel.must(ENDLESS)
    kernel.must(
        """
        instance = DagsterInstance.local_temp()
        near = {"execution": {"multiprocess": {"max_concurrent": 1}}}
        """
    )
    cell = stopped(kernel, "near")

    assert cell.error is not None
    assert cell.error[0] == "KeyboardInterrupt"
    assert stderr(cell) == ""
    status = kernel.must("print(instance.get_runs()[0].status.value)")
    assert status.printed == "CANCELED\n"


def test_a_run_goes_on_inside_a_coroutine_of_the_kernels_loop(kernel: Kernel) -> None:
    code = """
        async def run():
            return execute_pipeline(doubled).output_for_solid("double")

        print(await run())
    """
    assert kernel.must(code).printed == "6\n"


def test_a_run_goes_to_the_cluster_of_the_notebooks_client(kernel: Kernel, remote: Cluster) -> None:
    kernel.must(f"from distributed import Client; client = Client('{remote.address}')")
    code = """
        result = execute_pipeline(
            doubled, {**quiet, "execution": {"dask": {}}, "intermediate_storage": {"in_memory": {}}}
        )
        print(result.output_for_solid("double"))
    """
    cell = kernel.must(code)
    kernel.must("client.close()")

    assert cell.printed == "6\n"
    for address in remote.worker_pids():
        assert address.removeprefix("tcp://") in cell.html[-1]


def test_cells_run_on_workers_that_have_none_of_their_code_and_again_when_edited(
    kernel: Kernel, remote: Cluster
) -> None:
    kernel.must(
        f"""
        def helper(number):
            return number + 1

        @solid
        def use(_context) -> int:
            return helper(1)

        @pipeline
        def used():
            use()

        cluster = {{"existing": {{"address": "{remote.address}"}}}}
        far = {{
            **quiet,
            "execution": {{"dask": {{"cluster": cluster}}}},
            "intermediate_storage": {{"in_memory": {{}}}},
        }}
        """
    )
    run = "print(execute_pipeline(used, far).output_for_solid('use'))"

    assert kernel.must(run).printed == "2\n"
    kernel.must("def helper(number): return number + 100")
    assert kernel.must(run).printed == "101\n"


def test_outside_of_notebooks_nothing_is_shown() -> None:
    code = textwrap.dedent(PIPELINE) + textwrap.dedent(
        """
        import sys, IPython
        sys.modules["ipykernel"] = IPython
        assert execute_pipeline(doubled, quiet).success
        """
    )
    result = python("-c", code)

    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_what_is_logged_is_shown_once_in_the_display(kernel: Kernel) -> None:
    cell = kernel.must("execute_pipeline(doubled)")

    assert "loading three" in displays_html(cell)[-1]
    assert stderr(cell) == ""


def test_errors_of_steps_and_of_the_log_stay_in_the_display(kernel: Kernel) -> None:
    kernel.must(
        """
        @solid
        def grumble(context):
            context.log.error("disk almost full")
            for number in range(50):
                context.log.info("line %s", number)
            raise LookupError("no table")

        @pipeline
        def grumbling():
            grumble()
        """
    )
    cell = kernel.must("_ = execute_pipeline(grumbling, raise_on_error=False)")

    last = displays_html(cell)[-1]
    assert "ERROR  disk almost full" in last
    assert "✗ grumble: LookupError: no table" in last
    assert ("line 49" in last, "line 7<" in last) == (True, False)
    assert stderr(cell) == ""


def test_a_console_that_the_run_config_asks_for_writes_all_the_same(kernel: Kernel) -> None:
    cell = kernel.must('_ = execute_pipeline(doubled, {"loggers": {"console": {}}})')

    assert "loading three" in stderr(cell)


def test_where_a_run_has_no_display_the_console_writes(kernel: Kernel) -> None:
    cell = kernel.must("_ = list(execute_pipeline_iterator(doubled))")

    assert "loading three" in stderr(cell)
    assert displays(cell) == []


def test_thousands_of_steps_do_not_flood_the_notebook(kernel: Kernel) -> None:
    kernel.must(
        """
        @solid
        def talk(context) -> int:
            context.log.info("x" * 5_000)
            return 1

        @pipeline
        def crowd():
            for number in range(2_000):
                talk.alias(f"talk_{number}")()
        """
    )
    cell = kernel.must("_ = execute_pipeline(crowd)")

    drawn = displays_html(cell)
    assert len(drawn) < 2_000
    assert max(map(len, drawn)) < 25_000
    assert stderr(cell) == ""
    assert "2000 of 2000 steps succeeded" in drawn[-1]
