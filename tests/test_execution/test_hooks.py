"""Hooks in a run: which are called, when, with what, and what becomes of what they raise."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from dagsterlite import (
    AssetMaterialization,
    DagsterInstance,
    DagsterInvariantViolationError,
    DagsterRunCanceledError,
    DagsterTypeCheckDidNotPass,
    DagsterUnknownResourceError,
    HookContext,
    HookDefinition,
    HookExecutionResult,
    InputDefinition,
    Int,
    ModeDefinition,
    Output,
    OutputDefinition,
    PipelineDefinition,
    RetryPolicy,
    RetryRequested,
    SolidDefinition,
    SolidInvocation,
    StepManifest,
    composite_solid,
    event_list_hook,
    execute_pipeline,
    execute_pipeline_iterator,
    failure_hook,
    intermediate_storage,
    lambda_solid,
    pipeline,
    resource,
    solid,
    success_hook,
)
from dagsterlite.execution.results import PipelineExecutionResult
from dagsterlite.memory import InMemoryIntermediateStorage
from dagsterlite.runs import DagsterRunStatus
from tests.event_lists import assert_gap_free, kinds, logged, of_step, recorded

DONE, SKIPPED, ERRORED = "HOOK_COMPLETED", "HOOK_SKIPPED", "HOOK_ERRORED"


@solid
def works(_context):
    return 1


@solid
def fails(_context):
    raise ValueError("no")


def run(
    node: SolidDefinition, *hooks: HookDefinition, mode: ModeDefinition | None = None, **more: Any
) -> PipelineExecutionResult:
    """Run a pipeline of one solid with hooks."""
    modes = None if mode is None else [mode]
    graph = PipelineDefinition([node], "p", mode_defs=modes, hook_defs=set(hooks))
    return execute_pipeline(graph, **{"raise_on_error": False, **more})


def hooks_of(result: PipelineExecutionResult, name: str) -> list[str]:
    return [kind for kind in of_step(result, name) if kind.startswith("HOOK")]


def noting(seen: list[Any], what: Callable[[Any], Any], name: str = "notes") -> HookDefinition:
    """Return a hook that writes down what it sees of the context, whatever the step's end."""

    @event_list_hook(name=name)
    def notes(context, event_list):
        seen.append(what(context))
        return HookExecutionResult("notes")

    return notes


# --- which, and when ---


def test_hooks_follow_the_end_of_a_step_before_the_next_one_starts() -> None:
    called: list[str] = []

    @success_hook
    def on_success(context):
        called.append(f"success of {context.solid.name}")

    @failure_hook
    def on_failure(context):
        called.append(f"failure of {context.solid.name}")

    @solid(input_defs=[InputDefinition("x", int)])
    def fails_after(_context, x):
        called.append("fails_after")
        raise ValueError(x)

    @on_success
    @on_failure
    @pipeline
    def graph():
        fails_after(works())

    result = execute_pipeline(graph, raise_on_error=False)
    assert called == ["success of works", "fails_after", "failure of fails_after"]
    assert of_step(result, "works")[-3:] == ["STEP_SUCCESS", SKIPPED, DONE]
    assert of_step(result, "fails_after")[-3:] == ["STEP_FAILURE", DONE, SKIPPED]
    skipped, finished = [e.message for e in result.event_list if e.is_hook_event][:2]
    assert skipped == (
        'Skipped the execution of hook "on_failure". It did not meet its triggering condition '
        'during the execution of solid "works".'
    )
    assert finished == 'Finished the execution of hook "on_success" triggered for solid "works".'


def test_a_hook_that_is_given_on_several_levels_is_called_once() -> None:
    called: list[str] = []

    @success_hook
    def tell(context):
        called.append(str(context.solid_handle))

    @composite_solid
    def inner():
        works.with_hooks({tell})()

    @composite_solid
    def outer():
        inner.with_hooks({tell})()
        works.alias("bare")()

    @pipeline
    def graph():
        outer.with_hooks({tell}).alias("all")()
        works()

    assert execute_pipeline(graph).success
    assert sorted(called) == ["all.bare", "all.inner.works"]
    assert tell(graph).hook_defs == {tell}


def test_hooks_run_by_name() -> None:
    called: list[str] = []
    named = [success_hook(name=n)(lambda c: called.append(c.hook_def.name)) for n in "cab"]
    run(works, *named)
    assert called == ["a", "b", "c"]


def test_attempts_that_are_tried_again_have_no_hooks() -> None:
    numbers: list[int] = []

    @solid
    def flaky(context):
        if context.retry_number < 2:
            raise RetryRequested(max_retries=5)

    result = run(flaky, noting(numbers, lambda context: context.retry_number))
    assert numbers == [2]
    assert hooks_of(result, "flaky") == [DONE]
    assert of_step(result, "flaky")[-2:] == ["STEP_SUCCESS", DONE]


def test_an_exhausted_policy_ends_with_one_failure_hook() -> None:
    errors: list[Any] = []

    @failure_hook
    def tell(context):
        errors.append(context.solid_exception)

    @solid(retry_policy=RetryPolicy(max_retries=2))
    def never(_context):
        raise ValueError("no")

    run(never, tell)
    assert [repr(error) for error in errors] == ["ValueError('no')"]


def test_steps_that_do_not_run_have_no_hooks() -> None:
    @solid(output_defs=[OutputDefinition(name="a", is_required=False)])
    def yields_nothing(_context):
        yield AssetMaterialization("x")

    @lambda_solid(input_defs=[InputDefinition("x")])
    def skipped(x):
        return x

    @lambda_solid(input_defs=[InputDefinition("x")])
    def abandoned(x):
        return x

    called: list[str] = []

    @noting(called, lambda context: context.solid.name)
    @pipeline
    def graph():
        skipped(yields_nothing())
        abandoned(fails())

    execute_pipeline(graph, raise_on_error=False)
    assert sorted(called) == ["fails", "yields_nothing"]


def test_failure_hooks_are_called_before_the_error_is_raised() -> None:
    called: list[Any] = []
    graph = PipelineDefinition([fails], "p", hook_defs={noting(called, lambda _: 1)})
    with pytest.raises(ValueError, match="no"):
        execute_pipeline(graph)
    assert called == [1]


# --- with what ---


def test_a_hook_knows_the_step_the_run_and_how_it_ended() -> None:
    seen: list[HookContext] = []

    @solid(config_schema=Int, output_defs=[OutputDefinition(name="a"), OutputDefinition(name="b")])
    def pair(_context):
        yield Output(1, "a")
        yield Output(2, "b")

    @success_hook
    def tell(context):
        seen.append(context)

    place = SolidInvocation("pair", alias="two", tags={"k": "v"})
    mode = ModeDefinition("only")
    graph = PipelineDefinition(
        [pair], "p", dependencies={place: {}}, mode_defs=[mode], hook_defs={tell}
    )
    instance = DagsterInstance.ephemeral()
    config = {"solids": {"two": {"config": 7}}}
    result = execute_pipeline(graph, config, tags={"team": "a"}, instance=instance)

    (context,) = seen
    assert isinstance(context, HookContext)
    assert context.hook_def is tell
    assert context.required_resource_keys == frozenset()
    assert (context.step_key, context.step.key) == ("two.compute", "two.compute")
    assert context.solid.name == "two"
    assert context.solid.tags == {"k": "v"}
    assert (context.solid_config, context.retry_number) == (7, 0)
    assert context.solid_output_values == {"a": 1, "b": 2}
    assert context.solid_exception is None
    assert context.run_id == context.pipeline_run.run_id == result.run_id
    assert (context.pipeline_name, context.mode_def) == ("p", mode)
    assert context.instance is instance
    assert context.has_tag("team")
    assert (context.get_tag("team"), context.get_tag("else")) == ("a", None)
    assert (context.op, context.op_config, context.job_name) == (context.solid, 7, "p")
    assert context.op_output_values == context.solid_output_values
    assert context.op_exception is None


def test_a_hook_sees_the_users_own_exception_and_what_was_yielded_before_it() -> None:
    error = ValueError("no")

    @solid(output_defs=[OutputDefinition(name="a"), OutputDefinition(name="b")])
    def half(_context):
        yield Output(1, "a")
        raise error

    seen: list[Any] = []
    run(half, noting(seen, lambda c: (c.solid_exception, c.solid_output_values)))
    assert seen == [(error, {"a": 1})]


def test_a_hook_sees_errors_that_user_code_did_not_raise() -> None:
    @solid(output_defs=[OutputDefinition(int)])
    def wrong(_context):
        return "text"

    seen: list[Any] = []
    run(wrong, noting(seen, lambda context: type(context.solid_exception)))
    assert seen == [DagsterTypeCheckDidNotPass]


def test_a_hook_is_given_the_events_of_the_last_attempt() -> None:
    @solid
    def flaky(context):
        yield AssetMaterialization("x")
        if not context.retry_number:
            raise RetryRequested
        yield Output(1)

    seen: list[list[str]] = []

    @event_list_hook
    def first(context, event_list):
        seen.append(kinds(event_list))
        event_list.clear()
        return HookExecutionResult("first", is_skipped=True)

    @event_list_hook
    def second(context, event_list):
        seen.append(kinds(event_list))
        return HookExecutionResult("second")

    result = run(flaky, first, second)
    assert seen[0] == seen[1]
    assert seen[0] == [
        "STEP_RESTARTED",
        "STEP_MATERIALIZATION",
        "STEP_OUTPUT",
        "OBJECT_STORE_OPERATION",
        "STEP_SUCCESS",
    ]
    assert hooks_of(result, "flaky") == [SKIPPED, DONE]


def test_what_a_hook_logs_follows_the_steps_end_without_gaps() -> None:
    @success_hook
    def tell(context):
        context.log.info("%s is done", context.solid.name)

    instance = DagsterInstance.ephemeral()
    run(works, tell, instance=instance)
    entries = [entry for entry in logged(instance) if entry.step_key]
    assert_gap_free(entries)
    assert len({entry.attempt_id for entry in entries}) == 1
    assert [entry.message for entry in entries[-2:]] == [
        "works is done",
        'Finished the execution of hook "tell" triggered for solid "works".',
    ]


def test_threads_that_are_left_over_say_nothing_after_their_time() -> None:
    logs: list[Any] = []

    @solid
    def leaves_its_log(context):
        logs.append(context.log)

    @success_hook
    def tell(context):
        logs.append(context.log)
        logs[0].info("the step's, too late")

    instance = DagsterInstance.ephemeral()

    @lambda_solid(input_defs=[InputDefinition("x")])
    def later(x):
        logs[1].info("the hook's, too late")

    @pipeline(hook_defs=None)
    def graph():
        later(leaves_its_log.with_hooks({tell})())

    assert execute_pipeline(graph, instance=instance).success
    assert [entry.message for entry in logged(instance) if "too late" in entry.message] == []
    assert_gap_free(logged(instance))


# --- resources ---


def with_slack(diary: list[str]) -> ModeDefinition:
    @resource
    def slack(_init_context):
        diary.append("made")
        yield diary
        diary.append("put away")

    @resource
    def other(_init_context):
        diary.append("other made")

    return ModeDefinition(resource_defs={"slack": slack, "other": other})


def test_a_resource_that_only_a_hook_requires_is_made_like_a_solids() -> None:
    diary: list[str] = []

    @success_hook(required_resource_keys={"slack"})
    def tell(context):
        context.resources.slack.append(f"used by {context.solid.name}")

    assert run(works, tell, mode=with_slack(diary)).success
    assert diary == ["made", "used by works", "put away"]


def test_a_hook_has_only_the_resources_that_it_requires() -> None:
    @success_hook(required_resource_keys={"slack"})
    def tell(context):
        assert context.resources.other

    result = run(works, tell, mode=with_slack([]))
    (event,) = (event for event in result.event_list if event.is_hook_errored)
    assert event.hook_errored_data.error.cls_name == DagsterUnknownResourceError.__name__


# --- what they raise ---


def test_what_a_hook_raises_is_told_with_the_users_frames_and_changes_nothing() -> None:
    def deep():
        raise KeyError("missing")

    @success_hook
    def a_raises(context):
        deep()

    called: list[int] = []
    result = run(works, a_raises, noting(called, lambda _: 1), raise_on_error=True)
    assert result.success
    assert result.output_for_solid("works") == 1
    assert hooks_of(result, "works") == [ERRORED, DONE]
    (event,) = (event for event in result.event_list if event.is_hook_errored)
    assert event.message == (
        'Error occurred during the execution of hook "a_raises" triggered for solid "works".'
    )
    error = event.hook_errored_data.error
    assert (error.cls_name, error.stack) == ("HookExecutionError", [])
    assert error.cause is not None
    assert error.cause.message == "KeyError: 'missing'\n"
    assert [frame.split(", in ")[1].split("\n")[0] for frame in error.cause.stack] == [
        "a_raises",
        "deep",
    ]
    assert called == [1]


@pytest.mark.parametrize("exc", [SystemExit(3), GeneratorExit(), DagsterInvariantViolationError()])
def test_a_hook_may_raise_anything(exc: BaseException) -> None:
    @failure_hook
    def raises(context):
        raise exc

    result = run(fails, raises)
    assert hooks_of(result, "fails") == [ERRORED]
    assert result.status is DagsterRunStatus.FAILURE


def test_a_hook_must_return_its_result() -> None:
    wrong: Any = lambda context, events: "done"  # noqa: E731
    result = run(works, HookDefinition("by_hand", wrong))
    (event,) = (event for event in result.event_list if event.is_hook_errored)
    assert event.hook_errored_data.error.message == (
        "dagsterlite.errors.DagsterInvariantViolationError: hook 'by_hand' returned 'done' of "
        "type str; its function must return HookExecutionResult('by_hand').\n"
    )


# --- where the run stops ---


def test_a_cancel_interrupts_a_hook_and_the_step_stands() -> None:
    began = threading.Event()
    called: list[int] = []

    @success_hook
    def a_goes_on(context):
        began.set()
        while True:
            time.sleep(0.001)

    instance = DagsterInstance.ephemeral()

    def ask() -> None:
        began.wait(20)
        instance.request_cancel(instance.get_runs()[0].run_id)

    thread = threading.Thread(target=ask)
    thread.start()
    with pytest.raises(DagsterRunCanceledError):
        run(works, a_goes_on, noting(called, lambda _: 1), instance=instance, raise_on_error=True)
    thread.join()
    assert called == []
    assert recorded(instance)[-4:] == [
        "STEP_SUCCESS works.compute",
        "HOOK_ERRORED works.compute",
        "PIPELINE_CANCELING",
        "PIPELINE_CANCELED",
    ]
    assert_gap_free(logged(instance))


def test_a_step_that_is_canceled_has_no_hooks() -> None:
    began = threading.Event()
    called: list[int] = []

    @solid
    def endless(_context):
        began.set()
        while True:
            time.sleep(0.001)

    instance = DagsterInstance.ephemeral()

    def ask() -> None:
        began.wait(20)
        instance.request_cancel(instance.get_runs()[0].run_id)

    thread = threading.Thread(target=ask)
    thread.start()
    with pytest.raises(DagsterRunCanceledError):
        run(endless, noting(called, lambda _: 1), instance=instance, raise_on_error=True)
    thread.join()
    assert called == []
    assert not [told for told in recorded(instance) if told.startswith("HOOK")]


def test_a_keyboard_interrupt_in_a_hook_cancels_the_run() -> None:
    @success_hook
    def interrupted(context):
        raise KeyboardInterrupt

    instance = DagsterInstance.ephemeral()
    with pytest.raises(KeyboardInterrupt):
        run(works, interrupted, instance=instance)
    assert recorded(instance)[-4:] == [
        "STEP_SUCCESS works.compute",
        "HOOK_ERRORED works.compute",
        "PIPELINE_CANCELING",
        "PIPELINE_CANCELED",
    ]


@pytest.mark.parametrize("last", ["STEP_SUCCESS", DONE])
def test_a_run_whose_events_nobody_reads_on_keeps_what_was_committed(last: str) -> None:
    called: list[int] = []
    graph = PipelineDefinition([works], "p", hook_defs={noting(called, lambda _: 1)})
    instance = DagsterInstance.ephemeral()
    events = execute_pipeline_iterator(graph, instance=instance)
    for event in events:
        if event.event_type_value == last:
            break
    events.close()
    told = recorded(instance)
    assert told[-2:] == ["PIPELINE_CANCELING", "PIPELINE_CANCELED"]
    assert "STEP_FAILURE works.compute" not in told
    assert called == ([1] if last == DONE else [])


# --- commits ---


class Watched(InMemoryIntermediateStorage):
    """A storage that shows manifests, and may have another attempt's already."""

    is_persistent = True

    def __init__(self, accepted: StepManifest | None = None) -> None:
        super().__init__()
        self.accepted = accepted
        self.manifests: list[StepManifest] = []

    def commit(self, manifest: StepManifest) -> StepManifest:
        self.manifests.append(manifest)
        return self.accepted or super().commit(manifest)


def run_in(storage: Watched, called: list[int]) -> PipelineExecutionResult:
    @intermediate_storage(name="watched")
    def made(_context):
        return storage

    mode = ModeDefinition(intermediate_storage_defs=[made])
    return run(works, noting(called, lambda _: 1), mode=mode)


def test_the_manifest_ends_with_the_steps_success() -> None:
    storage = Watched()
    called: list[int] = []
    assert run_in(storage, called).success
    (manifest,) = storage.manifests
    last = manifest.entries[-1].dagster_event
    assert last is not None
    assert last.is_step_success
    assert manifest.receipt.entry_count == len(manifest.entries)
    assert called == [1]


def test_an_attempt_that_lost_the_race_has_no_hooks() -> None:
    first = Watched()
    run_in(first, [])
    called: list[int] = []
    result = run_in(Watched(accepted=first.manifests[0]), called)
    assert called == []
    assert hooks_of(result, "works") == []
