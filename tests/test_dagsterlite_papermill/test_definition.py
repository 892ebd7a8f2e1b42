"""Solids made from notebooks, well and badly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cloudpickle
import pytest

from dagsterlite import (
    DagsterInvalidDefinitionError,
    Field,
    InputDefinition,
    Int,
    OutputDefinition,
    ParameterCheckError,
    Permissive,
)
from dagsterlite_papermill import NotebookCellError, define_notebook_solid
from dagsterlite_papermill.definition import parameters_of_config
from dagsterlite_papermill.source import NotebookSource
from tests.test_dagsterlite_papermill.notebooks_of import notebook


def test_a_notebook_becomes_a_solid_with_all_that_it_was_given(tmp_path: Path) -> None:
    made = define_notebook_solid(
        "work",
        notebook(tmp_path, "1"),
        [InputDefinition("rows", Int)],
        [OutputDefinition(Int)],
        {"factor": int},
        {"database"},
        "Works.",
        {"team": "a"},
    )

    assert (made.name, made.description) == ("work", "Works.")
    assert list(made.input_dict) == ["rows"]
    assert list(made.output_dict) == ["result"]
    assert made.required_resource_keys == {"database"}
    assert dict(made.tags) == {"kind": "ipynb", "team": "a"}


def test_it_describes_itself_by_the_file(tmp_path: Path) -> None:
    made = define_notebook_solid("work", str(notebook(tmp_path, "1")))

    assert made.description == "The notebook work.ipynb."
    assert not made.output_defs


@pytest.mark.parametrize(
    ("schema", "names"),
    [
        (None, []),
        ({"rows": int, "max-rows": int, "class": int, "context": int}, ["rows"]),
        (Permissive({"rows": int}), ["rows"]),
        (int, ["config"]),
        (Field([str], is_required=False), ["config"]),
    ],
)
def test_config_becomes_parameters(tmp_path: Path, schema: Any, names: list[str]) -> None:
    made = define_notebook_solid("work", notebook(tmp_path, "1"), config_schema=schema)

    assert parameters_of_config(made) == names


def test_an_input_and_a_config_field_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DagsterInvalidDefinitionError, match="'rows' is the name of an input and"):
        define_notebook_solid(
            "work",
            notebook(tmp_path, "1"),
            [InputDefinition("rows", Int)],
            config_schema={"rows": int},
        )


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DagsterInvalidDefinitionError, match=r"'work': the notebook .*gone\.ipynb"):
        define_notebook_solid("work", tmp_path / "gone.ipynb")


@pytest.mark.parametrize("text", ["", "[]", '{"worksheets": []}', "print(1)"])
def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "work.ipynb"
    path.write_text(text)

    with pytest.raises(DagsterInvalidDefinitionError, match=r"work\.ipynb is no notebook"):
        define_notebook_solid("work", path)


def test_another_language_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "work.ipynb"
    path.write_text(json.dumps({"cells": [], "metadata": {"kernelspec": {"language": "R"}}}))

    with pytest.raises(DagsterInvalidDefinitionError, match="is in R; only Python can be a step"):
        define_notebook_solid("work", path)


def test_a_path_that_is_none_is_refused() -> None:
    with pytest.raises(ParameterCheckError, match="'notebook_path' must be a path, not 3"):
        define_notebook_solid("work", 3)  # type: ignore[arg-type]


def test_the_file_is_read_anew_until_it_is_sent_elsewhere(tmp_path: Path) -> None:
    source = NotebookSource("it", notebook(tmp_path, "first"))
    sent = cloudpickle.loads(cloudpickle.dumps(source))
    notebook(tmp_path, "second")

    assert source.cells()["cells"][0]["source"] == ["second"]
    assert sent.cells()["cells"][0]["source"] == ["first"]
    (tmp_path / "work.ipynb").unlink()
    assert cloudpickle.loads(cloudpickle.dumps(sent)).cells() == sent.cells()


def test_a_cells_error_travels() -> None:
    error = NotebookCellError("a.ipynb", 3, "x\ny", "ValueError: no", "Traceback …")
    copy = cloudpickle.loads(cloudpickle.dumps(error))

    assert str(copy) == str(error)
    assert (copy.path, copy.number, copy.source) == ("a.ipynb", 3, "x\ny")
    assert "code cell 3 of a.ipynb raised ValueError: no\n\n    x\n    y" in str(copy)
