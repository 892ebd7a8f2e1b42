"""The package's public face: what it hands on, and what an import of it costs."""

from __future__ import annotations

import ast
import json
from importlib import import_module

import pytest

import dagsterlite
from tests.test_house.checkout import ROOT, python

HEAVY = (
    "alembic",
    "click",
    "dask",
    "distributed",
    "fsspec",
    "gcsfs",
    "matplotlib",
    "numpy",
    "pandas",
    "rich",
    "s3fs",
    "sqlalchemy",
)


def heavy_after(code: str) -> list[str]:
    """Return which heavy packages stand in a new interpreter after ``code``."""
    report = f"import json, sys; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    result = python("-c", f"{code}\n{report}")
    assert result.returncode == 0, result.stderr
    loaded: list[str] = json.loads(result.stdout)
    return loaded


def test_the_import_loads_nothing_heavy() -> None:
    assert heavy_after("import dagsterlite") == []


def test_no_public_name_loads_anything_heavy() -> None:
    every_name = "import dagsterlite\nfor name in dagsterlite.__all__: getattr(dagsterlite, name)"

    assert heavy_after(every_name) == []


def test_a_heavy_import_would_be_seen() -> None:
    assert heavy_after("import fsspec") == ["fsspec"]


def test_the_stub_names_what_the_package_hands_on_and_from_where() -> None:
    stub = ast.parse((ROOT / "dagsterlite" / "__init__.pyi").read_text(encoding="utf-8"))
    imported = {
        alias.asname: (node.module, alias.name)
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if node.module != "__future__"
    }
    (listed,) = (
        ast.literal_eval(node.value)
        for node in stub.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and node.value is not None
        and "__all__" in ast.unparse(node)
    )

    table = vars(dagsterlite)["_NAMES_OF"]
    handed_on = {name: (module, name) for module, names in table.items() for name in names}
    assert imported == handed_on
    assert listed == sorted(handed_on) == dagsterlite.__all__


def test_no_name_of_the_package_itself_hides_one_that_it_hands_on() -> None:
    handed_on = {
        name: getattr(import_module(module), name)
        for module, names in vars(dagsterlite)["_NAMES_OF"].items()
        for name in names
    }
    hidden = [name for name, value in handed_on.items() if getattr(dagsterlite, name) is not value]
    assert hidden == []


def test_programs_of_before_find_dynamic_outputs_where_these_stood() -> None:
    experimental = import_module("dagsterlite.experimental")

    for name in experimental.__all__:
        assert getattr(experimental, name) is getattr(dagsterlite, name)


def test_programs_of_before_find_what_they_silence_and_annotate() -> None:
    assert issubclass(dagsterlite.ExperimentalWarning, Warning)
    assert dagsterlite.DagsterTypeLoaderContext is dagsterlite.TypeCheckContext
    assert dagsterlite.DagsterTypeMaterializerContext is dagsterlite.TypeCheckContext


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("execution.context.compute", "AbstractComputeExecutionContext"),
        ("execution.context.compute", "SolidExecutionContext"),
        ("execution.context.compute", "SystemComputeExecutionContext"),
        ("execution.context.init", "InitResourceContext"),
        ("execution.build_resources", "build_resources"),
        ("errors", "DagsterInvalidConfigError"),
        ("instance", "DagsterInstance"),
    ],
)
def test_what_documents_name_by_a_path_is_found_there(path: str, name: str) -> None:
    module = import_module(f"dagsterlite.core.{path}")

    assert getattr(module, name) is getattr(dagsterlite, name)
    assert name in dir(module)
