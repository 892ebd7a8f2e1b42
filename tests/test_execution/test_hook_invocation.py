"""Hooks that a test calls by themselves."""

from __future__ import annotations

import io
from contextlib import redirect_stderr
from typing import Any

import pytest

from dagsterlite import (
    CheckError,
    DagsterInstance,
    DagsterInvalidConfigError,
    DagsterInvalidInvocationError,
    DagsterInvalidPropertyError,
    DagsterInvariantViolationError,
    DagsterUnknownResourceError,
    Field,
    HookContext,
    HookDefinition,
    HookExecutionResult,
    ModeDefinition,
    build_hook_context,
    event_list_hook,
    failure_hook,
    resource,
    solid,
    success_hook,
)


@solid(tags={"a": "1"})
def work(_context):
    return 1


@success_hook(required_resource_keys={"slack"})
def tell(context):
    context.resources.slack.append(f"{context.solid.name} is done")
    return "told"


@failure_hook
def names_the_error(context):
    return repr(context.solid_exception)


@event_list_hook
def counts(context, event_list):
    return HookExecutionResult("counts", is_skipped=not event_list)


@success_hook
def shows(context):
    return context


def test_a_call_returns_what_the_users_function_returns() -> None:
    slack: list[str] = []
    context = build_hook_context(resources={"slack": slack, "other": 1}, solid=work)
    assert tell(context) == "told"
    assert tell(context=context) == "told"
    assert slack == ["work is done"] * 2
    assert names_the_error(build_hook_context(op_exception=ValueError("no"))) == "ValueError('no')"
    assert names_the_error(build_hook_context()) == "None"


def test_a_hook_on_event_lists_takes_the_list_too() -> None:
    context = build_hook_context()
    assert counts(context, []) == HookExecutionResult("counts", is_skipped=True)
    assert counts(context, event_list=["one"]).is_skipped is False


def test_the_context_has_what_it_is_given() -> None:
    mode = ModeDefinition("test")
    instance = DagsterInstance.ephemeral()
    node = work.alias("other").tag({"b": "2"}).with_hooks({shows})
    context = shows(
        build_hook_context(
            mode_def=mode, op=node, run_id="7", job_name="nightly", instance=instance
        )
    )
    assert isinstance(context, HookContext)
    assert context.hook_def is shows
    assert (context.mode_def, context.instance, context.run_id) == (mode, instance, "7")
    assert (context.pipeline_name, context.job_name) == ("nightly", "nightly")
    assert (context.solid.name, context.solid.tags) == ("other", {"a": "1", "b": "2"})
    assert context.op.hook_defs == {shows}
    assert build_hook_context().run_id == "EPHEMERAL"


def test_what_it_logs_goes_to_the_console() -> None:
    @success_hook
    def says(context):
        context.log.info("hello")

    with redirect_stderr(io.StringIO()) as console:
        says(build_hook_context())
    assert console.getvalue().endswith("hello\n")


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("step", "belongs to a run"),
        ("step_key", "belongs to a run"),
        ("solid_config", "belongs to a run"),
        ("op_config", "belongs to a run"),
        ("op_output_values", "belongs to a run"),
        ("retry_number", "belongs to a run"),
        ("pipeline_run", "belongs to a run"),
        ("solid_handle", "belongs to a run"),
        ("solid", r"build_hook_context\(solid=…\)"),
        ("mode_def", r"build_hook_context\(mode_def=…\)"),
        ("instance", r"build_hook_context\(instance=…\)"),
        ("job_name", r"build_hook_context\(job_name=…\)"),
        ("hook_def", "the hook that is called with"),
    ],
)
def test_what_is_not_known_outside_a_run_is_refused_by_name(name: str, mend: str) -> None:
    with pytest.raises(DagsterInvalidPropertyError, match=mend):
        getattr(build_hook_context(), name)


# --- resources ---


@resource(config_schema={"channel": Field(str, default_value="#all")})
def slack_resource(init_context):
    init_context.log.debug("made")
    return [init_context.resource_config["channel"]]


@resource(required_resource_keys={"slack"})
def needs_slack(init_context):
    return [*init_context.resources.slack, init_context.instance]


def test_resources_may_be_definitions_with_defaults_and_need_each_other() -> None:
    instance = DagsterInstance.ephemeral()
    resources = {"slack": slack_resource, "more": needs_slack}
    context = build_hook_context(resources, instance=instance)
    assert context.resources.more == ["#all", instance]
    assert context.resources.slack is context.resources.slack


def test_a_resource_that_needs_config_is_refused_with_the_path() -> None:
    @resource(config_schema={"url": str})
    def database(init_context):
        return init_context.resource_config["url"]

    with pytest.raises(DagsterInvalidConfigError, match=r"resources: \{db: \{config: \{url"):
        build_hook_context({"db": database})


def test_a_resource_that_cleans_up_needs_a_block() -> None:
    diary: list[str] = []

    @resource
    def connection(_init_context):
        diary.append("open")
        yield diary
        diary.append("closed")

    with build_hook_context({"slack": connection}, solid=work) as context:
        tell(context)
    assert diary == ["open", "work is done", "closed"]

    diary.clear()
    with pytest.raises(DagsterInvariantViolationError, match=r"write `with build_hook_context"):
        tell(build_hook_context({"slack": connection}, solid=work))
    assert diary == ["open", "closed"]


def test_an_error_of_a_clean_up_is_raised() -> None:
    @resource
    def sloppy(_init_context):
        yield 1
        raise OSError("cannot close")

    with (
        pytest.raises(OSError, match="cannot close"),
        build_hook_context({"slack": sloppy}) as context,
    ):
        assert context.resources.slack == 1


def test_a_hook_sees_the_resources_that_it_requires_only() -> None:
    context = build_hook_context({"slack": [], "other": 1})
    assert context.resources.other == 1
    with pytest.raises(DagsterUnknownResourceError):
        assert shows(context).resources.other


# --- wrong calls ---


def test_a_missing_resource_is_named_with_the_mend() -> None:
    named = r"hook 'tell' requires resource 'slack', .*Did you mean 'slac'.*\{'slack': …\}"
    with pytest.raises(DagsterInvalidInvocationError, match=named):
        tell(build_hook_context({"slac": 1}, solid=work))


@pytest.mark.parametrize(
    ("hook", "args", "named"),
    [
        (tell, (), r"hook 'tell' was called wrongly: missing .* 'context'.*takes \(context\)"),
        (tell, (build_hook_context(), []), "too many positional arguments"),
        (counts, (build_hook_context(),), "missing a required argument: 'event_list'"),
        (tell, (None,), "must be called with a context from build_hook_context, not None"),
        (tell, ({"resources": 1},), "must be called with a context from build_hook_context"),
    ],
)
def test_wrong_arguments_are_told(hook: HookDefinition, args: Any, named: str) -> None:
    with pytest.raises(DagsterInvalidInvocationError, match=named):
        hook(*args)


def test_a_hook_made_without_a_decorator_has_no_function_to_call() -> None:
    by_hand = HookDefinition("by_hand", lambda _context, _events: HookExecutionResult("by_hand"))
    with pytest.raises(DagsterInvalidInvocationError, match="'by_hand' was made without a decor"):
        by_hand(build_hook_context())


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"resources": [1]}, "'resources' must be a dict"),
        ({"mode_def": "default"}, "'mode_def' must be a ModeDefinition"),
        ({"solid": "work"}, "'solid' must be a solid"),
        ({"run_id": 1}, "'run_id' must be a text"),
        ({"job_name": 1}, "'job_name' must be a text"),
        ({"op_exception": "no"}, "'op_exception' must be an exception"),
        ({"instance": 1}, "'instance' must be a DagsterInstance"),
        ({"solid": work, "op": work}, "two names of one argument"),
    ],
)
def test_wrong_parts_of_a_context_are_refused(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(CheckError, match=named):
        build_hook_context(**arguments)
