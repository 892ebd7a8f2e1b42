"""What an import of the package costs: names only, nothing heavy."""

from __future__ import annotations

import json

from tests.test_house.checkout import python

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
