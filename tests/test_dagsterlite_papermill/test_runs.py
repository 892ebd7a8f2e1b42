"""Notebooks executed as steps, in real kernels."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    Any as AnyType,
)
from dagsterlite import (
    DagsterInstance,
    DynamicOutputDefinition,
    InputDefinition,
    List,
    ModeDefinition,
    OutputDefinition,
    PipelineExecutionResult,
    RetryPolicy,
    SolidDefinition,
    SolidExecutionResult,
    String,
    StringSource,
    execute_pipeline,
    pipeline,
    resource,
    solid,
)
from dagsterlite.events.metadata_values import PathMetadataEntryData
from dagsterlite.execution.cancel import cancel_run
from dagsterlite.runs import DagsterRunStatus
from dagsterlite_papermill import NotebookCellError, NotebookKernelError, define_notebook_solid
from tests.test_dagsterlite_papermill.notebooks_of import notebook

QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@solid(output_defs=[OutputDefinition(List[String])])
def names(_context):
    return ["ann", "bob"]


@resource({"url": str})
def database(init_context):
    url = init_context.resource_config["url"]
    path = Path(url)
    path.write_text("open")
    yield {"url": url}
    path.write_text("closed")


def executed(
    made: SolidDefinition,
    config: dict[str, Any] | None = None,
    *,
    inputs: dict[str, Any] | None = None,
    instance: DagsterInstance | None = None,
    resources: dict[str, Any] | None = None,
    raise_on_error: bool = False,
    sections: dict[str, Any] | None = None,
) -> PipelineExecutionResult:
    """Execute a pipeline whose last step is a notebook's."""

    @pipeline(mode_defs=[ModeDefinition(resource_defs=resources or {})])
    def whole():
        made(*([names()] if made.input_dict and not inputs else []))

    solids = {made.name: {**({"config": config} if config else {}), **(inputs or {})}}
    run_config = {**QUIET, "solids": solids, **(sections or {})}
    return execute_pipeline(whole, run_config, instance=instance, raise_on_error=raise_on_error)


def work_of(result: PipelineExecutionResult) -> SolidExecutionResult:
    """Return the result of the notebook's solid."""
    found = result.result_for_solid("work")
    assert isinstance(found, SolidExecutionResult)
    return found


def failure_text(result: PipelineExecutionResult) -> str:
    """Return what the notebook's step failed of."""
    failure = work_of(result).failure_data
    assert failure is not None
    assert failure.error is not None
    return failure.error.to_string()


def kept_notebook(result: PipelineExecutionResult) -> dict[str, Any]:
    """Return the notebook as it was executed and kept."""
    *_, told = work_of(result).materializations_during_compute
    assert told.asset_key is not None
    assert told.asset_key.path == ["notebook", "whole", "work"]
    (entry,) = (e for e in told.metadata_entries if e.label == "path")
    assert isinstance(entry.entry_data, PathMetadataEntryData)
    made: dict[str, Any] = json.loads(Path(entry.entry_data.path).read_text(encoding="utf-8"))
    return made


def test_inputs_and_config_come_in_and_outputs_events_and_logs_come_out(tmp_path: Path) -> None:
    work = define_notebook_solid(
        "work",
        notebook(
            tmp_path,
            """
            from dagsterlite import AssetMaterialization, ExpectationResult
            import dagsterlite_papermill as step
            step.yield_event(ExpectationResult(len(names) == 2, "has_names"))
            step.yield_event(AssetMaterialization("greetings", metadata={"count": len(names)}))
            context.log.info("greeting %s", len(names))
            """,
            "step.yield_result([f'{greeting} {name}' for name in names], 'greetings')",
            "step.yield_result(context.solid.name + context.get_tag('team'), 'about')",
            parameters="greeting, names = 'hello', []",
        ),
        [InputDefinition("names", List[String])],
        [OutputDefinition(List[String], "greetings"), OutputDefinition(String, "about")],
        {"greeting": str},
    )
    instance = DagsterInstance.ephemeral()

    @pipeline(tags={"team": "_a"})
    def whole():
        work(names())

    solids = {"work": {"config": {"greeting": "hi"}}}
    result = execute_pipeline(whole, {**QUIET, "solids": solids}, instance=instance)

    done = work_of(result)
    assert done.output_values == {"greetings": ["hi ann", "hi bob"], "about": "work_a"}
    assert [e.label for e in done.expectation_results_during_compute] == ["has_names"]
    first, _ = done.materializations_during_compute
    assert first.label == "greetings"
    logged = [e.user_message for e in instance.all_logs(result.run_id) if e.dagster_event is None]
    assert logged == ["greeting 2"]
    cells = kept_notebook(result)["cells"]
    assert "names = ['ann', 'bob']" in "".join(cells[1]["source"])
    assert "leave_step" not in json.dumps(cells)


def test_any_value_that_can_be_pickled_comes_in(tmp_path: Path) -> None:
    @solid(output_defs=[OutputDefinition(AnyType)])
    def numbers(_context):
        return {"keys": {1, 2}}

    work = define_notebook_solid(
        "work",
        notebook(tmp_path, "import dagsterlite_papermill as s", "s.yield_result(value['keys'])"),
        [InputDefinition("value", AnyType)],
        [OutputDefinition(AnyType)],
    )

    @pipeline
    def whole():
        work(numbers())

    assert execute_pipeline(whole, QUIET).output_for_solid("work") == {1, 2}


def test_config_that_is_no_dict_is_called_config(tmp_path: Path) -> None:
    work = define_notebook_solid(
        "work",
        notebook(tmp_path, "dagsterlite_papermill.yield_result(config + 1)"),
        output_defs=[OutputDefinition(int)],
        config_schema=int,
    )

    result = executed(work, 3)  # type: ignore[arg-type]
    assert result.output_for_solid("work") == 4


def test_secrets_are_in_no_kept_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", "open-sesame")
    work = define_notebook_solid(
        "work",
        notebook(tmp_path, "dagsterlite_papermill.yield_result(len(password))"),
        output_defs=[OutputDefinition(int)],
        config_schema={"password": StringSource},
    )
    result = executed(work, {"password": {"env": "PASSWORD"}})

    assert result.output_for_solid("work") == 11
    assert "open-sesame" not in json.dumps(kept_notebook(result))


def test_resources_are_made_in_the_kernel_and_torn_down(tmp_path: Path) -> None:
    work = define_notebook_solid(
        "work",
        notebook(
            tmp_path,
            "url = context.resources.database['url']",
            "dagsterlite_papermill.yield_result(open(url).read())",
        ),
        output_defs=[OutputDefinition(str)],
        required_resource_keys={"database"},
    )
    url = str(tmp_path / "database")
    result = executed(
        work,
        resources={"database": database},
        sections={"resources": {"database": {"config": {"url": url}}}},
    )

    assert result.output_for_solid("work") == "open"
    assert Path(url).read_text() == "closed"


def test_dynamic_outputs_come_out(tmp_path: Path) -> None:
    work = define_notebook_solid(
        "work",
        notebook(
            tmp_path,
            """
            from dagsterlite import DynamicOutput
            for key in "ab":
                dagsterlite_papermill.yield_event(DynamicOutput(key * 2, key))
            """,
        ),
        output_defs=[DynamicOutputDefinition(str)],
    )

    assert executed(work).output_for_solid("work") == {"a": "aa", "b": "bb"}


def test_a_cell_that_raises_fails_the_step_with_its_code_and_traceback(tmp_path: Path) -> None:
    path = notebook(tmp_path, "x = 1", "def look():\n    raise LookupError('no table')", "look()")
    result = executed(define_notebook_solid("work", path))

    text = failure_text(result)
    assert f"code cell 3 of {path} raised LookupError: no table" in text
    assert "    look()\n" in text
    assert "in look\n    raise LookupError('no table')" in text
    for ours in ("IPython", "dagsterlite/", "papermill/"):
        assert ours not in text
    outputs = [o for cell in kept_notebook(result)["cells"] for o in cell.get("outputs", ())]
    assert [o["ename"] for o in outputs if o["output_type"] == "error"] == ["LookupError"]


def test_in_process_the_error_is_raised(tmp_path: Path) -> None:
    work = define_notebook_solid("work", notebook(tmp_path, "1 / 0"))

    with pytest.raises(NotebookCellError, match="ZeroDivisionError") as caught:
        executed(work, raise_on_error=True)
    assert (caught.value.number, caught.value.source) == (1, "1 / 0")


def test_code_that_is_no_python_fails_the_step(tmp_path: Path) -> None:
    with pytest.raises(NotebookCellError, match="SyntaxError"):
        executed(define_notebook_solid("work", notebook(tmp_path, "1 +")), raise_on_error=True)


def test_failure_and_its_metadata_come_through(tmp_path: Path) -> None:
    work = define_notebook_solid(
        "work",
        notebook(
            tmp_path,
            """
            from dagsterlite import EventMetadataEntry, Failure
            raise Failure("too few", metadata_entries=[EventMetadataEntry.int(3, "rows")])
            """,
        ),
    )
    failure = work_of(executed(work)).failure_data

    assert failure is not None
    assert failure.user_failure_data is not None
    assert failure.user_failure_data.description == "too few"


def test_a_retry_that_a_cell_requests_is_made(tmp_path: Path) -> None:
    marker = tmp_path / "tried"
    work = define_notebook_solid(
        "work",
        notebook(
            tmp_path,
            f"""
            from pathlib import Path
            from dagsterlite import RetryRequested
            marker = Path({str(marker)!r})
            if not marker.exists():
                marker.touch()
                raise RetryRequested(max_retries=1)
            """,
        ),
    )
    result = executed(work)

    assert result.success
    assert work_of(result).retry_attempts == 1


def test_a_retry_policy_holds_for_what_a_cell_raises(tmp_path: Path) -> None:
    work = define_notebook_solid("work", notebook(tmp_path, "1 / 0"))

    @pipeline(solid_retry_policy=RetryPolicy(max_retries=1))
    def whole():
        work()

    result = execute_pipeline(whole, QUIET, raise_on_error=False)
    assert work_of(result).retry_attempts == 1


def test_a_kernel_that_dies_fails_the_step(tmp_path: Path) -> None:
    code = "os.write(2, b'out of memory\\n')\nos._exit(9)"
    work = define_notebook_solid("work", notebook(tmp_path, "import os", code, "1"))

    with pytest.raises(NotebookKernelError, match="died before the notebook's end") as caught:
        executed(work, raise_on_error=True)

    told = str(caught.value)
    # The notebook begins with the import of what it yields by.
    assert re.search(r"Code cell \d+ ran then:\n\n    os\.write.*\n    os\._exit\(9\)", told)
    assert told.endswith("What it said last:\nout of memory")
    assert "papermill/" not in told


def test_an_output_that_is_yielded_twice_or_never_fails_the_step(tmp_path: Path) -> None:
    twice = define_notebook_solid(
        "work",
        notebook(tmp_path, *(f"dagsterlite_papermill.yield_result({n})" for n in (1, 2))),
        output_defs=[OutputDefinition(int)],
    )
    assert "returned output 'result' multiple times" in failure_text(executed(twice))

    never = define_notebook_solid(
        "work", notebook(tmp_path, "1"), output_defs=[OutputDefinition(int)]
    )
    assert "did not return an output for non-optional output" in failure_text(executed(never))


def test_an_output_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    work = define_notebook_solid(
        "work",
        notebook(tmp_path, "dagsterlite_papermill.yield_result(1, 'reslut')"),
        output_defs=[OutputDefinition(int)],
    )

    assert "output 'reslut' that does not exist" in failure_text(executed(work))


def test_canceling_the_run_interrupts_the_cell_and_ends_the_kernel(tmp_path: Path) -> None:
    pid, done = tmp_path / "pid", tmp_path / "cleaned_up"
    url = str(tmp_path / "database")
    work = define_notebook_solid(
        "work",
        notebook(
            tmp_path,
            "context.resources.database",
            f"""
            import os, time
            from pathlib import Path
            Path({str(pid)!r}).write_text(str(os.getpid()))
            context.log.info("begun")
            try:
                while True:
                    time.sleep(0.01)
            finally:
                Path({str(done)!r}).touch()
            """,
        ),
        required_resource_keys={"database"},
    )
    instance = DagsterInstance.ephemeral()

    def cancel_when_begun() -> None:
        until = threading.Event()
        while not until.wait(0.05):
            for run in instance.get_runs():
                if any(e.user_message == "begun" for e in instance.all_logs(run.run_id)):
                    cancel_run(run.run_id, instance)
                    return

    canceling = threading.Thread(target=cancel_when_begun)
    canceling.start()
    executed(
        work,
        instance=instance,
        resources={"database": database},
        sections={"resources": {"database": {"config": {"url": url}}}},
    )
    canceling.join()

    (run,) = instance.get_runs()
    assert run.status is DagsterRunStatus.CANCELED
    assert done.exists()
    assert Path(url).read_text() == "closed"
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), signal.SIG_DFL)


def test_processes_that_a_cell_starts_are_not_of_the_step(tmp_path: Path) -> None:
    work = define_notebook_solid(
        "work",
        notebook(
            tmp_path,
            "import subprocess, sys",
            "code = 'import os; print([k for k in os.environ if k.endswith(\"NOTEBOOK_STEP\")])'",
            "told = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)",
            "dagsterlite_papermill.yield_result(told.stdout)",
        ),
        output_defs=[OutputDefinition(str)],
    )

    assert executed(work).output_for_solid("work") == "[]\n"
