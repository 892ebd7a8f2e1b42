"""The outputs that a recorded run has stored, found without its pipeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dagsterlite import plugins
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.payloads import ObjectStoreOperationType
from dagsterlite.events.receipt import StoredOutput
from dagsterlite.instance import DagsterInstance
from dagsterlite.instance.storage_options import storage_options
from dagsterlite.runs import DagsterRun


@dataclass(frozen=True, kw_only=True)
class KeptOutput:
    """One stored output of a step, or one value of a dynamic output."""

    run_id: str
    step_key: str
    #: The output's name; for a value of a dynamic output its mapping key stands behind it.
    label: str
    stored: StoredOutput
    #: The run's config as given, which says how to open what it stored.
    run_config: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def load(self) -> Any:
        """Return the value.

        Raises:
            DagsterCorruptObjectError: it is missing, cut short, or not what was written.
            DagsterUnknownCodecError: its type's strategy wrote it, which its pipeline brings.
            DagsterOutputsUnreachableError: the run's ``storage_options`` name variables of the
                environment that are not set here.
            DagsterStorageError: it cannot be reached, or needs code that is not here.
        """
        return self._storage().read_output(self.step_key, self.stored)

    def copy(self, path: str) -> None:
        """Copy it as it is stored to a new file of this machine, or folder if it is one.

        Raises:
            DagsterStorageError: as :meth:`load`.
            FileExistsError: the path is there already.
            OSError: it cannot be written to.
        """
        self._storage().copy_output(self.stored, path)

    def _storage(self) -> Any:
        folder = self.stored.address.rpartition("/")[0]
        options = storage_options(self.run_id, self.run_config, folder)
        return plugins.load("fs_intermediates")(folder, self.run_id, options)


def kept_outputs(instance: DagsterInstance, run_id: str) -> list[KeptOutput]:
    """Return what the steps of a run have stored beyond their process, in the order stored.

    What it took over from the runs before it is found there.

    Raises:
        DagsterRunNotFoundError: there is no such run.
    """
    run = instance.require_run(run_id).dagster_run
    return list(_outputs(instance, run))


def _outputs(instance: DagsterInstance, run: DagsterRun) -> Iterator[KeptOutput]:
    kinds = [DagsterEventType.OBJECT_STORE_OPERATION, DagsterEventType.STEP_SUCCESS]
    entries = instance.all_logs(run.run_id, kinds)
    # What an attempt stored that failed or stood back was removed again.
    accepted = {e.attempt_id for e in entries if e.get_dagster_event().is_step_success}
    for entry in entries:
        event = entry.get_dagster_event()
        if event.is_step_success or entry.attempt_id not in accepted:
            continue
        data = event.object_store_operation_result_data
        is_kept = data.op is ObjectStoreOperationType.SET_OBJECT and data.metadata_entries
        if is_kept and data.address is not None and data.codec is not None:
            stored = StoredOutput(
                output_name=data.value_name,
                address=data.address,
                codec=data.codec,
                size=data.size,
                checksum=data.checksum,
            )
            yield KeptOutput(
                run_id=run.run_id,
                step_key=entry.step_key,
                label=data.value_name,
                stored=stored,
                run_config=run.run_config,
            )
