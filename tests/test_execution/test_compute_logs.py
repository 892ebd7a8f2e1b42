"""What steps print, kept by attempt: in process, and told apart from all that others print."""

# ruff: noqa: T201 - printing is what is tested
from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    RetryRequested,
    execute_pipeline,
    execute_pipeline_iterator,
    pipeline,
    solid,
    success_hook,
)
from dagsterlite.compute_logs import ComputeIOType
from dagsterlite.errors import DagsterStorageError
from dagsterlite_fsspec.compute_logs import LocalComputeLogManager

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.local_temp() as made:
        yield made


def logs_of(instance: DagsterInstance, run_id: str) -> dict[str, list[Any]]:
    """Return what each step's attempts printed to both streams, in the order of attempts."""
    attempts: dict[tuple[str, str], None] = {}
    for entry in instance.all_logs(run_id):
        if entry.step_key:
            attempts[entry.step_key, entry.attempt_id] = None
    found: dict[str, list[Any]] = {}
    for step_key, attempt_id in attempts:
        data = instance.compute_log_manager.get_log_data([run_id, step_key, attempt_id])
        texts = tuple((part or b"").decode() for part in (data.stdout, data.stderr))
        found.setdefault(step_key, []).append(texts)
    return found


@solid
def loud(_context):
    print("out")
    print("err", file=sys.stderr)
    thread = threading.Thread(target=lambda: print("from a thread"))
    thread.start()
    thread.join()
    return 1


@solid
def silent(_context, number):
    return number


@solid
def tried_again(context, _number):
    print(f"attempt {context.retry_number}")
    if context.retry_number == 0:
        raise RetryRequested(max_retries=1)


@pipeline
def talk():
    tried_again(silent(loud()))


def test_what_each_attempt_prints_is_kept_by_itself(
    instance: DagsterInstance, capsys: pytest.CaptureFixture[str]
) -> None:
    result = execute_pipeline(talk, QUIET, instance=instance)
    assert logs_of(instance, result.run_id) == {
        "loud.compute": [("out\nfrom a thread\n", "err\n")],
        "silent.compute": [("", "")],
        "tried_again.compute": [("attempt 0\n", ""), ("attempt 1\n", "")],
    }
    shown = capsys.readouterr()
    assert shown.out == "out\nfrom a thread\nattempt 0\nattempt 1\n"
    assert shown.err == "err\n"


def test_only_what_was_written_makes_files(instance: DagsterInstance) -> None:
    result = execute_pipeline(talk, QUIET, instance=instance)
    keys = instance.compute_log_manager.get_log_keys_for_log_key_prefix(
        [result.run_id], ComputeIOType.STDOUT
    )
    assert sorted(key[1] for key in keys) == [
        "loud.compute",
        "tried_again.compute",
        "tried_again.compute",
    ]


def test_what_the_reader_of_events_prints_is_not_the_steps(instance: DagsterInstance) -> None:
    events = execute_pipeline_iterator(talk, QUIET, instance=instance)
    for event in events:
        print(f"seen: {event.event_type_value}")
    logs = logs_of(instance, events.run_id)
    assert logs["loud.compute"] == [("out\nfrom a thread\n", "err\n")]
    assert logs["silent.compute"] == [("", "")]


def test_what_a_step_printed_before_it_failed_is_kept(instance: DagsterInstance) -> None:
    @solid
    def fails(_context):
        print("so far")
        raise ValueError

    @pipeline
    def failing():
        fails()

    result = execute_pipeline(failing, QUIET, instance=instance, raise_on_error=False)
    assert logs_of(instance, result.run_id) == {"fails.compute": [("so far\n", "")]}


def test_what_hooks_print_is_with_their_step(instance: DagsterInstance) -> None:
    @success_hook
    def cheer(_context):
        print("hooray")

    @cheer
    @pipeline
    def cheered():
        silent(loud())

    result = execute_pipeline(cheered, QUIET, instance=instance)
    assert logs_of(instance, result.run_id)["silent.compute"] == [("hooray\n", "")]


def test_a_run_inside_a_step_keeps_its_own(instance: DagsterInstance) -> None:
    @solid
    def outer(context):
        print("before")
        inner = execute_pipeline(talk, QUIET, instance=context.instance)
        print("after")
        return inner.run_id

    @pipeline
    def nesting():
        outer()

    result = execute_pipeline(nesting, QUIET, instance=instance)
    inner = logs_of(instance, result.output_for_solid("outer"))
    assert inner["tried_again.compute"] == [("attempt 0\n", ""), ("attempt 1\n", "")]
    ((out, _),) = logs_of(instance, result.run_id)["outer.compute"]
    assert out.startswith("before\n")
    assert out.endswith("after\n")


def test_logs_are_deleted_with_their_run(instance: DagsterInstance) -> None:
    first, second = (execute_pipeline(talk, QUIET, instance=instance).run_id for _ in range(2))
    instance.delete_run(first)

    def keys(run_id: str) -> int:
        manager = instance.compute_log_manager
        return len(manager.get_log_keys_for_log_key_prefix([run_id], ComputeIOType.STDOUT))

    assert (keys(first), keys(second)) == (0, 3)


@pytest.mark.parametrize("method", ["open_log_stream", "finish_capture"])
def test_a_manager_that_fails_is_told_and_fails_no_step(
    instance: DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    method: str,
) -> None:
    def refuse(*_args: object) -> None:
        raise DagsterStorageError("the store is gone")

    monkeypatch.setattr(LocalComputeLogManager, method, refuse)
    with caplog.at_level(logging.WARNING, "dagsterlite"):
        assert execute_pipeline(talk, QUIET, instance=instance).success
    assert "Not all that step 'loud.compute'" in caplog.text
    assert "the store is gone" in caplog.text


def test_an_instance_in_memory_keeps_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with DagsterInstance.ephemeral() as ephemeral:
        result = execute_pipeline(talk, QUIET, instance=ephemeral)
        assert logs_of(ephemeral, result.run_id)["loud.compute"] == [("", "")]
    assert "out\n" in capsys.readouterr().out
