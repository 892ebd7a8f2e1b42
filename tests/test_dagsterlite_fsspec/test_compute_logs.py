# ruff: noqa: T201 - printing is what is tested
from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dagsterlite.compute_logs import ComputeIOType, ComputeLogManager, NoOpComputeLogManager
from dagsterlite.configurable import ConfigurableClassData
from dagsterlite.errors import DagsterSettingsError, DagsterStorageError, ParameterCheckError
from dagsterlite_fsspec.compute_logs import (
    FsspecComputeLogManager,
    LocalComputeLogManager,
    S3ComputeLogManager,
)
from tests.contracts.compute_log_manager import KEY, ComputeLogManagerSuite, stdout_of, write
from tests.object_stores import BUCKET, SECRET, ObjectStore

OFTEN = 0.05


class TestLocal(ComputeLogManagerSuite):
    @pytest.fixture
    def manager(self, tmp_path: Path) -> ComputeLogManager:
        return LocalComputeLogManager(str(tmp_path / "logs"))


class TestAnyFileSystem(ComputeLogManagerSuite):
    @pytest.fixture
    def manager(self, tmp_path: Path) -> Iterator[ComputeLogManager]:
        spool = tmp_path / "spool"
        base = f"memory://logs/{tmp_path.name}"
        yield FsspecComputeLogManager(base, local_dir=str(spool), upload_interval=OFTEN)
        assert not spool.exists() or list(spool.iterdir()) == []


class TestS3(ComputeLogManagerSuite):
    @pytest.fixture
    def manager(self, s3: ObjectStore) -> ComputeLogManager:
        return S3ComputeLogManager(BUCKET, prefix="/logs/", upload_interval=OFTEN, use_ssl=False)


class TestGcs(ComputeLogManagerSuite):
    @pytest.fixture
    def manager(self, gcs: ObjectStore) -> ComputeLogManager:
        return FsspecComputeLogManager(f"{gcs.url}/logs", upload_interval=OFTEN)


@pytest.fixture
def local(tmp_path: Path) -> LocalComputeLogManager:
    return LocalComputeLogManager(str(tmp_path))


def test_what_is_kept_goes_where_it_would_go_anyhow_too(
    local: LocalComputeLogManager, capsys: pytest.CaptureFixture[str]
) -> None:
    print("before")
    with local.capture_logs(KEY):
        print("within")
    print("after")
    assert capsys.readouterr().out == "before\nwithin\nafter\n"
    assert stdout_of(local, KEY) == "within\n"


def test_subprocesses_are_captured_where_they_may_be(
    local: LocalComputeLogManager, capfd: pytest.CaptureFixture[str]
) -> None:
    say = [sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr)"]
    with local.open_capture(KEY, below_python=True) as capture, capture.routed():
        print("first")
        subprocess.run(say, check=True)
        os.write(1, b"last\n")
    subprocess.run(say, check=True)
    assert local.get_log_data(KEY).stdout == b"first\nout\nlast\n"
    assert local.get_log_data(KEY).stderr == b"err\n"
    assert capfd.readouterr() == ("out\n", "err\n")


def test_of_two_captures_at_once_one_has_the_descriptors(
    local: LocalComputeLogManager, capfd: pytest.CaptureFixture[str]
) -> None:
    other = ["run", "other", "1"]
    with local.open_capture(KEY, below_python=True):
        with local.open_capture(other, below_python=True) as inner, inner.routed():
            os.write(1, b"below\n")
            print("above")
        os.write(1, b"below again\n")
    os.write(1, b"after\n")
    assert stdout_of(local, KEY) == "below\nbelow again\n"
    assert stdout_of(local, other) == "above\n"
    assert capfd.readouterr().out == "after\n"


def test_a_silent_capture_leaves_nothing(local: LocalComputeLogManager, tmp_path: Path) -> None:
    with local.open_capture(KEY, below_python=True):
        pass
    assert local.get_log_keys_for_log_key_prefix(["run"], ComputeIOType.STDOUT) == []
    local.dispose()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def own_files(folder: Path) -> set[int]:
    """Return the files below a folder, whatever they are called."""
    return {path.stat().st_ino for path in folder.rglob("*") if path.is_file()}


def test_silent_captures_hand_their_files_on(local: LocalComputeLogManager, tmp_path: Path) -> None:
    with local.open_capture(["run", "first", "1"], below_python=True):
        files = own_files(tmp_path)
    with local.open_capture(["run", "second", "1"], below_python=True):
        assert own_files(tmp_path) == files
        os.write(1, b"below\n")
        assert stdout_of(local, ["run", "second", "1"]) == "below\n"
    with local.open_capture(["run", "third", "1"], below_python=True) as capture, capture.routed():
        print("above")
        os.write(1, b"and below\n")
    assert [stdout_of(local, ["run", key, "1"]) for key in ("first", "second", "third")] == [
        "",
        "below\n",
        "above\nand below\n",
    ]
    local.dispose()
    assert len(local.get_log_keys_for_log_key_prefix(["run"], ComputeIOType.STDOUT)) == len(
        [path for path in tmp_path.rglob("*.out") if path.is_file()]
    )


def test_a_file_that_another_process_still_has_is_not_handed_on(
    local: LocalComputeLogManager,
) -> None:
    late = "import sys; sys.stdin.read(); print('late', flush=True)"
    with local.open_capture(KEY, below_python=True):
        child = subprocess.Popen([sys.executable, "-c", late], stdin=subprocess.PIPE)
    other = ["run", "other", "1"]
    with local.open_capture(other, below_python=True):
        child.communicate()
        os.write(1, b"own\n")
    assert stdout_of(local, other) == "own\n"


def test_the_last_words_of_a_process_that_dies_are_kept(
    local: LocalComputeLogManager, tmp_path: Path
) -> None:
    key = ["run", "dies", "1"]
    die = f"""
import os
from dagsterlite_fsspec.compute_logs import LocalComputeLogManager
manager = LocalComputeLogManager({str(tmp_path)!r})
for key in (["run", "lives", "1"], {key!r}):
    with manager.open_capture(key, below_python=True):
        if key == {key!r}:
            os.write(2, b"abort\\n")
            os._exit(1)
"""
    assert subprocess.run([sys.executable, "-c", die], check=False).returncode == 1
    assert local.get_log_data(key).stderr == b"abort\n"
    assert local.get_log_keys_for_log_key_prefix(["run"], ComputeIOType.STDERR) == [key]
    assert local.get_log_keys_for_log_key_prefix(["run", "lives"], ComputeIOType.STDERR) == []
    assert not local.is_capture_complete(key)
    local.delete_logs(prefix=key[:2])
    assert local.get_log_data(key).stderr is None
    local.delete_logs(prefix=["run"])
    assert own_files(tmp_path) == set()


def test_a_name_that_is_too_long_for_a_spare_has_its_file_at_once(
    local: LocalComputeLogManager, tmp_path: Path
) -> None:
    key = ["run", "x" * 300, "1"]
    with local.open_capture(key, below_python=True):
        os.write(1, b"below\n")
    with local.open_capture(key, below_python=True):
        pass
    assert stdout_of(local, key) == "below\n"
    assert len(own_files(tmp_path)) == 2  # what was written, and that it is complete


def test_what_the_disk_refuses_does_not_fail_the_code_that_prints(
    local: LocalComputeLogManager,
) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def print_much() -> None:
        with local.capture_logs(KEY):
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
            try:
                print("x" * 2000)
                print("went on")
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    with pytest.raises(DagsterStorageError, match=r"attempt1\.out: .*ulimit"):
        print_much()
    assert stdout_of(local, KEY) == "x" * 1000


def test_a_store_that_refuses_is_told_and_keeps_nothing_behind(
    s3: ObjectStore, tmp_path: Path
) -> None:
    manager = S3ComputeLogManager("no-such-bucket", local_dir=str(tmp_path), use_ssl=False)
    with pytest.raises(DagsterStorageError, match="There is no such bucket"):
        write(manager, KEY, "lost")
    assert list(tmp_path.iterdir()) == []


def test_no_secret_of_a_manager_is_shown_or_sent(s3: ObjectStore) -> None:
    manager = FsspecComputeLogManager(s3.url, {"key": "me", "secret": SECRET})
    assert SECRET not in f"{manager!r} {manager.__reduce__()}"


# --- made from config ---------------------------------------------------------------------------


def made(class_name: str, config: str) -> ComputeLogManager:
    module = "dagsterlite_fsspec.compute_logs"
    data = ConfigurableClassData(module, class_name, config)
    manager = data.rehydrate("compute_logs")
    assert isinstance(manager, ComputeLogManager)
    assert manager.inst_data is data
    return manager


def test_managers_are_made_from_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGS", str(tmp_path))
    local = made("LocalComputeLogManager", "base_dir: {env: LOGS}")
    assert isinstance(local, LocalComputeLogManager)
    assert local.base == str(tmp_path)
    remote = made("FsspecComputeLogManager", "{base_url: memory://logs, upload_interval: null}")
    assert isinstance(remote, FsspecComputeLogManager)
    assert remote.base == "memory://logs"
    s3 = made("S3ComputeLogManager", "{bucket: flights, region: eu-1, endpoint_url: http://a}")
    assert isinstance(s3, S3ComputeLogManager)
    assert s3.base == "s3://flights/dagster"
    with pytest.raises(DagsterSettingsError, match="bucket"):
        made("S3ComputeLogManager", "{buckt: flights}")


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ParameterCheckError, match="FsspecComputeLogManager"):
        LocalComputeLogManager("s3://bucket")
    with pytest.raises(ParameterCheckError, match="'upload_interval'"):
        FsspecComputeLogManager("memory://logs", upload_interval=0)
    with pytest.raises(ParameterCheckError, match="'log_key'"):
        FsspecComputeLogManager("memory://logs").get_log_data(["run"])
    manager = FsspecComputeLogManager("memory://logs")
    with pytest.raises(ParameterCheckError, match="'prefix'"):
        manager.get_log_keys_for_log_key_prefix([], ComputeIOType.STDOUT)


def test_no_op_keeps_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    manager = NoOpComputeLogManager()
    write(manager, KEY, "shown")
    assert capsys.readouterr().out == "shown"
    assert not manager.get_log_data(KEY)
    assert list(manager.subscribe(KEY)) == []
    assert manager.get_log_keys_for_log_key_prefix(["run"], ComputeIOType.STDOUT) == []
    assert manager.get_log_metadata(KEY).stdout_location is None
    manager.delete_logs(prefix=["run"])
