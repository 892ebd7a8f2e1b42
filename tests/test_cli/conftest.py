"""Files of pipelines as users write them."""

from __future__ import annotations

from pathlib import Path

import pytest

PIPELINES = '''
from dagsterlite import (
    Field, Int, ModeDefinition, PresetDefinition, ResourceDefinition, pipeline, resource, solid,
)


@solid(config_schema={"rows": Field(Int, default_value=3, description="How many rows.")})
def load(context):
    """Load rows."""
    context.log.info("loading")
    return list(range(context.solid_config["rows"]))


@solid
def count(_context, rows):
    print(f"counted {len(rows)}")
    return len(rows)


@pipeline(preset_defs=[PresetDefinition("one", {"solids": {"load": {"config": {"rows": 1}}}})])
def counting():
    """Count rows."""
    count(load())


@solid
def break_down(_context):
    raise ValueError("no rows")


@pipeline
def breaking():
    count(break_down())


@pipeline(
    mode_defs=[
        ModeDefinition(name, {"greeting": ResourceDefinition.hardcoded_resource(name)})
        for name in ("test", "prod")
    ]
)
def moded():
    load()
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a file of three pipelines in it."""
    place = tmp_path / "work"
    place.mkdir()
    (place / "pipelines.py").write_text(PIPELINES, encoding="utf-8")
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that is not made yet."""
    return tmp_path / "home"
