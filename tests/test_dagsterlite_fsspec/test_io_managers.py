from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from dagsterlite import (
    InitResourceContext,
    build_input_context,
    build_output_context,
    fs_io_manager,
)
from dagsterlite.errors import (
    CheckError,
    DagsterCorruptObjectError,
    DagsterInvariantViolationError,
    DagsterStorageError,
)
from dagsterlite_fsspec.io_managers import CustomPathIOManager, FilesystemIOManager


@pytest.fixture(params=["local", "memory"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    yield str(tmp_path) if request.param == "local" else "memory://lake"
    MemoryFileSystem.store.clear()


OUTPUT = build_output_context("one.compute[a/b]", "result", run_id="r")


def test_a_value_reads_back_and_is_replaced(base: str) -> None:
    manager = FilesystemIOManager(base)

    entry = manager.handle_output(OUTPUT, [1])
    assert manager.load_input(build_input_context(upstream_output=OUTPUT)) == [1]
    assert entry.label == "path"

    manager.handle_output(OUTPUT, [1, 2])
    assert manager.load_input(build_input_context(upstream_output=OUTPUT)) == [1, 2]


def test_no_name_climbs_out_of_the_base(tmp_path: Path) -> None:
    manager = FilesystemIOManager(str(tmp_path))

    manager.handle_output(OUTPUT, 1)

    assert os.listdir(tmp_path / "r") == ["one.compute%5Ba%2Fb%5D"]
    assert os.listdir(tmp_path / "r" / "one.compute%5Ba%2Fb%5D") == ["result"]


def test_a_missing_file_is_reported_by_its_address(base: str) -> None:
    with pytest.raises(DagsterCorruptObjectError, match="it is missing"):
        FilesystemIOManager(base).load_input(build_input_context(upstream_output=OUTPUT))


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    manager = FilesystemIOManager(str(tmp_path))
    entry = manager.handle_output(OUTPUT, 1)
    Path(str(getattr(entry.entry_data, "path", None))).write_bytes(b"no pickle")

    with pytest.raises(DagsterStorageError, match="cannot load it here"):
        manager.load_input(build_input_context(upstream_output=OUTPUT))


def test_an_unconnected_input_is_not_theirs(tmp_path: Path) -> None:
    with pytest.raises(DagsterInvariantViolationError, match="root_input_manager"):
        FilesystemIOManager(str(tmp_path)).load_input(build_input_context(name="x"))


def test_a_folder_in_the_way_is_told_and_nothing_half_written_stays(tmp_path: Path) -> None:
    manager = CustomPathIOManager(str(tmp_path))
    (tmp_path / "taken" / "inner").mkdir(parents=True)
    output = build_output_context("s", "o", {"path": "taken"}, "r")

    with pytest.raises(DagsterStorageError, match="Could not write"):
        manager.handle_output(output, 1)

    assert os.listdir(tmp_path) == ["taken"]


def test_a_password_in_the_base_is_refused() -> None:
    with pytest.raises(CheckError, match="holds a password"):
        FilesystemIOManager("ftp://me:secret@host/lake")


def test_outside_of_a_run_the_base_must_be_named(tmp_path: Path) -> None:
    def init_context(config: dict[str, str]) -> InitResourceContext:
        return InitResourceContext(
            resource_config=config,
            resource_def=fs_io_manager,
            run_id=None,
            pipeline_run=None,
            log_manager=None,
            resources=None,
            open_instance=lambda: None,
        )

    assert isinstance(
        fs_io_manager.create(init_context({"base_dir": str(tmp_path)})), FilesystemIOManager
    )
    with pytest.raises(DagsterInvariantViolationError, match="must name a base_dir"):
        fs_io_manager.create(init_context({}))
