from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    CheckError,
    DagsterInstance,
    DagsterInvalidSubsetError,
    DagsterInvariantViolationError,
    PipelineDefinition,
    PipelineOrigin,
    ReconstructablePipeline,
    build_reconstructable_pipeline,
    execute_pipeline,
    pipeline,
    reconstructable,
)
from dagsterlite.errors import DagsterPipelineLoadError
from dagsterlite.serdes import from_json, to_json
from tests.test_execution import pipelines_to_find as there

MODULE = there.__name__


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget after each test where modules were looked for."""
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.mark.parametrize(
    ("target", "name"),
    [(there.found, "found"), (there.make, "made"), (there.found_job, "found_job")],
)
def test_a_pipeline_and_a_function_that_returns_one_can_be_made_anew(
    target: Any, name: str
) -> None:
    made = reconstructable(target)
    assert isinstance(made, ReconstructablePipeline)
    assert made.get_definition().name == name
    assert from_json(to_json(made.origin)) == made.origin
    assert pickle.loads(pickle.dumps(made)) == made
    assert reconstructable(made) is made  # type: ignore[arg-type]


def test_a_function_is_called_with_what_it_was_built_with() -> None:
    made = build_reconstructable_pipeline(MODULE, "make_named", ("ab",), {"doubled": True})
    origin = from_json(to_json(made.origin))
    assert ReconstructablePipeline(origin).get_definition().name == "abab"


def test_it_is_made_once() -> None:
    made = build_reconstructable_pipeline(MODULE, "make")
    assert made.get_definition() is made.get_definition()


def test_a_part_of_it_is_selected() -> None:
    whole = reconstructable(there.found)
    part = whole.subset_for_execution(["*add_one"]).subset_for_execution(["one"])
    assert part.get_definition().solid_names == ["one"]
    assert whole.get_definition().solid_names == ["one", "add_one"]
    assert part.subset_for_execution(None).get_definition() is not None
    with pytest.raises(DagsterInvalidSubsetError, match="'on'"):
        whole.subset_for_execution(["on"])
    with pytest.raises(CheckError, match="'solid_selection' must be a list"):
        whole.subset_for_execution("one")


def nested() -> PipelineDefinition:
    @pipeline
    def inside():
        there.one()

    return inside


def local_function() -> Any:
    def make():
        raise NotImplementedError

    return make


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (lambda: there.built_by_hand, "it is a lambda"),
        (there.bound_elsewhere, "it is a lambda"),
        (nested(), "'nested.<locals>.inside' stands in a nested scope"),
        (local_function(), "stands in a nested scope"),
        (there.built_by_hand, "was not made by a function under @pipeline"),
        (there.takes_an_argument, "takes arguments"),
    ],
)
def test_what_no_other_process_would_find_is_refused(target: Any, why: str) -> None:
    with pytest.raises(DagsterInvariantViolationError, match=why) as caught:
        reconstructable(target)
    assert "build_reconstructable_pipeline" in str(caught.value)


def test_what_stands_under_its_name_no_more_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    target = there.make
    monkeypatch.setattr(there, "make", there.make_named)
    with pytest.raises(DagsterInvariantViolationError, match="is another object"):
        reconstructable(target)


def test_what_was_defined_in_a_repl_is_refused() -> None:
    code = (
        "from dagsterlite import pipeline, lambda_solid, reconstructable\n"
        "@lambda_solid\ndef one(): return 1\n"
        "@pipeline\ndef p(): one()\n"
        "try:\n    reconstructable(p)\n"
        "except Exception as exc:\n    print(type(exc).__name__, exc)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.startswith("DagsterInvariantViolationError")
    assert "REPL or notebook" in answer.stdout


@pytest.mark.parametrize("target", [None, 3, "found"])
def test_what_is_neither_pipeline_nor_function_is_refused(target: Any) -> None:
    with pytest.raises(CheckError, match="'target' must be a pipeline, or a function"):
        reconstructable(target)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, "make"), "'reconstructor_module_name' must be a text"),
        ((MODULE, there.make), "'reconstructor_function_name' must be a text"),
        ((MODULE, "make_named", "ab"), "'reconstructable_args' must be a tuple or list"),
        ((MODULE, "make_named", ("ab",), ["x"]), "'reconstructable_kwargs' must be a dict"),
        ((MODULE, "make_named", (), {3: 4}), "'reconstructable_kwargs' must be a dict"),
        ((MODULE, "make_named", (object(),)), "'reconstructable_args' must hold what JSON keeps"),
        ((MODULE, "make_named", (), {"name": (1,)}), "'reconstructable_kwargs' must hold what"),
    ],
)
def test_misuse_of_the_builder_is_told_at_once(arguments: Any, message: str) -> None:
    with pytest.raises(CheckError, match=message):
        build_reconstructable_pipeline(*arguments)


def test_what_is_not_there_or_no_pipeline_is_told_when_it_is_made() -> None:
    with pytest.raises(DagsterPipelineLoadError, match=r"no such attribute. Did you mean 'make'"):
        build_reconstructable_pipeline(MODULE, "makke").get_definition()
    with pytest.raises(DagsterPipelineLoadError, match="no_such_module:make cannot be imported"):
        build_reconstructable_pipeline("no_such_module", "make").get_definition()
    with pytest.raises(DagsterInvariantViolationError, match="it gave 3 of type int"):
        build_reconstructable_pipeline(MODULE, "gives_no_pipeline").get_definition()
    origin = PipelineOrigin(python_file="/no/such/file.py", attribute="make")
    with pytest.raises(DagsterPipelineLoadError, match="There is no file"):
        ReconstructablePipeline(origin).get_definition()


SCRIPT = """
from dagsterlite import DagsterInstance, execute_pipeline, lambda_solid, pipeline, reconstructable
import sys

@lambda_solid
def one(): return 1

@pipeline
def scripted(): one()

if __name__ == "__main__":
    with DagsterInstance.local_temp(sys.argv[1]) as instance:
        assert execute_pipeline(reconstructable(scripted), instance=instance).success
"""


def test_a_script_s_pipeline_is_made_anew_from_the_run_s_origin(tmp_path: Path) -> None:
    script = tmp_path / "the script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    home = str(tmp_path / "home")
    subprocess.run([sys.executable, script, home], check=True)
    with DagsterInstance.local_temp(home) as instance:
        (run,) = instance.get_runs()
        made = ReconstructablePipeline(run.external_pipeline_origin)
        assert made.get_definition().name == "scripted"
        assert execute_pipeline(made, instance=instance).success


def test_a_module_that_runs_as_the_main_one_is_found_by_its_name(tmp_path: Path) -> None:
    package = tmp_path / "my_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "mine.py").write_text(SCRIPT, encoding="utf-8")
    home = str(tmp_path / "home")
    subprocess.run([sys.executable, "-m", "my_package.mine", home], cwd=tmp_path, check=True)
    with DagsterInstance.local_temp(home) as instance:
        (run,) = instance.get_runs()
    assert run.external_pipeline_origin.module_name == "my_package.mine"
    assert run.external_pipeline_origin.working_directory == str(tmp_path)


def test_each_function_takes_what_gives_a_pipeline() -> None:
    instance = DagsterInstance.ephemeral()
    part = reconstructable(there.found).subset_for_execution(["one"])
    result = execute_pipeline(part, instance=instance)
    assert [r.solid.name for r in result.solid_result_list] == ["one"]
    (run,) = instance.get_runs()
    assert run.solid_selection == ("one",)
    assert run.external_pipeline_origin == part.origin
    with pytest.raises(CheckError, match="differs from the one that the pipeline is cut down to"):
        execute_pipeline(part, solid_selection=["*add_one"])


def test_a_pipeline_at_hand_names_no_origin() -> None:
    instance = DagsterInstance.ephemeral()
    execute_pipeline(there.found, instance=instance)
    assert instance.get_runs()[0].external_pipeline_origin is None
