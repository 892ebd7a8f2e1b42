"""A storage of the user's own on a cluster: made by each worker, found by all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    ModeDefinition,
    ObjectStore,
    ObjectStoreOperation,
    ObjectStoreOperationType,
    build_intermediate_storage_from_object_store,
    execute_pipeline,
    intermediate_storage,
    pipeline,
    solid,
)
from dagsterlite.errors import DagsterStorageNotSharedError
from tests.event_lists import assert_gap_free, logged
from tests.test_dagsterlite_dask.cluster import Cluster
from tests.test_dagsterlite_dask.side import CONFIG, config_of, note, noted


class FolderStore(ObjectStore):
    """Keeps each object as a file."""

    def __init__(self, folder):
        super().__init__("folder")
        self._folder = folder

    def _path(self, key):
        return os.path.join(self._folder, key)

    def _done(self, op, key, obj=None):
        return ObjectStoreOperation(op=op, key=key, obj=obj, object_store_name=self.name)

    def set_object(self, key, obj, serialization_strategy=None):
        os.makedirs(os.path.dirname(self._path(key)), exist_ok=True)
        with open(self._path(key), "wb") as file:
            serialization_strategy.serialize(obj, file)
        return self._done(ObjectStoreOperationType.SET_OBJECT, key, obj)

    def get_object(self, key, serialization_strategy=None):
        with open(self._path(key), "rb") as file:
            obj = serialization_strategy.deserialize(file)
        return self._done(ObjectStoreOperationType.GET_OBJECT, key, obj)

    def has_object(self, key):
        return os.path.exists(self._path(key))

    def rm_object(self, key):
        os.unlink(self._path(key))
        return self._done(ObjectStoreOperationType.RM_OBJECT, key)

    def cp_object(self, src, dst):
        raise AssertionError("no run copies")

    def uri_for_key(self, key, protocol=None):
        return f"file://{self._path(key)}"


@intermediate_storage(name="folder", config_schema={"folder": str})
def folder_storage(init_context):
    store = FolderStore(init_context.intermediate_storage_config["folder"])
    return build_intermediate_storage_from_object_store(store, init_context)


@intermediate_storage(name="own_folder")
def own_folder_storage(init_context):
    """Not shared: each process has one of its own."""
    store = FolderStore(os.path.join(init_context.artifacts_dir, str(os.getpid())))
    return build_intermediate_storage_from_object_store(store, init_context)


@solid(config_schema=CONFIG)
def first(context):
    note(context.solid_config["folder"], "first")
    return 1


@solid(config_schema=CONFIG)
def killed_once(context, number):
    """End its own worker in the first copy, when the step before is committed."""
    if note(context.solid_config["folder"], "killed") == 1:
        os._exit(1)
    return number + 1


@pipeline(
    mode_defs=[ModeDefinition(intermediate_storage_defs=[folder_storage, own_folder_storage])]
)
def chain():
    killed_once(first())


def test_committed_steps_run_once_with_a_storage_of_the_users_own(
    cluster: Cluster, tmp_path: Path
) -> None:
    notes, store = tmp_path / "notes", tmp_path / "store"
    notes.mkdir()
    config: dict[str, Any] = {
        **cluster.config(),
        **config_of(["first", "killed_once"], notes),
        "intermediate_storage": {"folder": {"config": {"folder": str(store)}}},
    }
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(chain, config, instance=instance)

        assert result.output_for_solid("killed_once") == 2
        assert noted(notes) == {"first": 1, "killed": 2}
        assert_gap_free(logged(instance))
    run_folder = store / "dagster" / "storage" / result.run_id
    assert (run_folder / "killed_once.compute" / "manifest").exists()


def test_a_storage_that_workers_do_not_share_is_told_before_anything_runs(
    cluster: Cluster, tmp_path: Path
) -> None:
    config: dict[str, Any] = {
        **cluster.config(),
        **config_of(["first", "killed_once"], tmp_path),
        "intermediate_storage": {"own_folder": {}},
    }
    with pytest.raises(DagsterStorageNotSharedError):
        execute_pipeline(chain, config)

    assert noted(tmp_path) == {}
