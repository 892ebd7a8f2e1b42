"""Intermediates on object stores: one that takes conditional writes, and one that does not."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dagsterlite.errors import DagsterCorruptObjectError, DagsterStorageError
from dagsterlite.stores import IntermediateStorage
from dagsterlite_fsspec.intermediates import FsspecIntermediateStorage
from tests.contracts.intermediate_storage import (
    RUN_ID,
    STEP,
    IntermediateStorageSuite,
    manifest_of,
)
from tests.object_stores import BUCKET, SECRET, ObjectStore, s3_server, using
from tests.test_dagsterlite_fsspec.attempts import RUN_ID as RACED_RUN_ID
from tests.test_dagsterlite_fsspec.attempts import start_attempt
from tests.test_dagsterlite_fsspec.test_faults import end, line_of, tell


class TestS3(IntermediateStorageSuite):
    @pytest.fixture
    def storage(self, s3: ObjectStore) -> IntermediateStorage:
        return FsspecIntermediateStorage(f"{s3.url}/runs", RUN_ID)


# gcsfs hands bytes to aiohttp, which would have them as a file where they are many.
@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
class TestGcs(IntermediateStorageSuite):
    @pytest.fixture
    def storage(self, gcs: ObjectStore) -> IntermediateStorage:
        return FsspecIntermediateStorage(f"{gcs.url}/runs", RUN_ID)


@pytest.fixture(params=["s3", "gcs"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    found: ObjectStore = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def storage(store: ObjectStore) -> FsspecIntermediateStorage:
    return FsspecIntermediateStorage(f"{store.url}/runs", RUN_ID)


# --- commits ------------------------------------------------------------------------------------


def test_whether_commits_can_meet_is_found_out_and_leaves_nothing(
    s3: ObjectStore, gcs: ObjectStore
) -> None:
    assert FsspecIntermediateStorage(s3.url, RUN_ID).has_one_winner
    assert not FsspecIntermediateStorage(gcs.url, RUN_ID).has_one_winner
    assert s3.objects() == gcs.objects() == {}


def test_commits_can_meet_where_nothing_is_known_of_the_file_system(tmp_path: Path) -> None:
    assert FsspecIntermediateStorage(str(tmp_path), RUN_ID).has_one_winner
    assert not FsspecIntermediateStorage("memory://runs", RUN_ID).has_one_winner


def test_of_racing_processes_one_wins_each_step_and_all_see_it(s3: ObjectStore) -> None:
    base, count = f"{s3.url}/races", 10
    storage = FsspecIntermediateStorage(base, RACED_RUN_ID)
    with ExitStack() as stack:
        racers = [
            stack.enter_context(start_attempt("race", base, name, "links", str(count)))
            for name in ("first", "second")
        ]
        for racer in racers:
            stack.callback(racer.kill)
            assert line_of(racer) == "ready"
        for number in range(count):
            for racer in racers:
                tell(racer)
            winners = {line_of(racer) for racer in racers}
            standing = storage.read_manifest(f"step_{number}.compute")
            assert standing is not None
            assert winners == {standing.receipt.attempt_id}
        for racer in racers:
            end(racer)
    assert len(s3.objects()) == 2 * count


# --- damage -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damaged", "told"), [(b"", "holds 0 bytes"), (b"\x80\x05K\x02.", "its checksum is")]
)
def test_a_damaged_object_is_told_by_its_address(
    store: ObjectStore, storage: FsspecIntermediateStorage, damaged: bytes, told: str
) -> None:
    output = storage.write_output(STEP, "attempt1", "result", 1)
    store.file_system.pipe_file(output.address, damaged)
    with pytest.raises(DagsterCorruptObjectError, match=told) as caught:
        storage.read_output(STEP, output)
    assert caught.value.address == output.address
    assert store.file_system.cat_file(output.address) == damaged


def test_a_damaged_manifest_is_told_and_never_replaced(
    store: ObjectStore, storage: FsspecIntermediateStorage
) -> None:
    storage.commit(manifest_of(STEP, "attempt1"))
    (path,) = store.objects()
    store.file_system.pipe_file(path, b"{")
    for use in (storage.read_manifest, lambda step: storage.commit(manifest_of(step, "attempt2"))):
        with pytest.raises(DagsterCorruptObjectError, match="is damaged"):
            use(STEP)
    assert store.objects() == {path: b"{"}


# --- a store that refuses -----------------------------------------------------------------------


def test_a_missing_bucket_is_told_with_the_mend(store: ObjectStore) -> None:
    base = f"{store.scheme}://no-such-bucket/runs"
    storage = FsspecIntermediateStorage(base, RUN_ID)
    with pytest.raises(DagsterStorageError, match=rf"write {base}/.*There is no such bucket"):
        storage.write_output(STEP, "attempt1", "result", 1)
    with pytest.raises(DagsterStorageError, match="There is no such bucket"):
        storage.commit(manifest_of(STEP, "attempt1"))


def test_a_missing_bucket_of_s3_is_no_missing_manifest(s3: ObjectStore) -> None:
    storage = FsspecIntermediateStorage("s3://no-such-bucket/runs", RUN_ID)
    with pytest.raises(DagsterStorageError, match="There is no such bucket"):
        storage.read_manifest(STEP)


@pytest.fixture
def own_s3(tmp_path: Path) -> Iterator[ObjectStore]:
    with s3_server(tmp_path) as server, using(server) as store:
        yield store


def test_wrong_credentials_are_told_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # From the second request on, the server knows nobody.
    monkeypatch.setenv("INITIAL_NO_AUTH_ACTION_COUNT", "1")
    with s3_server(tmp_path) as server:
        server.used_by(monkeypatch)
        server.file_system.call_s3("create_bucket", Bucket=BUCKET)
        storage = FsspecIntermediateStorage(server.url, RUN_ID)
        for use in (
            lambda: storage.write_output(STEP, "attempt1", "result", 1),
            lambda: storage.read_manifest(STEP),
            lambda: storage.has_one_winner,
        ):
            with pytest.raises(DagsterStorageError, match="credentials of this process") as caught:
                use()
            assert server.url in str(caught.value)
            assert SECRET not in str(caught.value)
            assert caught.value.__cause__ is None
        server.file_system_class.clear_instance_cache()


def test_a_server_that_died_is_told(own_s3: ObjectStore) -> None:
    storage = FsspecIntermediateStorage(own_s3.url, RUN_ID)
    output = storage.write_output(STEP, "attempt1", "result", 1)
    own_s3.kill()
    with pytest.raises(DagsterStorageError, match=f"read {output.address}: .*Could not connect"):
        storage.read_output(STEP, output)
    with pytest.raises(DagsterStorageError, match="Check that the place can be reached"):
        storage.commit(manifest_of(STEP, "attempt1", [output]))


def test_no_secret_is_stored_or_sent(
    store: ObjectStore, storage: FsspecIntermediateStorage
) -> None:
    output = storage.write_output(STEP, "attempt1", "result", 1)
    storage.commit(manifest_of(STEP, "attempt1", [output]))
    texts = [pickle.dumps(storage), repr(storage).encode(), *store.objects().values()]
    assert not any(SECRET.encode() in text for text in texts)
