from __future__ import annotations

import gc
import io
import os
import tempfile
import tracemalloc
from pathlib import Path
from typing import BinaryIO, cast

import fsspec
import pytest

from dagsterlite import (
    DagsterInstance,
    GCSFileHandle,
    LocalFileHandle,
    ModeDefinition,
    S3FileHandle,
    build_solid_context,
    execute_pipeline,
    fsspec_file_manager,
    gcs_file_manager,
    local_file_manager,
    pipeline,
    s3_file_manager,
    solid,
)
from dagsterlite.errors import (
    CheckError,
    DagsterInvalidConfigError,
    DagsterStorageError,
    ParameterCheckError,
)
from dagsterlite.file_manager import FileHandle, FileManager
from dagsterlite_fsspec.file_handles import FsspecFileHandle
from dagsterlite_fsspec.file_manager import (
    FsspecFileManager,
    make_gcs_file_manager,
    make_s3_file_manager,
)
from tests.contracts.file_manager import FileManagerSuite
from tests.object_stores import BUCKET, ObjectStore, s3_server, using


class TestLocalFiles(FileManagerSuite):
    @pytest.fixture
    def manager(self, tmp_path: Path) -> FileManager:
        return FsspecFileManager(str(tmp_path / "files"))

    def remove(self, handle: FileHandle) -> None:
        assert isinstance(handle, LocalFileHandle)
        os.unlink(handle.path)


class TestMemory(FileManagerSuite):
    @pytest.fixture
    def manager(self, tmp_path: Path) -> FileManager:
        return FsspecFileManager(f"memory://files/{tmp_path.name}")

    def remove(self, handle: FileHandle) -> None:
        assert isinstance(handle, FsspecFileHandle)
        fs, path = fsspec.core.url_to_fs(handle.url)
        fs.rm_file(path)


class TestS3(FileManagerSuite):
    @pytest.fixture
    def manager(self, s3: ObjectStore) -> FileManager:
        return make_s3_file_manager(
            {"s3_bucket": BUCKET, "s3_prefix": "/files/", "use_unsigned_session": False}
        )

    def remove(self, handle: FileHandle) -> None:
        assert isinstance(handle, S3FileHandle)
        fsspec.filesystem("s3").rm_file(handle.s3_path)


# gcsfs hands what it sends to aiohttp as bytes.
@pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")
class TestGcs(FileManagerSuite):
    @pytest.fixture
    def manager(self, gcs: ObjectStore) -> FileManager:
        return make_gcs_file_manager({"gcs_bucket": BUCKET, "gcs_prefix": ""})

    def remove(self, handle: FileHandle) -> None:
        assert isinstance(handle, GCSFileHandle)
        fsspec.filesystem("gs").rm_file(handle.gcs_path)


@pytest.mark.parametrize("path", [None, "", 5, b"/a"])
def test_a_handle_of_no_path_is_refused(path):
    with pytest.raises(ParameterCheckError, match="LocalFileHandle"):
        LocalFileHandle(path)


def test_a_handle_names_its_path():
    assert LocalFileHandle("/a/b").path == LocalFileHandle("/a/b").path_desc == "/a/b"
    assert FsspecFileHandle("ftp://me:secret@host/a").path_desc == "ftp://***@host/a"


def test_a_handle_of_a_bucket_names_bucket_key_and_url():
    s3, gcs = S3FileHandle("b", "k/a.txt"), GCSFileHandle("b", "k/a.txt")
    assert (s3.s3_path, s3.path_desc) == ("s3://b/k/a.txt",) * 2
    assert (gcs.gcs_path, gcs.path_desc) == ("gs://b/k/a.txt",) * 2
    for cls in (S3FileHandle, GCSFileHandle):
        with pytest.raises(ParameterCheckError, match="_bucket"):
            cls("", "k")
        with pytest.raises(ParameterCheckError, match="_key"):
            cls("b", "")


def test_managers_do_not_take_each_others_handles(tmp_path):
    here, there = FsspecFileManager(str(tmp_path)), FsspecFileManager("memory://files")

    with pytest.raises(ParameterCheckError, match="a LocalFileHandle, as a file manager of"):
        here.read_data(there.write_data(b"a"))
    with pytest.raises(ParameterCheckError, match="a FsspecFileHandle"):
        there.read_data(here.write_data(b"a"))
    with pytest.raises(DagsterStorageError, match="another file system"):
        there.read_data(FsspecFileHandle("s3://bucket/a"))


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(DagsterStorageError, match="choose another base_dir"):
        FsspecFileManager(str(tmp_path / "file")).write_data(b"a")


def test_a_base_with_a_password_or_of_no_file_system_is_refused():
    with pytest.raises(CheckError, match="holds a password"):
        FsspecFileManager("ftp://me:secret@host/a")
    with pytest.raises(DagsterStorageError, match="nosuch"):
        FsspecFileManager("nosuch://bucket")


# --- seed 003's example ---


@solid(required_resource_keys={"file_manager"})
def write_files(context):
    fh_1 = context.resources.file_manager.write_data(b"foo")
    with tempfile.NamedTemporaryFile("w+") as fd:
        fd.write("bar")
        fd.seek(0)
        fh_2 = context.resources.file_manager.write(fd, mode="w", ext=".txt")
    return (fh_1, fh_2)


@solid(required_resource_keys={"file_manager"})
def read_files(context, file_handles):
    fh_1, fh_2 = file_handles
    assert context.resources.file_manager.read_data(fh_1) == b"foo"
    fd = context.resources.file_manager.read(fh_2, mode="r")
    assert fd.read() == "bar"
    fd.close()
    return context.resources.file_manager.copy_handle_to_local_temp(fh_2)


@pipeline(
    mode_defs=[
        ModeDefinition("local", resource_defs={"file_manager": local_file_manager}),
        ModeDefinition("url", resource_defs={"file_manager": fsspec_file_manager}),
        ModeDefinition("s3", resource_defs={"file_manager": s3_file_manager}),
        ModeDefinition("gcs", resource_defs={"file_manager": gcs_file_manager}),
    ]
)
def files_pipeline():
    read_files(write_files())


def config(**given):
    return {"resources": {"file_manager": {"config": given}}}


def test_files_stand_in_the_artifact_folder_unless_told_otherwise():
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(files_pipeline, mode="local", instance=instance)
        handles = result.output_for_solid("write_files")
        folder = instance.local_artifact_storage.file_manager_dir

        assert {os.path.dirname(handle.path) for handle in handles} == {folder}
        assert handles[1].path.endswith(".txt")


def test_the_folder_can_be_named_by_config(tmp_path):
    result = execute_pipeline(files_pipeline, config(base_dir=str(tmp_path)), mode="local")

    handles = result.output_for_solid("write_files")
    assert sorted(handle.path for handle in handles) == sorted(map(str, tmp_path.iterdir()))


def test_temp_files_go_with_the_run(tmp_path):
    result = execute_pipeline(files_pipeline, config(base_dir=str(tmp_path)), mode="local")

    assert not os.path.exists(result.output_for_solid("read_files"))


def test_a_solid_that_is_called_directly_is_given_a_file_manager(tmp_path, monkeypatch):
    @solid(required_resource_keys={"files"})
    def write_and_copy(context):
        handle = context.resources.files.write_data(b"x", ext="txt")
        return handle, context.resources.files.copy_handle_to_local_temp(handle)

    monkeypatch.chdir(tmp_path)
    context = build_solid_context(resources={"files": local_file_manager})
    handle, copy = write_and_copy(context)
    assert Path(handle.path).read_bytes() == Path(copy).read_bytes() == b"x"
    assert not list(tmp_path.iterdir())
    del context
    gc.collect()
    assert not os.path.exists(copy)


def test_files_can_stand_at_any_url(tmp_path):
    url = f"memory://files/{tmp_path.name}"
    result = execute_pipeline(files_pipeline, config(base_url=url), mode="url")

    handles = result.output_for_solid("write_files")
    assert all(handle.url.startswith(f"{url}/") for handle in handles)


def test_files_can_stand_in_a_bucket_of_s3(s3):
    result = execute_pipeline(files_pipeline, config(s3_bucket=BUCKET), mode="s3")

    handles = result.output_for_solid("write_files")
    assert sorted(f"{BUCKET}/{handle.s3_key}" for handle in handles) == sorted(s3.objects())
    assert all(handle.s3_key.startswith("dagster/") for handle in handles)
    assert not os.path.exists(result.output_for_solid("read_files"))


def test_files_can_stand_in_a_bucket_of_googles(gcs):
    given = config(gcs_bucket=BUCKET, gcs_prefix="files", project="tests")
    result = execute_pipeline(files_pipeline, given, mode="gcs")

    handles = result.output_for_solid("write_files")
    assert sorted(f"{BUCKET}/{handle.gcs_key}" for handle in handles) == sorted(gcs.objects())
    assert all(handle.gcs_key.startswith("files/") for handle in handles)


def test_the_config_of_s3_says_where_it_is(s3, monkeypatch):
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    given = config(s3_bucket=BUCKET, endpoint_url=endpoint, region_name="us-east-1")
    execute_pipeline(files_pipeline, given, mode="s3")

    assert len(s3.file_system_class(endpoint_url=endpoint).find(BUCKET)) == 2


def test_a_large_file_goes_and_comes_in_pieces(s3):
    manager = make_s3_file_manager(
        {"s3_bucket": BUCKET, "s3_prefix": "", "use_unsigned_session": False}
    )
    size = 100 << 20
    tracemalloc.start()
    try:
        handle = manager.write(cast(BinaryIO, _Zeros(size)))
        with manager.read(handle) as file:
            assert file.read(3) == b"\0\0\0"
            assert file.seek(-2, io.SEEK_END) == size - 2
            assert file.read() == b"\0\0"
        copy = manager.copy_handle_to_local_temp(handle)
        assert os.path.getsize(copy) == size
        assert tracemalloc.get_traced_memory()[1] < size
    finally:
        tracemalloc.stop()
        manager.delete_local_temp()


class _Zeros(io.RawIOBase):
    """A file that is too large to be held."""

    def __init__(self, size):
        self._left = size

    def readable(self):
        return True

    def readinto(self, buffer):
        size = min(len(buffer), self._left)
        buffer[:size] = bytes(size)
        self._left -= size
        return size


def test_what_breaks_off_leaves_no_part_of_a_file(s3):
    class Breaking(_Zeros):
        def readinto(self, buffer):
            if self._left < 1 << 20:
                raise OSError("the tape broke")
            return super().readinto(buffer)

    manager = make_s3_file_manager(
        {"s3_bucket": BUCKET, "s3_prefix": "", "use_unsigned_session": False}
    )
    for size in (2 << 20, 40 << 20):
        with pytest.raises(OSError, match="the tape broke"):
            manager.write(cast(BinaryIO, Breaking(size)))
    assert s3.objects() == {}


def test_a_stream_whose_store_dies_tells_so(tmp_path):
    with s3_server(tmp_path) as server, using(server):
        manager = make_s3_file_manager(
            {"s3_bucket": BUCKET, "s3_prefix": "", "use_unsigned_session": False}
        )
        handle = manager.write_data(bytes(20 << 20))
        with manager.read(handle) as file:
            file.read(1)
            server.kill()
            file.seek(18 << 20)
            with pytest.raises(DagsterStorageError, match=f"read {handle.path_desc}"):
                file.read()


def test_wrong_config_is_refused_before_the_run():
    with pytest.raises(DagsterInvalidConfigError, match="base_url"):
        execute_pipeline(files_pipeline, mode="url")
    with pytest.raises(DagsterInvalidConfigError, match="base_path"):
        execute_pipeline(files_pipeline, config(base_path="/a"), mode="local")


def test_a_local_manager_takes_no_url():
    with pytest.raises(ParameterCheckError, match="fsspec_file_manager"):
        execute_pipeline(files_pipeline, config(base_dir="s3://bucket"), mode="local")


def test_a_manager_reads_what_a_stream_gives_in_pieces(tmp_path):
    class Trickle(io.RawIOBase):
        left = 5

        def readable(self):
            return True

        def readinto(self, buffer):
            if not self.left:
                return 0
            self.left -= 1
            buffer[:1] = b"x"
            return 1

    manager = FsspecFileManager(str(tmp_path))
    assert manager.read_data(manager.write(Trickle())) == b"xxxxx"  # type: ignore[arg-type]


def test_a_file_manager_that_is_configured_wrongly_is_named_as_users_know_it() -> None:
    with pytest.raises(DagsterInvalidConfigError, match="resource 'local_file_manager'"):
        local_file_manager.configured({"base_dr": "files"})
