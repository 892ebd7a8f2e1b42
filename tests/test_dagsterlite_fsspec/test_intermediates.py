from __future__ import annotations

import itertools
import pickle
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path
from subprocess import run
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagsterlite.errors import (
    DagsterCorruptObjectError,
    DagsterStorageError,
    DagsterUnknownCodecError,
    DagsterUnpicklableOutputError,
)
from dagsterlite.stores import IntermediateStorage
from dagsterlite_fsspec.intermediates import FsspecIntermediateStorage
from tests.contracts.intermediate_storage import (
    RUN_ID,
    STEP,
    IntermediateStorageSuite,
    manifest_of,
)

_places = itertools.count()


def files_below(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@pytest.fixture
def local(tmp_path: Path) -> FsspecIntermediateStorage:
    return FsspecIntermediateStorage(str(tmp_path), RUN_ID)


class TestLocalFiles(IntermediateStorageSuite):
    @pytest.fixture
    def storage(self, local: IntermediateStorage) -> IntermediateStorage:
        return local


class TestLocalFilesSynced(IntermediateStorageSuite):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> IntermediateStorage:
        return FsspecIntermediateStorage(f"file://{tmp_path}/new", RUN_ID, durability="fsync")


class TestLocalFilesWithoutLinks(IntermediateStorageSuite):
    @pytest.fixture
    def storage(
        self, local: IntermediateStorage, monkeypatch: pytest.MonkeyPatch
    ) -> IntermediateStorage:
        def refuse(source: str, target: str) -> None:
            raise PermissionError(1, "Operation not permitted", source, None, target)

        monkeypatch.setattr("os.link", refuse)
        return local


class TestFilesByUrl(IntermediateStorageSuite):
    @pytest.fixture
    def storage(self) -> IntermediateStorage:
        return FsspecIntermediateStorage(f"memory://place{next(_places)}/sub/", RUN_ID)


def test_files_lie_where_people_look_for_them(
    local: FsspecIntermediateStorage, tmp_path: Path
) -> None:
    output = local.write_output(STEP, "attempt1", "result", {"a": 1})
    local.commit(manifest_of(STEP, "attempt1", [output]))
    folder = f"{RUN_ID}/intermediates/load.compute"
    assert files_below(tmp_path) == [f"{folder}/attempt1/result", f"{folder}/manifest.json"]
    assert output.address == f"{tmp_path}/{folder}/attempt1/result"
    assert local.address == f"{tmp_path}/{RUN_ID}/intermediates"
    assert pickle.loads(Path(output.address).read_bytes()) == {"a": 1}


def test_a_discarding_loser_leaves_neither_file_nor_folder(
    local: FsspecIntermediateStorage, tmp_path: Path
) -> None:
    local.commit(manifest_of(STEP, "attempt1"))
    outputs = [local.write_output(STEP, "attempt2", name, 1) for name in ("a", "b")]
    local.discard(STEP, outputs)
    assert [path.name for path in tmp_path.rglob("attempt*")] == []


def test_another_runs_value_can_be_read_and_is_not_discarded(
    local: FsspecIntermediateStorage, tmp_path: Path
) -> None:
    child = FsspecIntermediateStorage(str(tmp_path), "child")
    output = local.write_output(STEP, "attempt1", "result", "the parent's")
    child.commit(manifest_of(STEP, "attempt2", [output], run_id="child"))
    child.discard(STEP, [output])
    assert child.read_output(STEP, output) == "the parent's"


def test_an_object_on_another_file_system_is_refused_by_name(
    local: FsspecIntermediateStorage,
) -> None:
    remote = FsspecIntermediateStorage("memory://elsewhere", RUN_ID)
    there = remote.write_output(STEP, "attempt1", "result", 1)
    here = local.write_output(STEP, "attempt1", "result", 1)
    with pytest.raises(DagsterStorageError, match=r"memory://elsewhere.*another file system"):
        local.read_output(STEP, there)
    with pytest.raises(DagsterStorageError, match=r"another file system.*memory://elsewhere"):
        remote.read_output(STEP, here)


def test_a_relative_base_and_a_home_are_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert FsspecIntermediateStorage("runs", RUN_ID).address == (
        f"{tmp_path}/runs/{RUN_ID}/intermediates"
    )
    assert FsspecIntermediateStorage("~/runs", RUN_ID).address == (
        f"{tmp_path}/home/runs/{RUN_ID}/intermediates"
    )


def test_a_pickled_storage_reads_the_same_files(local: FsspecIntermediateStorage) -> None:
    output = local.write_output(STEP, "attempt1", "result", 5)
    copy = pickle.loads(pickle.dumps(local))
    assert copy.read_output(STEP, output) == 5
    assert copy.address == local.address


def test_local_files_need_no_fsspec(tmp_path: Path) -> None:
    script = f"""
import sys
from dagsterlite_fsspec.intermediates import FsspecIntermediateStorage
storage = FsspecIntermediateStorage({str(tmp_path)!r}, "run")
output = storage.write_output("s", "a", "result", 1)
assert storage.read_output("s", output) == 1
print(sorted({{"fsspec", "dask", "distributed", "s3fs", "asyncio"}} & set(sys.modules)))
"""
    done = run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- values -------------------------------------------------------------------------------------

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(value=values)
def test_any_plain_value_reads_back(value: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    storage = FsspecIntermediateStorage(str(tmp_path_factory.getbasetemp() / "values"), RUN_ID)
    output = storage.write_output(STEP, "attempt1", "result", value)
    assert storage.read_output(STEP, output) == value


def test_a_large_array_is_copied_neither_in_writing_nor_in_reading(
    local: FsspecIntermediateStorage,
) -> None:
    array = np.arange(4_000_000, dtype=np.float64)
    tracemalloc.start()
    output = local.write_output(STEP, "attempt1", "result", array)
    _, written_peak = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    back = local.read_output(STEP, output)
    _, read_peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.array_equal(back, array)
    assert written_peak < 0.1 * array.nbytes
    assert read_peak < 1.1 * array.nbytes


def test_an_unpicklable_value_names_step_output_type_and_reason(
    local: FsspecIntermediateStorage, tmp_path: Path
) -> None:
    with pytest.raises(DagsterUnpicklableOutputError) as caught:
        local.write_output(STEP, "attempt1", "handle", (line for line in "abc"))
    for part in (STEP, "'handle'", "generator", "cannot pickle"):
        assert part in str(caught.value)
    assert files_below(tmp_path) == []


def test_an_unknown_codec_is_refused_in_writing(
    local: FsspecIntermediateStorage, tmp_path: Path
) -> None:
    with pytest.raises(DagsterUnknownCodecError, match="Did you mean 'pickle'"):
        local.write_output(STEP, "attempt1", "result", 1, codec="pikle")
    assert files_below(tmp_path) == []


def test_an_unknown_codec_in_reading_names_the_package(local: FsspecIntermediateStorage) -> None:
    output = local.write_output(STEP, "attempt1", "result", 1)
    with pytest.raises(DagsterUnknownCodecError, match="package 'acme_frames'") as caught:
        local.read_output(STEP, replace(output, codec="acme_frames.arrow"))
    assert output.address in str(caught.value)


def test_a_class_that_is_gone_is_no_damage(
    local: FsspecIntermediateStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "passing_by.py").write_text("class Point:\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    passing_by = __import__("passing_by")
    output = local.write_output(STEP, "attempt1", "result", passing_by.Point())
    monkeypatch.undo()
    sys.modules.pop("passing_by")
    with pytest.raises(DagsterStorageError, match="passing_by") as caught:
        local.read_output(STEP, output)
    assert not isinstance(caught.value, DagsterCorruptObjectError)
    assert "whole" in str(caught.value)
