"""Intermediates in an object store of the user's own: a few operations on keys are enough."""

from __future__ import annotations

import pickle
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

import cloudpickle

from dagsterlite.definitions.naming import check_label
from dagsterlite.definitions.storage import InitIntermediateStorageContext
from dagsterlite.errors import (
    DagsterCorruptObjectError,
    DagsterError,
    DagsterStorageError,
    DagsterUnpicklableOutputError,
    ParameterCheckError,
    shown,
    type_name,
)
from dagsterlite.events.payloads import ObjectStoreOperationType
from dagsterlite.events.receipt import StoredOutput
from dagsterlite.serdes import from_json, to_json
from dagsterlite.stores import IntermediateStorage, StepManifest


class Serialization(Protocol):
    """How an object becomes bytes and comes back."""

    @property
    def name(self) -> str:
        """Its name."""

    def serialize(self, value: Any, write_file_obj: Any) -> None:
        """Write a value into a binary file."""

    def deserialize(self, read_file_obj: Any) -> Any:
        """Return the value that stands in a binary file."""


@dataclass(frozen=True, kw_only=True)
class ObjectStoreOperation:
    """What an object store did."""

    op: ObjectStoreOperationType
    key: str
    #: Where a copy went.
    dest_key: str | None = None
    #: The object that was written or read.
    obj: Any = None
    serialization_strategy_name: str | None = None
    object_store_name: str | None = None


class ObjectStore(ABC):
    """Keeps objects under keys: the contract of stores that users write.

    Threads may share a store. What its methods raise is told as an error of the storage.

    Args:
        name: How messages and events call it.
        sep: What stands between the parts of a key.

    Raises:
        CheckError: an argument is no text, or blank.
    """

    def __init__(self, name: str, sep: str = "/") -> None:
        self.name = check_label("object store", name)
        self.sep = check_label(f"separator of object store '{name}'", sep)

    @abstractmethod
    def set_object(
        self, key: str, obj: Any, serialization_strategy: Serialization | None = None
    ) -> ObjectStoreOperation:
        """Keep an object, in place of one that stands under the key.

        Args:
            key: The key.
            obj: The object.
            serialization_strategy: Writes it into a binary file.
        """

    @abstractmethod
    def get_object(
        self, key: str, serialization_strategy: Serialization | None = None
    ) -> ObjectStoreOperation:
        """Return the object under a key, as ``obj`` of what was done.

        Args:
            key: The key.
            serialization_strategy: Reads it from a binary file.
        """

    @abstractmethod
    def has_object(self, key: str) -> bool:
        """Return whether an object stands under a key."""

    @abstractmethod
    def rm_object(self, key: str) -> ObjectStoreOperation:
        """Remove the object under a key."""

    @abstractmethod
    def cp_object(self, src: str, dst: str) -> ObjectStoreOperation:
        """Copy the object under the key ``src`` to the key ``dst``."""

    @abstractmethod
    def uri_for_key(self, key: str, protocol: str | None = None) -> str:
        """Return the address of a key, for people."""

    def key_for_paths(self, path_fragments: Sequence[str]) -> str:
        """Return the key whose parts are these texts.

        Raises:
            ParameterCheckError: they are no list of texts, or empty.
        """
        fragments = [path_fragments] if isinstance(path_fragments, str) else list(path_fragments)
        if not fragments or not all(isinstance(text, str) for text in fragments):
            owner, expected = f"object store '{self.name}'", "a list of texts, not empty"
            raise ParameterCheckError(owner, "path_fragments", expected, path_fragments)
        return self.sep.join(fragments)


def build_intermediate_storage_from_object_store(
    object_store: ObjectStore,
    init_context: InitIntermediateStorageContext,
    root_for_run_id: Callable[[str], str] | None = None,
) -> IntermediateStorage:
    """Return a storage that keeps a run's intermediates in an object store.

    Call it in a function under ``@intermediate_storage`` or ``@system_storage``.

    Args:
        object_store: The store.
        init_context: What the function was given.
        root_for_run_id: Returns the key below which a run's objects lie (default:
            ``dagster/storage/<run id>``).

    Raises:
        ParameterCheckError: ``object_store`` is no ObjectStore.
    """
    if not isinstance(object_store, ObjectStore):
        owner = "build_intermediate_storage_from_object_store"
        raise ParameterCheckError(owner, "object_store", "an ObjectStore", object_store)
    run_id = init_context.pipeline_run.run_id
    root = (
        object_store.key_for_paths(["dagster", "storage", run_id])
        if root_for_run_id is None
        else root_for_run_id(run_id)
    )
    is_persistent = init_context.intermediate_storage_def.is_persistent
    return ObjectStoreIntermediateStorage(object_store, root, is_persistent=is_persistent)


class ObjectStoreIntermediateStorage(IntermediateStorage):
    """Keeps the outputs of one run's steps in an object store.

    An object store has no way to write only where nothing stands. Of attempts in one process one
    manifest wins; of two that commit on different machines in the same moment, the later one.

    Args:
        object_store: The store.
        root: The key below which the run's objects lie.
        is_persistent: Whether they outlive the process.
    """

    def __init__(self, object_store: ObjectStore, root: str, *, is_persistent: bool) -> None:
        self._store = object_store
        self._root = root
        self._is_persistent = is_persistent
        self._committing = threading.Lock()

    @property
    def is_persistent(self) -> bool:
        return self._is_persistent

    @property
    def address(self) -> str | None:
        return self._store.uri_for_key(self._root) if self._is_persistent else None

    def _key(self, *names: str) -> str:
        return self._store.key_for_paths([self._root, *map(_part, names)])

    def write_output(
        self, step_key: str, attempt_id: str, output_name: str, value: Any, codec: str | None = None
    ) -> StoredOutput:
        """Write a value under a key of the attempt's own; ``codec`` has no say.

        Raises:
            DagsterUnpicklableOutputError: the value cannot be pickled.
            DagsterStorageError: the store refuses it.
        """
        key = self._key(step_key, attempt_id, output_name)
        try:
            self._set(key, value)
        except _UnpicklableError as exc:
            with suppress(DagsterStorageError):
                self._remove(key)
            raise DagsterUnpicklableOutputError(step_key, output_name, value, str(exc)) from exc
        return StoredOutput(output_name=output_name, address=key, codec=PICKLE.name)

    def read_output(self, step_key: str, output: StoredOutput) -> Any:
        """Return the value that ``output`` tells of, another run's too.

        Raises:
            DagsterCorruptObjectError: it is missing.
            DagsterStorageError: the store does not hand it out.
        """
        return self._get(output.address)

    def commit(self, manifest: StepManifest) -> StepManifest:
        """Write the step's manifest unless one stands; return the one that stands.

        Raises:
            DagsterSerdesError: an entry of the manifest is not JSON-able.
            DagsterStorageError: the store refuses it.
        """
        step_key = manifest.receipt.step_key
        with self._committing:
            if self.read_manifest(step_key) is None:
                self._set(self._key(step_key, _MANIFEST), to_json(manifest))
        standing = self.read_manifest(step_key)
        return manifest if standing is None else standing

    def read_manifest(self, step_key: str) -> StepManifest | None:
        key = self._key(step_key, _MANIFEST)
        if not self._has(key):
            return None
        text = self._get(key)
        try:
            manifest: StepManifest = from_json(text)
        except (DagsterError, TypeError) as exc:
            reason = f"it is not a manifest: {exc}"
            raise DagsterCorruptObjectError(self._store.uri_for_key(key), reason) from exc
        return manifest

    def discard(self, step_key: str, outputs: Iterable[StoredOutput]) -> None:
        """Remove what an attempt of the step wrote; what lies elsewhere belongs to others."""
        own = self._key(step_key) + self._store.sep
        for output in outputs:
            if output.address.startswith(own) and self._has(output.address):
                self._remove(output.address)

    # --- the store's own code ---

    def _set(self, key: str, obj: Any) -> None:
        self._call("write", key, lambda: self._store.set_object(key, obj, PICKLE))

    def _get(self, key: str) -> Any:
        if not self._has(key):
            raise DagsterCorruptObjectError(key, "it is missing")
        done = self._call("read", key, lambda: self._store.get_object(key, PICKLE))
        if not isinstance(done, ObjectStoreOperation):
            message = (
                f"Object store '{self._store.name}' returned {shown(done)} of type "
                f"{type_name(done)} from get_object; it must return an ObjectStoreOperation."
            )
            raise DagsterStorageError(message)
        return done.obj

    def _has(self, key: str) -> bool:
        return bool(self._call("look for", key, lambda: self._store.has_object(key)))

    def _remove(self, key: str) -> None:
        self._call("remove", key, lambda: self._store.rm_object(key))

    def _call(self, doing: str, key: str, operation: Callable[[], Any]) -> Any:
        try:
            return operation()
        except (DagsterError, _UnpicklableError):
            raise
        except Exception as exc:
            message = (
                f"Object store '{self._store.name}' could not {doing} '{key}': "
                f"{type(exc).__name__}: {exc}."
            )
            raise DagsterStorageError(message) from exc


_MANIFEST = "manifest"


def _part(name: str) -> str:
    """Return a name as one part of a key, whatever it holds."""
    text = quote(name, safe="", errors="surrogatepass")
    return text.replace(".", "%2E", 1) if text.startswith(".") else text


class _UnpicklableError(Exception):
    """A value cannot be pickled."""


class _Pickle:
    """Pickles, and by cloudpickle what pickle refuses or only this process knows."""

    @property
    def name(self) -> str:
        return "pickle"

    def serialize(self, value: Any, write_file_obj: Any) -> None:
        write_file_obj.write(_pickled(value))

    def deserialize(self, read_file_obj: Any) -> Any:
        return pickle.load(read_file_obj)


PICKLE: Serialization = _Pickle()
"""How a storage has an object store serialize what it keeps."""


def _pickled(value: Any) -> bytes:
    with suppress(Exception):
        data = pickle.dumps(value, protocol=5)
        # To the process that reads it, the main module is another one.
        if b"__main__" not in data:
            return data
    try:
        pickled: bytes = cloudpickle.dumps(value, protocol=5)
    except Exception as exc:
        raise _UnpicklableError(f"{type(exc).__name__}: {exc}") from exc
    return pickled
