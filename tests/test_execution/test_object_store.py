"""Storages that users write, on the documents alone."""

from __future__ import annotations

import threading
from io import BytesIO
from typing import Any

import pytest

from dagsterlite import (
    CheckError,
    DagsterInstance,
    DagsterInvariantViolationError,
    DagsterStorageError,
    DagsterUnpicklableOutputError,
    InitSystemStorageContext,
    ModeDefinition,
    ObjectStore,
    ObjectStoreOperation,
    ObjectStoreOperationType,
    SystemStorageData,
    build_intermediate_storage_from_object_store,
    execute_pipeline,
    gcs_intermediate_storage,
    gcs_system_storage,
    intermediate_storage,
    pipeline,
    resource,
    s3_intermediate_storage,
    s3_system_storage,
    solid,
    system_storage,
)
from dagsterlite.errors import DagsterCorruptObjectError
from dagsterlite.execution.object_store import PICKLE, ObjectStoreIntermediateStorage
from dagsterlite.stores import IntermediateStorage
from tests.contracts.intermediate_storage import STEP, IntermediateStorageSuite, manifest_of
from tests.event_lists import of_step

QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class DictStore(ObjectStore):
    """Keeps bytes in a dict."""

    def __init__(self):
        super().__init__("dict")
        self.objects: dict[str, bytes] = {}

    def _done(self, op, key, **more):
        return ObjectStoreOperation(op=op, key=key, object_store_name=self.name, **more)

    def set_object(self, key, obj, serialization_strategy=None):
        file = BytesIO()
        serialization_strategy.serialize(obj, file)
        self.objects[key] = file.getvalue()
        return self._done(ObjectStoreOperationType.SET_OBJECT, key, obj=obj)

    def get_object(self, key, serialization_strategy=None):
        obj = serialization_strategy.deserialize(BytesIO(self.objects[key]))
        return self._done(ObjectStoreOperationType.GET_OBJECT, key, obj=obj)

    def has_object(self, key):
        return key in self.objects

    def rm_object(self, key):
        del self.objects[key]
        return self._done(ObjectStoreOperationType.RM_OBJECT, key)

    def cp_object(self, src, dst):
        self.objects[dst] = self.objects[src]
        return self._done(ObjectStoreOperationType.CP_OBJECT, src, dest_key=dst)

    def uri_for_key(self, key, protocol=None):
        return f"{protocol or 'dict'}://{key}"


class TestObjectStoreIntermediateStorage(IntermediateStorageSuite):
    @pytest.fixture
    def storage(self) -> IntermediateStorage:
        return ObjectStoreIntermediateStorage(DictStore(), "root", is_persistent=True)


def stored(store: ObjectStore) -> IntermediateStorage:
    return ObjectStoreIntermediateStorage(store, "root", is_persistent=True)


# --- in a run ------------------------------------------------------------------------------------


@solid
def one(_context):
    return 1


@solid
def add_one(_context, number):
    return number + 1


def numbers_in(mode: ModeDefinition) -> Any:
    @pipeline(mode_defs=[mode])
    def numbers():
        add_one(one())

    return numbers


def test_a_run_keeps_its_intermediates_in_a_store_of_the_users_own() -> None:
    store = DictStore()

    @intermediate_storage(name="mine", config_schema={"root": str})
    def mine(init_context):
        root = init_context.intermediate_storage_config["root"]
        return build_intermediate_storage_from_object_store(
            store, init_context, root_for_run_id=lambda run_id: f"{root}/{run_id}"
        )

    config = {"intermediate_storage": {"mine": {"config": {"root": "lake"}}}}
    result = execute_pipeline(
        numbers_in(ModeDefinition(intermediate_storage_defs=[mine])), {**QUIET, **config}
    )

    assert result.output_for_solid("add_one") == 2
    root = f"lake/{result.run_id}"
    assert f"{root}/one.compute/manifest" in store.objects
    assert all(key.startswith(root) for key in store.objects)
    kept = next(e for e in result.event_list if e.event_type_value == "OBJECT_STORE_OPERATION")
    assert kept.object_store_operation_result_data.address in store.objects


def test_a_system_storage_is_written_the_same_way() -> None:
    store = DictStore()
    contexts: list[InitSystemStorageContext] = []

    @resource
    def token(_context):
        return "t"

    @system_storage(
        required_resource_keys={"token"}, name="mine", is_persistent=False, config_schema={"n": int}
    )
    def mine(init_context):
        contexts.append(init_context)
        return SystemStorageData(
            intermediate_storage=build_intermediate_storage_from_object_store(store, init_context)
        )

    mode = ModeDefinition("m", resource_defs={"token": token}, system_storage_defs=[mine])
    instance = DagsterInstance.ephemeral()
    definition = numbers_in(mode)
    config = {"storage": {"mine": {"config": {"n": 3}}}}
    result = execute_pipeline(definition, {**QUIET, **config}, instance=instance)

    assert result.output_for_solid("add_one") == 2
    assert f"dagster/storage/{result.run_id}/one.compute/manifest" in store.objects
    (context,) = contexts
    assert context.system_storage_config == context.intermediate_storage_config == {"n": 3}
    assert context.system_storage_def is context.intermediate_storage_def is mine
    assert context.resources.token == "t"
    assert context.instance is instance
    assert (context.pipeline_def, context.mode_def) == (definition, mode)
    assert context.environment_config.mode == "m"
    assert context.pipeline_run.run_id == result.run_id


def test_what_makes_no_storage_is_refused() -> None:
    @intermediate_storage(name="mine")
    def mine(_context):
        return "no storage"

    with pytest.raises(DagsterInvariantViolationError, match="'mine' returned 'no storage'"):
        execute_pipeline(numbers_in(ModeDefinition(intermediate_storage_defs=[mine])), QUIET)


def test_what_is_no_object_store_is_refused() -> None:
    @intermediate_storage(name="mine")
    def mine(init_context):
        return build_intermediate_storage_from_object_store({}, init_context)  # type: ignore[arg-type]

    with pytest.raises(CheckError, match="'object_store' must be an ObjectStore"):
        execute_pipeline(numbers_in(ModeDefinition(intermediate_storage_defs=[mine])), QUIET)


# --- the store -----------------------------------------------------------------------------------


def test_keys_are_made_of_their_parts() -> None:
    store = DictStore()

    assert store.key_for_paths(["a", "b"]) == "a/b"
    assert store.uri_for_key("a/b") == "dict://a/b"
    for wrong in ([], [1], ["a", None]):
        with pytest.raises(CheckError, match="path_fragments"):
            store.key_for_paths(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [None, "", " ", 3])
def test_a_store_has_a_name(name: Any) -> None:
    class Named(DictStore):
        def __init__(self):
            ObjectStore.__init__(self, name)

    with pytest.raises(CheckError, match="object store: argument 'name'"):
        Named()


def test_what_cannot_be_pickled_leaves_nothing_behind() -> None:
    store = DictStore()

    with pytest.raises(DagsterUnpicklableOutputError, match="Output 'result' of step"):
        stored(store).write_output(STEP, "a", "result", threading.Lock())

    assert store.objects == {}


def test_what_a_store_raises_is_told_with_its_name_and_the_key() -> None:
    class Refuses(DictStore):
        def set_object(self, key, obj, serialization_strategy=None):
            raise PermissionError("not you")

    with pytest.raises(DagsterStorageError, match="'dict' could not write 'root/load"):
        stored(Refuses()).write_output(STEP, "a", "n", 1)


def test_a_failing_store_fails_the_step() -> None:
    class Refuses(DictStore):
        def set_object(self, key, obj, serialization_strategy=None):
            raise PermissionError("not you")

    @intermediate_storage(name="mine")
    def mine(init_context):
        return build_intermediate_storage_from_object_store(Refuses(), init_context)

    definition = numbers_in(ModeDefinition(intermediate_storage_defs=[mine]))
    result = execute_pipeline(definition, QUIET, raise_on_error=False)

    assert of_step(result, "one") == ["STEP_START", "STEP_OUTPUT", "STEP_FAILURE"]


def test_an_answer_of_another_kind_is_told() -> None:
    class Answers(DictStore):
        def get_object(self, key, serialization_strategy=None):
            return 3

    storage = stored(Answers())
    output = storage.write_output(STEP, "a", "n", 1)

    with pytest.raises(DagsterStorageError, match="must return an ObjectStoreOperation"):
        storage.read_output(STEP, output)


def test_a_damaged_manifest_is_told_by_its_address() -> None:
    store = DictStore()
    storage = stored(store)
    storage.commit(manifest_of(STEP, "a"))
    (key,) = store.objects
    store.set_object(key, "no manifest", PICKLE)

    with pytest.raises(DagsterCorruptObjectError, match=f"dict://{key}"):
        storage.read_manifest(STEP)


# --- buckets -------------------------------------------------------------------------------------


def test_the_storages_of_buckets_lie_below_their_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    bases: list[str] = []

    def in_memory(
        base: str, run_id: str, options: object, *, strategies: object
    ) -> IntermediateStorage:
        bases.append(base)
        return stored(DictStore())

    monkeypatch.setattr("dagsterlite_fsspec.intermediates.FsspecIntermediateStorage", in_memory)
    mode = ModeDefinition(
        intermediate_storage_defs=[s3_intermediate_storage, gcs_intermediate_storage],
        system_storage_defs=[s3_system_storage, gcs_system_storage],
    )
    for section, store, config in [
        ("intermediate_storage", "s3", {"s3_bucket": "b"}),
        ("intermediate_storage", "gcs", {"gcs_bucket": "b", "gcs_prefix": "/deep/down/"}),
        ("storage", "s3", {"s3_bucket": "b", "s3_prefix": "p"}),
        ("storage", "gcs", {"gcs_bucket": "b"}),
    ]:
        execute_pipeline(numbers_in(mode), {**QUIET, section: {store: {"config": config}}})

    assert bases == ["s3://b/dagster", "gs://b/deep/down", "s3://b/p", "gs://b/dagster"]
