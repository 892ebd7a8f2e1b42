from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import fsspec
import pytest

from dagsterlite.errors import DagsterCorruptObjectError, DagsterUnpicklableOutputError
from dagsterlite.events.receipt import StoredOutput
from dagsterlite_fsspec import codecs
from dagsterlite_fsspec.codecs import register_codec
from dagsterlite_fsspec.folders import folder_of
from dagsterlite_fsspec.intermediates import FsspecIntermediateStorage


class Parts:
    """Writes each item of a list as a file, the odd ones deeper."""

    name = "acme.parts"

    def write_folder(self, value: Any, folder: str, storage_options: Mapping[str, Any]) -> None:
        fs, path = fsspec.core.url_to_fs(folder, **storage_options)
        fs.makedirs(f"{path}/odd")
        for number, item in enumerate(value):
            fs.pipe_file(f"{path}/{'odd/' if number % 2 else ''}{number}", item.encode())

    def read_folder(self, folder: str, storage_options: Mapping[str, Any]) -> Any:
        fs, path = fsspec.core.url_to_fs(folder, **storage_options)
        found = fs.find(path)
        return [fs.cat_file(name).decode() for name in sorted(found, key=lambda n: n[-1])]


@pytest.fixture(autouse=True)
def _parts() -> Iterator[None]:
    register_codec(Parts())
    yield
    codecs._codecs.pop(Parts.name)


@pytest.fixture(params=["local", "memory"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path) if request.param == "local" else f"memory://folders/{tmp_path.name}"


@pytest.fixture
def storage(base: str) -> FsspecIntermediateStorage:
    return FsspecIntermediateStorage(base, "run")


def write(storage: FsspecIntermediateStorage, value: list[Any], attempt: str = "a") -> StoredOutput:
    return storage.write_output("s", attempt, "result", value, Parts.name)


def files(base: str) -> list[str]:
    fs, path = fsspec.core.url_to_fs(base)
    return list(fs.find(path))


def test_a_value_of_many_files_reads_back(storage: FsspecIntermediateStorage) -> None:
    output = write(storage, ["a", "b", "c"])

    assert output.codec == "acme.parts"
    assert storage.read_output("s", output) == ["a", "b", "c"]


def test_an_attempt_that_writes_again_leaves_no_file_of_before(
    storage: FsspecIntermediateStorage,
) -> None:
    write(storage, ["a", "b", "c"])

    assert storage.read_output("s", write(storage, ["d"])) == ["d"]


def test_discarding_removes_all_files_and_none_of_other_attempts(
    storage: FsspecIntermediateStorage, base: str
) -> None:
    lost, kept = write(storage, ["a", "b"]), write(storage, ["c", "d"], attempt="b")
    storage.discard("s", [lost])

    assert storage.read_output("s", kept) == ["c", "d"]
    assert all("/b/" in name for name in files(base))


def test_a_codec_that_fails_midway_leaves_no_file(
    storage: FsspecIntermediateStorage, base: str
) -> None:
    with pytest.raises(DagsterUnpicklableOutputError, match=r"written by acme\.parts: AttributeE"):
        write(storage, ["a", "b", 5])

    assert files(base) == []


def test_durable_files_are_put_on_the_disk_before_they_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    monkeypatch.setattr("dagsterlite_fsspec.local.sync_file", synced.append)
    monkeypatch.setattr("dagsterlite_fsspec.local.sync_folder", synced.append)
    write(FsspecIntermediateStorage(str(tmp_path), "run"), ["a"])
    assert synced == []

    output = write(FsspecIntermediateStorage(str(tmp_path), "run", durability="fsync"), ["a", "b"])
    folder = folder_of(output.address)
    assert set(synced) == {folder, f"{folder}/0", f"{folder}/odd", f"{folder}/odd/1"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [("remove", "it is missing"), ("grow", "it holds 3 bytes, and 1 were written")],
)
def test_a_file_that_is_lost_or_changed_is_told_by_its_path(
    storage: FsspecIntermediateStorage, change: str, problem: str
) -> None:
    output = write(storage, ["a", "b"])
    fs, path = fsspec.core.url_to_fs(folder_of(output.address))
    if change == "remove":
        fs.rm_file(f"{path}/odd/1")
    else:
        fs.pipe_file(f"{path}/odd/1", b"bbb")

    with pytest.raises(DagsterCorruptObjectError, match=problem) as caught:
        storage.read_output("s", output)
    assert caught.value.address.endswith("result%parts/odd/1")
