"""How every file manager behaves. A test class of a manager derives from the suite."""

from __future__ import annotations

import io
import os
import pickle
from typing import Any

import pytest

from dagsterlite.errors import DagsterFileNotFoundError, DagsterStorageError, ParameterCheckError
from dagsterlite.file_manager import FileHandle, FileManager


class Elsewhere(FileHandle):
    """A handle that no manager here makes."""

    @property
    def path_desc(self) -> str:
        return "elsewhere"


class FileManagerSuite:
    """Override :meth:`manager`, and :meth:`remove` which takes a handle's file away."""

    @pytest.fixture
    def manager(self) -> FileManager:
        raise NotImplementedError

    def remove(self, handle: FileHandle) -> None:
        raise NotImplementedError

    def test_bytes_read_back_as_they_were(self, manager: FileManager) -> None:
        handle = manager.write_data(b"f\x00o")

        assert manager.read_data(handle) == b"f\x00o"
        with manager.read(handle) as file:
            assert file.read(1) == b"f"
            file.seek(2)
            assert file.read() == b"o"

    def test_no_bytes_make_a_file_too(self, manager: FileManager) -> None:
        assert manager.read_data(manager.write_data(b"")) == b""
        assert manager.read_data(manager.write(io.BytesIO(b""))) == b""

    def test_a_file_of_text_reads_back_as_text_and_as_bytes(self, manager: FileManager) -> None:
        handle = manager.write(io.StringIO("bär\n"), mode="w", ext=".txt")

        assert manager.read_data(handle) == "bär\n".encode()
        with manager.read(handle, mode="r") as file:
            assert file.read() == "bär\n"

    def test_a_file_is_written_from_where_it_stands(self, manager: FileManager) -> None:
        file = io.BytesIO(b"foobar")
        file.seek(3)

        assert manager.read_data(manager.write(file)) == b"bar"

    def test_a_big_file_is_written_whole(self, manager: FileManager) -> None:
        data = os.urandom(3_000_000)

        assert manager.read_data(manager.write(io.BytesIO(data))) == data

    def test_each_file_is_a_new_one(self, manager: FileManager) -> None:
        handles = [manager.write_data(b"same") for _ in range(3)]

        assert len({handle.path_desc for handle in handles}) == 3

    @pytest.mark.parametrize(("ext", "end"), [("txt", ".txt"), (".tar.gz", ".tar.gz"), (None, "")])
    def test_the_extension_stands_with_or_without_its_dot(
        self, manager: FileManager, ext: str | None, end: str
    ) -> None:
        for handle in (manager.write_data(b"a", ext), manager.write(io.BytesIO(b"a"), ext=ext)):
            name = handle.path_desc.rpartition("/")[2]
            assert name[36:] == end

    def test_a_handle_travels_and_is_equal_to_itself(self, manager: FileManager) -> None:
        handle = manager.write_data(b"foo")
        again = pickle.loads(pickle.dumps(handle))

        assert again == handle
        assert manager.read_data(again) == b"foo"

    def test_a_copy_is_a_file_of_this_machine_until_it_is_deleted(
        self, manager: FileManager
    ) -> None:
        handle = manager.write_data(b"foo", ext="csv")
        first, second = (manager.copy_handle_to_local_temp(handle) for _ in range(2))

        assert first != second
        assert first.endswith(".csv")
        with open(first, "rb") as file:
            assert file.read() == b"foo"
        os.unlink(second)
        manager.delete_local_temp()
        manager.delete_local_temp()
        assert not os.path.exists(first)
        assert manager.read_data(handle) == b"foo"

    def test_a_file_that_is_gone_is_told_by_its_path(self, manager: FileManager) -> None:
        handle = manager.write_data(b"foo")
        self.remove(handle)

        for use in (manager.read_data, manager.read, manager.copy_handle_to_local_temp):
            with pytest.raises(DagsterFileNotFoundError) as caught:
                use(handle)
            assert handle.path_desc in str(caught.value)
            assert isinstance(caught.value, FileNotFoundError | DagsterStorageError)

    @pytest.mark.parametrize(
        ("call", "argument"),
        [
            (lambda manager: manager.write_data("text"), "data"),
            (lambda manager: manager.write_data(b"a", ext=5), "ext"),
            (lambda manager: manager.write_data(b"a", ext="../a"), "ext"),
            (lambda manager: manager.write_data(b"a", ext="."), "ext"),
            (lambda manager: manager.write(b"bytes"), "file_obj"),
            (lambda manager: manager.write(io.StringIO("a")), "file_obj"),
            (lambda manager: manager.write(io.BytesIO(b"a"), mode="w"), "file_obj"),
            (lambda manager: manager.write(io.BytesIO(b"a"), mode="ab"), "mode"),
            (lambda manager: manager.read(manager.write_data(b"a"), mode="w"), "mode"),
            (lambda manager: manager.read("path"), "file_handle"),
            (lambda manager: manager.read_data(Elsewhere()), "file_handle"),
            (lambda manager: manager.copy_handle_to_local_temp(None), "file_handle"),
        ],
    )
    def test_wrong_arguments_are_refused_by_name(
        self, manager: FileManager, call: Any, argument: str
    ) -> None:
        with pytest.raises(ParameterCheckError, match=f"argument '{argument}' must be"):
            call(manager)
