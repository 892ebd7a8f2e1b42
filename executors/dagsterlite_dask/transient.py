"""Intermediates that are kept nowhere but in Dask's own memory."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from typing import Any, Final

import cloudpickle

from dagsterlite.errors import DagsterStorageError, DagsterUnpicklableOutputError
from dagsterlite.events.receipt import StoredOutput
from dagsterlite.stores import IntermediateStorage, StepManifest

_PLAIN: Final = frozenset({type(None), bool, int, float, complex, str, bytes})


class TransientStorage(IntermediateStorage):
    """Writes nothing: the value travels in the result of its step's task."""

    @property
    def is_persistent(self) -> bool:
        return False

    @property
    def address(self) -> str | None:
        return None

    def write_output(
        self, step_key: str, attempt_id: str, output_name: str, value: Any, codec: str | None = None
    ) -> StoredOutput:
        """Tell where the value is, after seeing that it can travel to where it is needed.

        Raises:
            DagsterUnpicklableOutputError: it cannot.
        """
        if type(value) not in _PLAIN:
            _check_travels(step_key, output_name, value)
        address = f"memory:{step_key}.{output_name}@{attempt_id}"
        return StoredOutput(output_name=output_name, address=address, codec="memory")

    def read_output(self, step_key: str, output: StoredOutput) -> Any:
        """Read nothing: what is not handed on is gone.

        Raises:
            DagsterStorageError: always.
        """
        message = (
            f"Output '{output.output_name}' of step '{step_key}' was kept in the cluster's memory "
            "only. Run with intermediate_storage filesystem to keep outputs beyond their use."
        )
        raise DagsterStorageError(message)

    def commit(self, manifest: StepManifest) -> StepManifest:
        return manifest

    def read_manifest(self, step_key: str) -> StepManifest | None:
        return None

    def discard(self, step_key: str, outputs: Iterable[StoredOutput]) -> None:
        return


def _check_travels(step_key: str, output_name: str, value: Any) -> None:
    try:
        _dump(pickle.dumps, value)
    except Exception:  # noqa: BLE001 - a value's own code decides what pickling it raises
        try:
            _dump(cloudpickle.dumps, value)
        except Exception as exc:
            reason = f"{type(exc).__name__}: {exc}"
            raise DagsterUnpicklableOutputError(step_key, output_name, value, reason) from exc


def _dump(dumps: Callable[..., bytes], value: Any) -> None:
    # Large buffers are looked at where they lie.
    dumps(value, protocol=pickle.HIGHEST_PROTOCOL, buffer_callback=lambda _buffer: None)
