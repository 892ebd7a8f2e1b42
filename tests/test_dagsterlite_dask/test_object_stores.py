"""Whole runs on clusters whose intermediates lie on servers of object stores."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    ModeDefinition,
    execute_pipeline,
    gcs_intermediate_storage,
    pipeline,
    reexecute_pipeline,
    s3_intermediate_storage,
    solid,
)
from dagsterlite.events.engine import StorageChosen
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite_fsspec.intermediates import FsspecIntermediateStorage
from tests.event_lists import assert_gap_free, logged
from tests.object_stores import (
    BUCKET,
    S3RVER,
    SECRET,
    ObjectStore,
    gcs_server,
    s3_server,
    strict_s3_server,
    using,
)
from tests.test_dagsterlite_dask.cluster import running_cluster
from tests.test_dagsterlite_dask.side import CONFIG, config_of, note, noted, wait_until

SOLIDS = ["first", "killed_once", "last"]
STEPS = [f"{name}.compute" for name in SOLIDS]


@solid(config_schema=CONFIG)
def first(context):
    note(context.solid_config["folder"], "first")
    return list(range(1000))


@solid(config_schema=CONFIG)
def killed_once(context, numbers):
    """End its own worker in the first copy, when the step before is committed."""
    if note(context.solid_config["folder"], "killed") == 1:
        # Where the driver commits, it does so once it has heard of the step's end.
        storage = context.get_step_execution_context().run_context.storage
        wait_until(lambda: storage.read_manifest("first.compute") is not None)
        os._exit(1)
    return numbers[-1]


@solid(config_schema=CONFIG)
def last(context, number):
    return number + note(context.solid_config["folder"], "last")


@pipeline(
    mode_defs=[
        ModeDefinition(
            intermediate_storage_defs=[s3_intermediate_storage, gcs_intermediate_storage]
        )
    ]
)
def chain():
    last(killed_once(first()))


SERVERS = {
    "s3": s3_server,
    "gcs": gcs_server,
    **({"s3rver": strict_s3_server} if S3RVER else {}),
}


@pytest.fixture(params=SERVERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    with SERVERS[request.param](tmp_path) as server, using(server) as used:
        yield used


def test_runs_on_an_object_store_survive_workers_and_are_executed_again_in_part(
    store: ObjectStore, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    takes_conditions = request.node.callspec.params["store"] == "s3"
    notes, home = tmp_path / "notes", tmp_path / "home"
    notes.mkdir()
    kind = "s3" if store.scheme == "s3" else "gcs"
    chosen = {kind: {"config": {f"{kind}_bucket": BUCKET, f"{kind}_prefix": "runs"}}}
    folder = tmp_path / "cluster"
    folder.mkdir()
    with (
        running_cluster(folder, workers=2, nanny=True) as cluster,
        DagsterInstance.local_temp(str(home)) as instance,
    ):
        config: dict[str, Any] = {
            **cluster.config(),
            **config_of(SOLIDS, notes),
            "intermediate_storage": chosen,
        }
        result = execute_pipeline(chain, config, instance=instance)
        assert result.output_for_solid("last") == 1000
        assert noted(notes) == {"first": 1, "killed": 2, "last": 1}
        assert_gap_free(logged(instance))
        again = reexecute_pipeline(
            chain, result.run_id, step_selection=["last"], run_config=config, instance=instance
        )
        assert again.output_for_solid("last") == 1001
        assert _commits_are_the_drivers(instance, result.run_id) is not takes_conditions
        instance.delete_run(again.run_id)

    storage = FsspecIntermediateStorage(f"{store.url}/runs", result.run_id)
    for key in STEPS:
        manifest = storage.read_manifest(key)
        assert manifest is not None
        assert len(manifest.entries) == manifest.receipt.entry_count
        assert manifest.entries[-1].get_dagster_event().is_step_success
    assert all(f"/{result.run_id}/" in path for path in store.objects())
    texts = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    assert not any(SECRET.encode() in text for text in [*texts, *store.objects().values()])


def _commits_are_the_drivers(instance: DagsterInstance, run_id: str) -> bool:
    events = instance.all_logs(run_id, DagsterEventType.ENGINE_EVENT)
    details = [entry.get_dagster_event().engine_event_data.detail for entry in events]
    return any(
        isinstance(detail, StorageChosen) and "the run's driver alone" in detail.reason
        for detail in details
    )
