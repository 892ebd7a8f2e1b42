"""How every store of intermediates behaves. A test class of a store derives from the suite."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import pytest

from dagsterlite.errors import DagsterCorruptObjectError
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.receipt import Receipt, StepOutcome, StoredOutput
from dagsterlite.handles import StepOutputHandle
from dagsterlite.stores import IntermediateStorage, StepManifest

RUN_ID = "3f1c"
STEP = "load.compute"
LOOK_ALIKES = [
    "a",
    "A.compute",
    "a.compute",
    "a.compute[x]",
    "a.compute[y]",
    "a.compute[*]",
    "a.compute[?]",
    "a.compute[[xy]]",
    "a.compute[x/y]",
    "a.compute[..]",
    "a.compute[x%2Fy]",
    "a.compute[ü]",
    "..",
    ".",
    "manifest.json",
    "a" * 199,
    "a" * 200,
    "a" * 201,
    "a" * 900,
]


def manifest_of(
    step_key: str, attempt_id: str, outputs: Iterable[StoredOutput] = (), run_id: str = RUN_ID
) -> StepManifest:
    receipt = Receipt(
        run_id=run_id,
        step_key=step_key,
        attempt_id=attempt_id,
        outcome=StepOutcome.SUCCESS,
        outputs=tuple(outputs),
        entry_count=2,
    )
    entries = tuple(
        EventLogEntry(
            run_id=run_id,
            step_key=step_key,
            attempt_id=attempt_id,
            seq=seq,
            timestamp=1_700_000_000.5,
            job_name="flights",
            user_message=f"{seq} rows, größer",
        )
        for seq in range(2)
    )
    return StepManifest(receipt, entries)


class IntermediateStorageSuite:
    """Override :meth:`storage` with one of run :data:`RUN_ID`, in a place of its own."""

    @pytest.fixture
    def storage(self) -> IntermediateStorage:
        raise NotImplementedError

    @pytest.mark.parametrize("size", [100_000, 5 << 20])
    def test_a_staged_value_is_stored_as_it_was(
        self, storage: IntermediateStorage, size: int
    ) -> None:
        value = {"rows": [1, 2], "data": bytearray(b"x" * size)}
        staged = storage.stage_output(STEP, "a", "result", value)
        stored_at_once = staged.write is None
        if staged.write is not None:
            value["rows"] = [3]
            value["data"][:] = b"y" * size
            staged.write()

        assert staged.stored.output_name == "result"
        found = storage.read_output(STEP, staged.stored)
        assert stored_at_once or found == {"rows": [1, 2], "data": bytearray(b"x" * size)}
        assert found["rows"] == [1, 2]

    @pytest.mark.parametrize(
        "value",
        [None, 0, "", b"", "text", float("inf"), [1, {"a": (2, 3)}], {1, 2}, object, range(5)],
        ids=repr,
    )
    def test_a_value_reads_back_as_it_was(self, storage: IntermediateStorage, value: Any) -> None:
        output = storage.write_output(STEP, "attempt1", "result", value)
        assert storage.read_output(STEP, output) == value
        assert output.output_name == "result"

    def test_attempts_and_outputs_do_not_meet(self, storage: IntermediateStorage) -> None:
        outputs = {
            (attempt, name): storage.write_output(STEP, attempt, name, f"{attempt} {name}")
            for attempt in ("attempt1", "attempt2")
            for name in ("result", "rest")
        }
        for (attempt, name), output in outputs.items():
            assert storage.read_output(STEP, output) == f"{attempt} {name}"

    def test_the_values_of_a_dynamic_output_do_not_meet(self, storage: IntermediateStorage) -> None:
        places = [StepOutputHandle(STEP, "result", key) for key in (None, "a", "b", "result")]
        outputs = [storage.write(place, "attempt1", place.label) for place in places]
        for place, output in zip(places, outputs, strict=True):
            assert storage.read_output(STEP, output) == place.label
            assert (output.output_name, output.mapping_key) == ("result", place.mapping_key)
        storage.commit(manifest_of(STEP, "attempt1", outputs))
        manifest = storage.read_manifest(STEP)
        assert manifest is not None
        assert manifest.receipt.output("result", "b") == outputs[2]
        assert manifest.receipt.mapping_keys("result") == ("a", "b", "result")

    def test_an_attempt_may_write_an_output_again(self, storage: IntermediateStorage) -> None:
        storage.write_output(STEP, "attempt1", "result", "a long first value")
        output = storage.write_output(STEP, "attempt1", "result", "second")
        assert storage.read_output(STEP, output) == "second"

    def test_steps_whose_keys_look_alike_do_not_meet(self, storage: IntermediateStorage) -> None:
        written = {}
        for key in LOOK_ALIKES:
            output = storage.write_output(key, "attempt1", key, key)
            written[key] = storage.commit(manifest_of(key, "attempt1", [output]))
        for key, manifest in written.items():
            assert storage.read_manifest(key) == manifest
            assert storage.read_output(key, manifest.receipt.outputs[0]) == key

    def test_a_step_that_was_not_committed_has_no_manifest(
        self, storage: IntermediateStorage
    ) -> None:
        storage.write_output(STEP, "attempt1", "result", 1)
        assert storage.read_manifest(STEP) is None

    def test_the_manifest_reads_back_with_receipt_and_entries(
        self, storage: IntermediateStorage
    ) -> None:
        output = storage.write_output(STEP, "attempt1", "result", 1)
        manifest = manifest_of(STEP, "attempt1", [output])
        assert storage.commit(manifest) == manifest
        assert storage.read_manifest(STEP) == manifest

    def test_a_step_without_outputs_is_committed_all_the_same(
        self, storage: IntermediateStorage
    ) -> None:
        storage.commit(manifest_of(STEP, "attempt1"))
        assert storage.read_manifest(STEP) == manifest_of(STEP, "attempt1")

    def test_the_second_attempt_gets_the_first_ones_manifest(
        self, storage: IntermediateStorage
    ) -> None:
        first = storage.write_output(STEP, "attempt1", "result", "first")
        second = storage.write_output(STEP, "attempt2", "result", "second")
        winner = storage.commit(manifest_of(STEP, "attempt1", [first]))
        assert storage.commit(manifest_of(STEP, "attempt2", [second])) == winner
        assert storage.read_manifest(STEP) == winner

    def test_the_loser_discards_and_the_winners_value_stays(
        self, storage: IntermediateStorage
    ) -> None:
        first = storage.write_output(STEP, "attempt1", "result", "first")
        second = storage.write_output(STEP, "attempt2", "result", "second")
        storage.commit(manifest_of(STEP, "attempt1", [first]))
        storage.discard(STEP, [second])
        with pytest.raises(DagsterCorruptObjectError) as caught:
            storage.read_output(STEP, second)
        assert caught.value.address == second.address
        assert storage.read_output(STEP, first) == "first"
        assert storage.read_manifest(STEP) == manifest_of(STEP, "attempt1", [first])

    def test_discarding_twice_changes_nothing(self, storage: IntermediateStorage) -> None:
        outputs = [storage.write_output(STEP, "attempt1", name, 1) for name in ("a", "b")]
        storage.discard(STEP, outputs)
        storage.discard(STEP, outputs)
        again = storage.write_output(STEP, "attempt1", "a", 2)
        assert storage.read_output(STEP, again) == 2

    def test_committing_twice_returns_what_stands(self, storage: IntermediateStorage) -> None:
        manifest = manifest_of(STEP, "attempt1")
        assert storage.commit(manifest) == manifest
        assert storage.commit(manifest) == manifest

    def test_release_takes_nothing_from_later_readers(self, storage: IntermediateStorage) -> None:
        output = storage.write_output(STEP, "attempt1", "result", "kept")
        storage.release(STEP, "result")
        assert storage.read_output(STEP, output) == "kept"

    def test_what_outlives_the_process_has_an_address(self, storage: IntermediateStorage) -> None:
        assert storage.is_persistent == (storage.address is not None)

    def test_of_racing_threads_one_wins_and_all_see_it(self, storage: IntermediateStorage) -> None:
        count = 12
        barrier = threading.Barrier(count)
        seen: list[list[StepManifest]] = [[] for _ in range(count)]
        keys = [f"step_{number}.compute" for number in range(10)]

        def attempt(number: int) -> None:
            outputs = {key: storage.write_output(key, f"a{number}", "n", number) for key in keys}
            for key in keys:
                barrier.wait()
                seen[number].append(storage.commit(manifest_of(key, f"a{number}", [outputs[key]])))

        threads = [threading.Thread(target=attempt, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for index, key in enumerate(keys):
            standing = storage.read_manifest(key)
            assert standing is not None
            assert all(manifests[index] == standing for manifests in seen)
            winner = int(standing.receipt.attempt_id.removeprefix("a"))
            assert storage.read_output(key, standing.receipt.outputs[0]) == winner
