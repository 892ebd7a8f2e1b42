"""How every compute log manager that keeps something behaves; a test class derives from it."""

# ruff: noqa: T201 - printing is what is tested
from __future__ import annotations

import pickle
import sys
import threading
from collections.abc import Sequence

import pytest

from dagsterlite.compute_logs import ComputeIOType, ComputeLogManager, LogKey
from dagsterlite.errors import ParameterCheckError

KEY = ["run", "load.compute", "attempt1"]
LOOK_ALIKES = [
    ["run", "a", "1"],
    ["run", "a.out", "1"],
    ["run", "a.compute[x/y]", "1"],
    ["run", "a.compute[*]", "1"],
    ["run", "..", "1"],
    ["run", "a" * 900, "1"],
    ["other/run", "a", "1"],
    ["run", "a"],
]


def write(manager: ComputeLogManager, log_key: LogKey, text: str) -> None:
    with manager.capture_logs(log_key):
        print(text, end="")


def stdout_of(manager: ComputeLogManager, log_key: LogKey) -> str:
    return (manager.get_log_data(log_key).stdout or b"").decode()


class ComputeLogManagerSuite:
    """Override :meth:`manager` with one in a place of its own that copies often."""

    @pytest.fixture
    def manager(self) -> ComputeLogManager:
        raise NotImplementedError

    def test_both_streams_read_back_as_they_were_written(self, manager: ComputeLogManager) -> None:
        with manager.capture_logs(KEY) as context:
            print("größer")
            sys.stderr.write("worse\n")
            sys.stdout.buffer.write(b"\xff\n")
        assert list(context.log_key) == KEY
        data = manager.get_log_data(KEY)
        assert data.stdout == "größer\n".encode() + b"\xff\n"
        assert data.stderr == b"worse\n"
        assert manager.is_capture_complete(KEY)

    def test_what_was_not_written_is_not_there(self, manager: ComputeLogManager) -> None:
        with manager.capture_logs(KEY):
            pass
        assert not manager.get_log_data(KEY)
        assert not manager.is_capture_complete(KEY)
        for io_type in ComputeIOType:
            assert manager.get_log_keys_for_log_key_prefix(["run"], io_type) == []

    def test_it_can_be_read_while_it_is_written(self, manager: ComputeLogManager) -> None:
        subscription = manager.subscribe(KEY)
        with manager.capture_logs(KEY):
            print("first")
            data = next(subscription)
            assert data.stdout == b"first\n"
            assert not manager.is_capture_complete(KEY)
            print("second")
        assert [piece.stdout for piece in subscription] == [b"second\n"]

    def test_reading_goes_on_after_a_cursor(self, manager: ComputeLogManager) -> None:
        write(manager, KEY, "0123456789")
        data = manager.get_log_data(KEY, max_bytes=4)
        assert data.stdout == b"0123"
        data = manager.get_log_data(KEY, data.cursor)
        assert (data.stdout, data.stderr) == (b"456789", None)
        assert not manager.get_log_data(KEY, data.cursor)
        assert [one.stdout for one in manager.subscribe(KEY, "8:0")] == [b"89"]
        with pytest.raises(ParameterCheckError, match="'cursor'"):
            manager.get_log_data(KEY, "yesterday")

    def test_a_closed_subscription_ends(self, manager: ComputeLogManager) -> None:
        subscription = manager.subscribe(KEY)
        found: list[object] = []
        thread = threading.Thread(target=lambda: found.extend(subscription))
        thread.start()
        subscription.close()
        thread.join(60)
        assert not thread.is_alive()
        assert found == []

    def test_captures_whose_keys_look_alike_do_not_meet(self, manager: ComputeLogManager) -> None:
        for number, key in enumerate(LOOK_ALIKES):
            write(manager, key, str(number))
        for number, key in enumerate(LOOK_ALIKES):
            assert stdout_of(manager, key) == str(number)

    def test_keys_are_found_by_what_they_begin_with(self, manager: ComputeLogManager) -> None:
        for key in LOOK_ALIKES:
            write(manager, key, "x")

        def found(*prefix: str) -> list[Sequence[str]]:
            return manager.get_log_keys_for_log_key_prefix(prefix, ComputeIOType.STDOUT)

        assert found("run") == sorted(key for key in LOOK_ALIKES if key[0] == "run")
        assert found("run", "a.out") == [["run", "a.out", "1"]]
        assert found("nobody") == []
        assert manager.get_log_keys_for_log_key_prefix(["run"], ComputeIOType.STDERR) == []

    def test_one_capture_can_be_deleted_or_all_of_a_run(self, manager: ComputeLogManager) -> None:
        kept = ["other", "a", "1"]
        for key in (KEY, ["run", "b", "1"], kept):
            write(manager, key, "x")
        manager.delete_logs(log_key=KEY)
        assert not manager.is_capture_complete(KEY)
        assert stdout_of(manager, KEY) == ""
        assert stdout_of(manager, ["run", "b", "1"]) == "x"
        manager.delete_logs(prefix=["run"])
        manager.delete_logs(prefix=["run"])
        assert stdout_of(manager, ["run", "b", "1"]) == ""
        assert stdout_of(manager, kept) == "x"

    def test_what_to_delete_is_said_once(self, manager: ComputeLogManager) -> None:
        for log_key, prefix in ((None, None), (None, []), (KEY, ["run"])):
            with pytest.raises(ParameterCheckError, match="'log_key'"):
                manager.delete_logs(log_key, prefix)

    def test_where_it_lies_is_told(self, manager: ComputeLogManager) -> None:
        metadata = manager.get_log_metadata(KEY)
        for location in (metadata.stdout_location, metadata.stderr_location):
            assert location is not None
            assert "/run/compute_logs/load.compute/attempt1" in location

    def test_a_pickled_manager_finds_the_same(self, manager: ComputeLogManager) -> None:
        write(manager, KEY, "here")
        again: ComputeLogManager = pickle.loads(pickle.dumps(manager))
        assert stdout_of(again, KEY) == "here"

    def test_captures_at_once_in_several_threads_do_not_mix(
        self, manager: ComputeLogManager
    ) -> None:
        count = 4
        barrier = threading.Barrier(count)

        def work(number: int) -> None:
            with manager.capture_logs(["run", f"step_{number}", "1"]):
                for line in range(50):
                    barrier.wait()
                    print(f"{number} says {line}")

        threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for number in range(count):
            expected = "".join(f"{number} says {line}\n" for line in range(50))
            assert stdout_of(manager, ["run", f"step_{number}", "1"]) == expected
