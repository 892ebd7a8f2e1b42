from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from dagsterlite.errors import CheckError, DagsterCorruptObjectError, DagsterStorageError
from dagsterlite.events.error_info import error_info_from_exception
from dagsterlite_fsspec.intermediates import FsspecIntermediateStorage
from tests.contracts.intermediate_storage import RUN_ID, STEP, manifest_of

SECRET = "wJalrXUtnFEMI"
OPTIONS = {
    "key": "AKIAIOSFODNN7",
    "secret": SECRET,
    "endpoint_url": "http://store:9000",
    "client_kwargs": {"region_name": "eu-1", "aws_session_token": "FwoGZXIvYXdz"},
}


class ClientError(Exception):
    """An error of a store's client: it says what the store answered."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.response = {"Error": {"Code": code}}


class Store(MemoryFileSystem):  # type: ignore[misc]
    """An object store whose answers to conditional writes a test sets beforehand."""

    protocol = "faulty"
    cachable = False
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    answers: ClassVar[list[str]] = []
    options: ClassVar[dict[str, Any]] = {}

    def __init__(self, **options: Any) -> None:
        super().__init__()
        Store.options = options

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return "/" + path.removeprefix("faulty://").strip("/")

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        answer = self.answers.pop(0) if mode == "create" and self.answers else "done"
        if answer in {"done", "lost answer"}:
            super().pipe_file(path, value, mode)
        if answer == "conflict":
            raise OSError(5, "conflict") from ClientError("ConditionalRequestConflict")
        if answer != "done":
            raise OSError(5, f"{answer} for {SECRET}") from ClientError(SECRET)


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[FsspecIntermediateStorage]:
    fsspec.register_implementation("faulty", Store, clobber=True)
    monkeypatch.setattr("dagsterlite_fsspec.publish.time.sleep", lambda _: None)
    yield FsspecIntermediateStorage("faulty://bucket/runs", RUN_ID, OPTIONS)
    Store.store.clear()
    Store.answers.clear()
    del Store.pseudo_dirs[1:]


def test_the_file_system_gets_all_options(storage: FsspecIntermediateStorage) -> None:
    output = storage.write_output(STEP, "attempt1", "result", 1)
    assert Store.options == OPTIONS
    assert output.address == f"faulty://bucket/runs/{RUN_ID}/intermediates/{STEP}/attempt1/result"


def test_object_stores_are_asked_for_no_cached_listings(
    storage: FsspecIntermediateStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dagsterlite_fsspec.remote._OBJECT_STORES", frozenset({"faulty"}))
    monkeypatch.setattr(Store, "makedirs", None)
    fresh = FsspecIntermediateStorage("faulty://bucket/runs", RUN_ID)
    fresh.write_output(STEP, "attempt1", "result", 1)
    assert Store.options == {"use_listings_cache": False}


def test_a_conflict_is_tried_again(storage: FsspecIntermediateStorage) -> None:
    Store.answers[:] = ["conflict", "conflict"]
    manifest = manifest_of(STEP, "attempt1")
    assert storage.commit(manifest) == manifest
    assert storage.read_manifest(STEP) == manifest


def test_a_conflict_that_does_not_end_is_an_error(storage: FsspecIntermediateStorage) -> None:
    Store.answers[:] = ["conflict"] * 20
    with pytest.raises(DagsterStorageError, match="conflict"):
        storage.commit(manifest_of(STEP, "attempt1"))


def test_a_commit_whose_answer_was_lost_has_won(storage: FsspecIntermediateStorage) -> None:
    Store.answers[:] = ["lost answer"]
    manifest = manifest_of(STEP, "attempt1")
    assert storage.commit(manifest) == manifest


def test_after_an_unclear_answer_the_one_that_stands_wins(
    storage: FsspecIntermediateStorage,
) -> None:
    winner = storage.commit(manifest_of(STEP, "attempt1"))
    Store.answers[:] = ["precondition failed"]
    assert storage.commit(manifest_of(STEP, "attempt2")) == winner


def test_a_refused_commit_can_be_tried_again(storage: FsspecIntermediateStorage) -> None:
    Store.answers[:] = ["server error"]
    manifest = manifest_of(STEP, "attempt1")
    with pytest.raises(DagsterStorageError, match=r"Could not write faulty://bucket/runs/.*/manif"):
        storage.commit(manifest)
    assert storage.read_manifest(STEP) is None
    assert storage.commit(manifest) == manifest


def test_a_missing_object_is_reported_by_its_address(storage: FsspecIntermediateStorage) -> None:
    output = storage.write_output(STEP, "attempt1", "result", 1)
    Store.store.clear()
    with pytest.raises(DagsterCorruptObjectError, match="missing") as caught:
        storage.read_output(STEP, output)
    assert caught.value.address == output.address


# --- secrets ------------------------------------------------------------------------------------


def test_no_secret_is_stored_shown_or_sent(storage: FsspecIntermediateStorage) -> None:
    output = storage.write_output(STEP, "attempt1", "result", 1)
    storage.commit(manifest_of(STEP, "attempt1", [output]))
    shown = [repr(storage), repr(output), storage.address or "", str(pickle.dumps(storage))]
    shown += [str(file.getvalue()) for file in Store.store.values()]
    for secret in ("AKIAIOSFODNN7", SECRET, "FwoGZXIvYXdz"):
        assert not any(secret in text for text in shown)


def test_an_error_hides_the_secrets_and_whatever_caused_it(
    storage: FsspecIntermediateStorage,
) -> None:
    Store.answers[:] = ["refused"]
    with pytest.raises(DagsterStorageError, match=r"refused for \*\*\*") as caught:
        storage.commit(manifest_of(STEP, "attempt1"))
    assert SECRET not in error_info_from_exception(caught.value).to_string()


def test_a_pickled_storage_takes_its_harmless_options_along(
    storage: FsspecIntermediateStorage,
) -> None:
    output = storage.write_output(STEP, "attempt1", "result", 7)
    assert pickle.loads(pickle.dumps(storage)).read_output(STEP, output) == 7
    assert Store.options == {
        "endpoint_url": "http://store:9000",
        "client_kwargs": {"region_name": "eu-1"},
    }


# --- bases --------------------------------------------------------------------------------------


def test_a_password_in_the_base_is_refused_and_not_repeated() -> None:
    with pytest.raises(CheckError, match="password") as caught:
        FsspecIntermediateStorage(f"ftp://me:{SECRET}@host/runs", RUN_ID)
    assert SECRET not in str(caught.value)


def test_a_chain_of_file_systems_is_refused() -> None:
    with pytest.raises(CheckError, match="chains file systems"):
        FsspecIntermediateStorage("simplecache::memory://runs", RUN_ID)


def test_an_unknown_protocol_is_refused_at_once() -> None:
    with pytest.raises(DagsterStorageError, match="nosuch"):
        FsspecIntermediateStorage("nosuch://bucket", RUN_ID)
