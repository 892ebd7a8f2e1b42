from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from dagsterlite import (
    Backoff,
    DynamicOutput,
    DynamicOutputDefinition,
    Field,
    InputDefinition,
    List,
    ModeDefinition,
    PipelineDefinition,
    PresetDefinition,
    ResourceDefinition,
    RetryPolicy,
    StringSource,
    composite_solid,
    lambda_solid,
    pipeline,
    solid,
    success_hook,
)
from dagsterlite.api import create_execution_plan
from dagsterlite.plan.snapshot import pipeline_snapshot, plan_snapshot

CODE = """
from tests.test_plan.test_snapshot import make, plan_snapshot, pipeline_snapshot
from dagsterlite.api import create_execution_plan
import hashlib
text = pipeline_snapshot(make()) + plan_snapshot(create_execution_plan(make(), CONFIG))
print(hashlib.sha256(text.encode()).hexdigest())
"""
CONFIG: dict[str, Any] = {
    "resources": {"db": {"config": "x"}},
    "solids": {"read": {"config": {"path": {"env": "A_PATH"}}}},
}


def make(tag: str = "1") -> PipelineDefinition:
    @success_hook
    def tell(_context):
        pass

    @solid(
        config_schema={"path": StringSource, "n": Field(int, default_value=3)},
        version="v1",
        retry_policy=RetryPolicy(2, delay=1.5, backoff=Backoff.LINEAR),
    )
    def read(_context):
        return 1

    @lambda_solid(input_defs=[InputDefinition("xs", List)])
    def total(xs):
        return xs

    @composite_solid
    def both():
        return total([read.alias("x")(), read.alias("y")()])

    mode = ModeDefinition(resource_defs={"db": ResourceDefinition.string_resource()})

    @pipeline(mode_defs=[mode], preset_defs=[PresetDefinition("p")], tags={"team": tag})
    def graph():
        total([read.tag({"dagster/priority": 3}).with_hooks({tell})()])

    return graph


def test_the_same_pipeline_gives_the_same_text_in_every_process() -> None:
    code = CODE.replace(
        "CONFIG", "{'resources': {'db': 'x'}, 'solids': {'read': {'config': {'path': 'x'}}}}"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1


def test_a_changed_pipeline_gives_another_text() -> None:
    assert pipeline_snapshot(make()) == pipeline_snapshot(make())
    assert pipeline_snapshot(make()) != pipeline_snapshot(make("2"))


def test_a_pipelines_snapshot_tells_its_structure() -> None:
    found = json.loads(pipeline_snapshot(make()))
    assert found["name"] == "graph"
    assert found["graph"]["total"]["inputs"] == {"xs": ["read:result"]}
    assert found["graph"]["read"]["tags"] == {"dagster/priority": "3"}
    assert found["definitions"]["read"]["version"] == "v1"
    assert found["graph"]["read"]["hooks"] == ["tell"]
    assert found["graph"]["read"]["retry_policy"] is None
    assert found["definitions"]["read"]["retry_policy"] == {
        "max_retries": 2,
        "delay": 1.5,
        "backoff": "LINEAR",
        "jitter": None,
    }
    assert (found["hooks"], found["retry_policy"]) == ([], None)
    assert list(found["modes"]) == ["default"]
    assert found["presets"] == ["p"]


def test_snapshots_tell_what_is_dynamic() -> None:
    @solid(output_defs=[DynamicOutputDefinition(name="many")])
    def spread(_context):
        yield DynamicOutput(1, "a", "many")

    @lambda_solid
    def use(value):
        return value

    @pipeline
    def mapped():
        use.alias("all")(spread().map(use).collect())

    found = json.loads(pipeline_snapshot(mapped))
    assert found["definitions"]["spread"]["dynamic_outputs"] == ["many"]
    assert "dynamic_outputs" not in found["definitions"]["use"]
    assert found["graph"]["all"]["inputs"] == {"value": ["collect:use:result"]}
    steps = json.loads(plan_snapshot(create_execution_plan(mapped)))["steps"]
    assert set(steps) == {"spread.compute", "use.compute[?]", "all.compute"}


def test_a_plans_snapshot_tells_its_steps_and_holds_nothing_from_the_environment(
    monkeypatch,
) -> None:
    monkeypatch.setenv("A_PATH", "very-secret")
    text = plan_snapshot(create_execution_plan(make(), CONFIG))
    found = json.loads(text)
    assert list(found["steps"]) == ["read.compute", "total.compute"]
    assert found["steps"]["total.compute"]["inputs"] == {"xs": ["read.compute:result"]}
    assert "very-secret" not in text
