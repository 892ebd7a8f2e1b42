from __future__ import annotations

from typing import Any

import cloudpickle
import pytest

from dagsterlite import (
    CheckError,
    DagsterInvalidDefinitionError,
    HookDefinition,
    HookExecutionResult,
    ModeDefinition,
    PipelineDefinition,
    ResourceDefinition,
    SolidInvocation,
    composite_solid,
    event_list_hook,
    failure_hook,
    pipeline,
    solid,
    success_hook,
)
from dagsterlite.handles import SolidHandle

NOTHING = ResourceDefinition.none_resource()


@success_hook
def on_success(context):
    pass


@failure_hook(name="other_name", required_resource_keys={"slack"})
def on_failure(context):
    pass


@event_list_hook(required_resource_keys={"db"})
def on_events(context, event_list):
    return HookExecutionResult("on_events")


@event_list_hook
def bare(context, event_list):
    return HookExecutionResult("bare")


@solid
def work(_context):
    return 1


@composite_solid
def inner():
    work.with_hooks({bare})()
    work.alias("plain")()


@composite_solid
def outer():
    inner.with_hooks({on_success})()


def hooks_at(definition: PipelineDefinition, path: str) -> set[str]:
    handle = SolidHandle.from_string(path)
    return {hook.name for hook in definition.get_all_hooks_for_handle(handle)}


def test_decorators_make_hooks_bare_and_with_arguments() -> None:
    assert (on_success.name, on_failure.name, on_events.name, bare.name) == (
        "on_success",
        "other_name",
        "on_events",
        "bare",
    )
    assert on_success.required_resource_keys == frozenset()
    assert on_failure.required_resource_keys == {"slack"}
    assert on_events.required_resource_keys == {"db"}
    assert repr(on_failure) == "HookDefinition('other_name')"


def test_hooks_are_given_at_every_level_in_any_order_with_aliases_and_tags() -> None:
    @bare
    @pipeline
    def graph():
        work.with_hooks({on_success}).alias("a").tag({"k": "v"})()
        work.tag({"k": "v"}).alias("b").with_hooks({on_success}).with_hooks([bare])()
        work.alias("c")()
        outer()

    assert hooks_at(graph, "a") == {"bare", "on_success"}
    assert hooks_at(graph, "b") == {"bare", "on_success"}
    assert hooks_at(graph, "c") == {"bare"}
    assert hooks_at(graph, "outer.inner.work") == {"bare", "on_success"}
    assert hooks_at(graph, "outer.inner.plain") == {"bare", "on_success"}
    assert graph.solid_named("a").tags == {"k": "v"}
    assert graph.solid_named("b").hook_defs == {on_success, bare}
    assert len(graph.get_all_hooks_for_handle(SolidHandle("b", None))) == 2
    assert graph.all_hook_defs == {bare, on_success}


def test_hooks_of_a_place_stand_in_written_dependencies_too() -> None:
    place = SolidInvocation("work", alias="a", hook_defs={bare})
    graph = PipelineDefinition([work], "p", dependencies={place: {}}, hook_defs={on_success})
    assert hooks_at(graph, "a") == {"bare", "on_success"}


def test_a_pipeline_with_hooks_is_another_pipeline() -> None:
    @pipeline(hook_defs={bare})
    def graph():
        work()

    more = graph.with_hooks({on_success})
    assert graph.hook_defs == {bare}
    assert more.hook_defs == {bare, on_success}
    assert type(more) is PipelineDefinition
    assert on_success(graph).hook_defs == more.hook_defs
    assert more.name == "graph"


def test_two_hooks_may_bear_one_name_and_one_hook_counts_once() -> None:
    def for_channel(_channel: str) -> HookDefinition:
        @success_hook
        def tell(context):
            pass

        return tell

    a, b = for_channel("a"), for_channel("b")
    assert work.with_hooks({a, b}).with_hooks({a}).hook_defs == {a, b}


def test_one_hook_on_several_levels_is_still_one_after_it_travelled() -> None:
    graph = PipelineDefinition(
        [work],
        "p",
        dependencies={SolidInvocation("work", hook_defs={bare}): {}},
        hook_defs={bare},
    )
    there = cloudpickle.loads(cloudpickle.dumps(graph))
    assert len(there.get_all_hooks_for_handle(SolidHandle("work", None))) == 1


def test_each_mode_must_have_what_hooks_require_wherever_they_are() -> None:
    slack = ModeDefinition("slack", resource_defs={"slack": NOTHING})
    poor = ModeDefinition("poor", resource_defs={"slak": NOTHING})

    @pipeline(mode_defs=[slack])
    def graph():
        work.with_hooks({on_failure})()

    assert on_failure(graph).hook_defs == {on_failure}
    named = (
        r"resource 'slack' is required by hook 'other_name' of solid 'work', but is not .*'poor'.*"
    )
    with pytest.raises(DagsterInvalidDefinitionError, match=f"{named}Did you mean 'slak'"):

        @pipeline(mode_defs=[slack, poor])
        def of_solid():
            work.with_hooks({on_failure})()

    with pytest.raises(DagsterInvalidDefinitionError, match="of the pipeline, but is not"):
        PipelineDefinition([work], "p", mode_defs=[poor], hook_defs={on_failure})
    with pytest.raises(DagsterInvalidDefinitionError, match="'db' is required by hook 'on_events'"):
        graph.with_hooks({on_events})


def test_what_hooks_inside_composites_require_is_checked_too() -> None:
    @composite_solid
    def holds():
        work.with_hooks({on_failure}).alias("deep")()

    with pytest.raises(DagsterInvalidDefinitionError, match="hook 'other_name' of solid 'deep'"):

        @pipeline
        def graph():
            holds()


def test_a_hook_above_anything_else_than_a_pipeline_is_refused_with_the_mend() -> None:
    with pytest.raises(DagsterInvalidDefinitionError, match=r"no pipeline.*\.with_hooks\(\{bare\}"):

        @bare
        def function():
            pass

    with pytest.raises(DagsterInvalidDefinitionError, match="hook 'on_success' decorates"):
        on_success(work)


@pytest.mark.parametrize("wrong", [on_success, "on_success", {"on_success"}, {on_success: 1, 2: 3}])
def test_hooks_are_given_as_a_set_of_hooks(wrong: Any) -> None:
    expected = "'hook_defs' must be a set of HookDefinition"
    with pytest.raises(CheckError, match=f"solid 'work': argument {expected}"):
        work.with_hooks(wrong)
    with pytest.raises(CheckError, match=f"pipeline 'p': argument {expected}"):
        PipelineDefinition([work], "p", hook_defs=wrong)
    with pytest.raises(CheckError, match=f"pipeline 'p': argument {expected}"):
        PipelineDefinition([work], "p").with_hooks(wrong)


def test_the_function_must_take_what_it_will_be_given() -> None:
    with pytest.raises(DagsterInvalidDefinitionError, match=r"@success_hook 'none'.*1 .*\(context"):

        @success_hook  # type: ignore[arg-type]
        def none():
            pass

    with pytest.raises(DagsterInvalidDefinitionError, match="@failure_hook 'two'"):

        @failure_hook  # type: ignore[arg-type]
        def two(context, event_list):
            pass

    with pytest.raises(DagsterInvalidDefinitionError, match=r"hook 'one'.*\(context, event_list\)"):

        @event_list_hook
        def one(context):
            return HookExecutionResult("one")

    with pytest.raises(DagsterInvalidDefinitionError, match="is async"):

        @success_hook
        async def later(context):
            pass

    with pytest.raises(CheckError, match="must decorate a function"):
        success_hook(work)
    with pytest.raises(DagsterInvalidDefinitionError, match="hook 'by_hand'"):
        HookDefinition("by_hand", lambda context: HookExecutionResult("by_hand"))  # type: ignore[misc, arg-type]


def test_names_keys_and_results_are_checked() -> None:
    wrong: Any = 3
    with pytest.raises(DagsterInvalidDefinitionError, match="valid name for a hook"):
        success_hook(name="no name")(lambda context: None)
    with pytest.raises(CheckError, match="hook 'x': argument 'required_resource_keys'"):
        success_hook(name="x", required_resource_keys="slack")(lambda context: None)
    with pytest.raises(CheckError, match="'hook_name' must be a text"):
        HookExecutionResult(wrong)
    with pytest.raises(CheckError, match="'is_skipped' must be a bool"):
        HookExecutionResult("x", wrong)
    assert HookExecutionResult("x") == HookExecutionResult("x", is_skipped=False)
