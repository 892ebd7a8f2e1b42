from __future__ import annotations

import errno
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from dagsterlite.errors import DagsterCorruptObjectError, DagsterStorageError
from dagsterlite.events.receipt import StoredOutput
from dagsterlite_fsspec.intermediates import FsspecIntermediateStorage
from tests.test_dagsterlite_fsspec.attempts import RUN_ID, manifest_of, start_attempt

STEP = "load.compute"

Process = subprocess.Popen[str]
Start = Callable[..., Process]


@pytest.fixture
def storage(tmp_path: Path) -> FsspecIntermediateStorage:
    return FsspecIntermediateStorage(str(tmp_path), RUN_ID)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start an attempt in a process of its own, which ends with the test whatever happens."""
    with ExitStack() as stack:

        def start(what: str, attempt_id: str, *more: str, base: Path = tmp_path) -> Process:
            process = stack.enter_context(start_attempt(what, base, attempt_id, *more))
            stack.callback(process.kill)
            return process

        yield start


def files_below(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def line_of(process: Process) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: Process) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def end(process: Process) -> str:
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return out


# --- races --------------------------------------------------------------------------------------


@pytest.mark.parametrize("links", ["links", "no-links"])
def test_of_eight_racing_processes_one_wins_each_step_and_all_see_it(
    storage: FsspecIntermediateStorage, tmp_path: Path, start: Start, links: str
) -> None:
    count = 25
    racers = {f"a{n}": start("race", f"a{n}", links, str(count)) for n in range(8)}
    for racer in racers.values():
        assert line_of(racer) == "ready"
    for number in range(count):
        for racer in racers.values():
            tell(racer)
        winners = {line_of(racer) for racer in racers.values()}
        standing = storage.read_manifest(f"step_{number}.compute")
        assert standing is not None
        assert winners == {standing.receipt.attempt_id}
        value = storage.read_output(f"step_{number}.compute", standing.receipt.outputs[0])
        assert value == standing.receipt.attempt_id
    for racer in racers.values():
        end(racer)
    assert files_below(tmp_path) == ["manifest.json"] * count + ["result"] * count


def test_hosts_with_and_without_links_agree(
    storage: FsspecIntermediateStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def commit(step_key: str, attempt_id: str) -> str:
        output = storage.write_output(step_key, attempt_id, "result", 1)
        return storage.commit(manifest_of(step_key, attempt_id, output)).receipt.attempt_id

    def refuse(source: str, target: str) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    assert commit("linked", "first") == "first"
    with monkeypatch.context() as patch:
        patch.setattr("os.link", refuse)
        assert commit("linked", "second") == "first"
        assert commit("renamed", "first") == "first"
    assert commit("renamed", "second") == "first"


# --- death --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how",
    [["stay_in_write"], ["stay_in_commit", "link"], ["stay_in_commit", "rename"]],
    ids=["writing", "linking", "renaming"],
)
def test_a_writer_killed_in_the_middle_leaves_the_step_to_the_next(
    storage: FsspecIntermediateStorage, start: Start, how: list[str]
) -> None:
    what, *more = how
    victim = start(what, "victim", *more)
    assert line_of(victim) == "in the middle"
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    assert storage.read_manifest(STEP) is None
    output = storage.write_output(STEP, "next", "result", "of the living")
    manifest = manifest_of(STEP, "next", output)
    assert storage.commit(manifest) == manifest
    assert storage.read_manifest(STEP) == manifest
    assert storage.read_output(STEP, output) == "of the living"


def test_an_interrupted_write_leaves_no_partial_file(
    storage: FsspecIntermediateStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(descriptor: int, data: bytes) -> int:
        original(descriptor, data[:2])
        raise KeyboardInterrupt

    original = os.write
    monkeypatch.setattr("os.write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        storage.write_output(STEP, "attempt1", "result", "value")
    assert files_below(tmp_path) == []


# --- refusals -----------------------------------------------------------------------------------


def test_a_full_disk_leaves_no_partial_value_and_names_place_and_mend(
    tmp_path: Path, start: Start
) -> None:
    said = end(start("fill_disk", "attempt1", "1"))
    assert said.startswith("write: DagsterStorageError: Could not write")
    assert f"{tmp_path}/run/intermediates/load.compute/attempt1/result" in said
    assert "ulimit -f" in said
    assert files_below(tmp_path) == []


def test_a_disk_that_is_full_for_the_manifest_only_leaves_none(
    storage: FsspecIntermediateStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = storage.write_output(STEP, "attempt1", "result", 1)

    def full(descriptor: int, data: Any) -> int:
        if len(data) > 5:
            return original(descriptor, data[:5])
        raise OSError(errno.ENOSPC, "No space left on device")

    original = os.write
    with monkeypatch.context() as patch:
        patch.setattr("os.write", full)
        with pytest.raises(DagsterStorageError, match=r"manifest\.json.*No space.*Free space"):
            storage.commit(manifest_of(STEP, "attempt1", output))
    assert files_below(tmp_path) == ["result"]
    assert storage.read_manifest(STEP) is None


def test_a_place_that_may_not_be_written_is_named_with_the_mend(
    tmp_path: Path, start: Start
) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    # Whoever runs the tests may be refused the way there already; that is the same error.
    said = end(start("lack_rights", "attempt1", base=locked))
    assert said.startswith("write: DagsterStorageError: Could not write")
    assert str(locked) in said
    assert "PermissionError" in said
    assert "right to write there" in said


def test_a_file_in_the_place_of_the_base_is_named_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "base").write_text("not a folder")
    storage = FsspecIntermediateStorage(str(tmp_path / "base"), RUN_ID)
    with pytest.raises(DagsterStorageError, match="A file stands where a folder is needed"):
        storage.write_output(STEP, "attempt1", "result", 1)
    assert (tmp_path / "base").read_text() == "not a folder"


# --- damage -------------------------------------------------------------------------------------


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def empty(path: Path) -> None:
    os.truncate(path, 0)


@pytest.mark.parametrize("size", [10, 500_000], ids=["small", "large"])
@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (flip_a_bit, "checksum"),
        (cut_short, "bytes, and"),
        (grow, "bytes, and"),
        (empty, "holds 0 bytes"),
        (Path.unlink, "missing"),
    ],
)
def test_a_damaged_value_is_reported_by_its_address_and_left(
    storage: FsspecIntermediateStorage, size: int, damage: Callable[[Path], None], reason: str
) -> None:
    output = storage.write_output(STEP, "attempt1", "result", bytearray(size))
    path = Path(output.address)
    damage(path)
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(DagsterCorruptObjectError, match=reason) as caught:
        storage.read_output(STEP, output)
    assert caught.value.address == output.address
    assert (path.read_bytes() if path.exists() else None) == before


def test_a_damaged_value_is_never_unpickled(storage: FsspecIntermediateStorage) -> None:
    output = storage.write_output(STEP, "attempt1", "result", "x" * 30)
    hostile = b"cos\nsystem\n(S'exit 1'\ntR."
    Path(output.address).write_bytes(hostile.ljust(output.size or 0, b"."))
    with pytest.raises(DagsterCorruptObjectError, match="checksum"):
        storage.read_output(STEP, output)


def test_another_storages_address_is_missing_here(storage: FsspecIntermediateStorage) -> None:
    nowhere = StoredOutput(
        output_name="result", address="/nowhere/at/all", codec="pickle", size=1, checksum="sha256:"
    )
    with pytest.raises(DagsterCorruptObjectError, match=r"/nowhere/at/all.*missing"):
        storage.read_output(STEP, nowhere)


def test_a_manifest_removed_under_a_running_commit_is_said(
    storage: FsspecIntermediateStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = storage.write_output(STEP, "attempt1", "result", 1)
    monkeypatch.setattr("dagsterlite_fsspec.local.publish_local", lambda *_, **__: False)
    with pytest.raises(DagsterStorageError, match="something removes"):
        storage.commit(manifest_of(STEP, "attempt1", output))
