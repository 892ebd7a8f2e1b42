from __future__ import annotations

import os
import pickle
import threading
from typing import Any

import pytest

from dagsterlite import (
    AssetKey,
    AssetMaterialization,
    AssetObservation,
    CheckError,
    DagsterExecutionHandleOutputError,
    DagsterExecutionLoadInputError,
    DagsterInstance,
    DagsterInvalidConfigError,
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
    DagsterUnpicklableOutputError,
    EventMetadataEntry,
    Failure,
    InputDefinition,
    IOManager,
    IOManagerDefinition,
    ModeDefinition,
    Nothing,
    Output,
    OutputDefinition,
    ResourceDefinition,
    RetryRequested,
    composite_solid,
    custom_path_fs_io_manager,
    execute_pipeline,
    fs_io_manager,
    input_manager,
    io_manager,
    mem_io_manager,
    pipeline,
    resource,
    root_input_manager,
    solid,
)
from dagsterlite.events.event import DagsterEvent

QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class Shelf(IOManager):
    """Keeps copies, and what it was asked."""

    def __init__(self):
        self.kept = {}
        self.asked = []

    def handle_output(self, context, obj):
        self.kept[tuple(context.get_identifier())] = pickle.dumps(obj)
        self.asked.append(context)

    def load_input(self, context):
        self.asked.append(context)
        return pickle.loads(self.kept[tuple(context.get_identifier())])


@solid
def one(_context):
    return 1


@solid(input_defs=[InputDefinition("number", int, metadata={"unit": "m"})])
def add_one(_context, number):
    return number + 1


@solid
def total(_context, numbers: list[int]):
    return sum(numbers)


def in_mode(**resources: Any) -> list[ModeDefinition]:
    return [ModeDefinition(resource_defs=resources)]


def hardcoded(manager: IOManager) -> IOManagerDefinition:
    return IOManagerDefinition.hardcoded_io_manager(manager)


def run(definition: Any, config: dict[str, Any] | None = None, **kwargs: Any) -> Any:
    return execute_pipeline(definition, run_config={**QUIET, **(config or {})}, **kwargs)


def story(events: list[DagsterEvent], step_key: str) -> list[str]:
    return [event.event_type_value for event in events if event.step_key == step_key]


def event_of(result: Any, kind: str, step_key: str) -> DagsterEvent:
    events: list[DagsterEvent] = result.event_list
    (event,) = (e for e in events if e.event_type_value == kind and e.step_key == step_key)
    return event


# --- who keeps an output -------------------------------------------------------------------------


def test_a_mode_with_an_io_manager_hands_it_all_outputs_and_loads_by_it() -> None:
    shelf = Shelf()

    @pipeline(mode_defs=in_mode(io_manager=hardcoded(shelf)))
    def numbers():
        add_one(one())

    result = run(numbers)

    run_id = result.run_id
    assert set(shelf.kept) == {
        (run_id, "one.compute", "result"),
        (run_id, "add_one.compute", "result"),
    }
    assert result.output_for_solid("add_one") == 2
    assert story(result.event_list, "one.compute") == [
        "STEP_START",
        "STEP_OUTPUT",
        "HANDLED_OUTPUT",
        "STEP_SUCCESS",
    ]
    assert story(result.event_list, "add_one.compute") == [
        "STEP_START",
        "LOADED_INPUT",
        "STEP_INPUT",
        "STEP_OUTPUT",
        "HANDLED_OUTPUT",
        "STEP_SUCCESS",
    ]


def test_the_events_say_which_manager_did_what() -> None:
    @pipeline(mode_defs=in_mode(io_manager=hardcoded(Shelf())))
    def numbers():
        add_one(one())

    result = run(numbers)

    handled = event_of(result, "HANDLED_OUTPUT", "one.compute")
    assert handled.is_handled_output
    assert handled.message == 'Handled output "result" using IO manager "io_manager"'
    assert handled.handled_output_data.output_name == "result"
    assert handled.handled_output_data.manager_key == "io_manager"
    loaded = event_of(result, "LOADED_INPUT", "add_one.compute")
    assert loaded.is_loaded_input
    assert loaded.message == (
        'Loaded input "number" using input manager "io_manager", from output "result" of step '
        '"one.compute"'
    )
    data = loaded.loaded_input_data
    assert (data.input_name, data.manager_key) == ("number", "io_manager")
    assert (data.upstream_step_key, data.upstream_output_name) == ("one.compute", "result")


def test_each_output_may_name_a_manager_and_the_others_stay_with_the_run() -> None:
    shelf = Shelf()

    @solid(
        output_defs=[OutputDefinition(int, "kept", io_manager_key="shelf"), OutputDefinition(int)]
    )
    def two(_context):
        yield Output(1, "kept")
        yield Output(2)

    @pipeline(mode_defs=in_mode(shelf=hardcoded(shelf)))
    def numbers():
        kept, plain = two()
        total([add_one.alias("a")(kept), add_one.alias("b")(plain)])

    result = run(numbers)

    assert set(shelf.kept) == {(result.run_id, "two.compute", "kept")}
    assert result.output_for_solid("total") == 5
    assert result.result_for_solid("two").output_values == {"kept": 1, "result": 2}
    assert "LOADED_INPUT" in story(result.event_list, "a.compute")
    assert "LOADED_INPUT" not in story(result.event_list, "b.compute")


def test_a_value_always_comes_from_its_manager_not_from_memory() -> None:
    class Doubles(Shelf):
        def load_input(self, context):
            return 2 * super().load_input(context)

    @pipeline(mode_defs=in_mode(io_manager=hardcoded(Doubles())))
    def numbers():
        total([one(), one.alias("other")()])

    assert run(numbers).output_for_solid("total") == 8


def test_an_output_of_type_nothing_has_no_value_to_hand_over() -> None:
    shelf = Shelf()

    @solid(output_defs=[OutputDefinition(Nothing)])
    def effect(_context):
        return None

    @solid(input_defs=[InputDefinition("start", Nothing)])
    def after(_context):
        return "after"

    @pipeline(mode_defs=in_mode(io_manager=hardcoded(shelf)))
    def effects():
        after(effect())

    result = run(effects)

    assert list(shelf.kept) == [(result.run_id, "after.compute", "result")]


def test_what_steps_leave_lasts_as_long_as_what_the_manager_of_all_outputs_keeps() -> None:
    def kept_on_files(**resources: Any) -> bool:
        @solid(output_defs=[OutputDefinition(Nothing)])
        def effect(_context):
            return None

        @pipeline(mode_defs=in_mode(**resources))
        def effects():
            effect()

        event = event_of(run(effects), "OBJECT_STORE_OPERATION", "effect.compute")
        return bool(event.object_store_operation_result_data.metadata_entries)

    assert kept_on_files(io_manager=hardcoded(Shelf()))
    assert not kept_on_files(io_manager=mem_io_manager)
    assert not kept_on_files(some_other=hardcoded(Shelf()))


def test_composites_hand_over_what_the_solids_inside_yield() -> None:
    shelf = Shelf()

    @composite_solid(output_defs=[OutputDefinition()])
    def inner():
        return add_one(one())

    @pipeline(mode_defs=in_mode(io_manager=hardcoded(shelf)))
    def numbers():
        add_one(inner())

    result = run(numbers)

    assert result.output_for_solid("inner") == 2
    assert result.output_for_solid("add_one") == 3
    assert (result.run_id, "inner.add_one.compute", "result") in shelf.kept


# --- what a manager is given ---------------------------------------------------------------------


def test_a_manager_knows_the_output_and_the_input() -> None:
    shelf = Shelf()

    @resource
    def unit(_context):
        return "metres"

    @io_manager(config_schema={"base": str}, required_resource_keys={"unit"})
    def shelves(_context):
        return shelf

    @solid(output_defs=[OutputDefinition(int, metadata={"table": "t"}, asset_key="numbers")])
    def two(_context):
        return 2

    @pipeline(mode_defs=in_mode(io_manager=shelves, unit=unit))
    def numbers():
        add_one(two())

    result = run(numbers, {"resources": {"io_manager": {"config": {"base": "b"}}}})

    handled, loaded, _ = shelf.asked
    assert (handled.step_key, handled.name, handled.run_id) == (
        "two.compute",
        "result",
        result.run_id,
    )
    assert handled.pipeline_name == handled.job_name == "numbers"
    assert handled.metadata == handled.definition_metadata == {"table": "t"}
    assert handled.solid_def is handled.op_def is two
    assert handled.dagster_type.display_name == "Int"
    assert handled.resource_config == {"base": "b"}
    assert handled.resources.unit == "metres"
    assert handled.asset_key == AssetKey("numbers")
    assert handled.get_asset_identifier() == ["numbers"]
    assert handled.step_context.step.key == "two.compute"
    assert (handled.mapping_key, handled.version, handled.config) == (None, None, None)
    assert (loaded.step_key, loaded.name, loaded.metadata) == (
        "add_one.compute",
        "number",
        {"unit": "m"},
    )
    assert loaded.solid_def is add_one
    assert loaded.asset_key == AssetKey("numbers")
    assert loaded.upstream_output.metadata == {"table": "t"}
    assert loaded.upstream_output.solid_def is two
    assert loaded.get_identifier() == [result.run_id, "two.compute", "result"]


def test_a_manager_logs_into_the_run(tmp_path) -> None:
    class Tells(Shelf):
        def handle_output(self, context, obj):
            context.log.info("keeping %s", obj)
            super().handle_output(context, obj)

    @pipeline(mode_defs=in_mode(io_manager=hardcoded(Tells())))
    def numbers():
        one()

    instance = DagsterInstance.ephemeral()
    result = run(numbers, instance=instance)

    entries = instance.all_logs(result.run_id)
    (entry,) = (e for e in entries if e.user_message == "keeping 1")
    assert entry.step_key == "one.compute"


# --- what a manager tells ------------------------------------------------------------------------


class Tells(IOManager):
    def __init__(self, tell):
        self._tell = tell

    def handle_output(self, context, obj):
        return self._tell(context)

    def load_input(self, context):
        return None


def told_by(tell: Any) -> Any:
    @pipeline(mode_defs=in_mode(io_manager=hardcoded(Tells(tell))))
    def numbers():
        one()

    return run(numbers)


def test_metadata_may_be_returned_yielded_or_added() -> None:
    def yields(_context):
        yield EventMetadataEntry.int(3, "rows")
        yield {"path": "/tmp/x"}

    def adds(context):
        context.add_output_metadata({"rows": 3})
        context.add_output_metadata({"share": 0.5})

    returned = told_by(lambda _: {"rows": 3, "ok": True})
    yielded = told_by(yields)
    added = told_by(adds)

    def labels(result: Any) -> list[str]:
        data = event_of(result, "HANDLED_OUTPUT", "one.compute").handled_output_data
        return [entry.label for entry in data.metadata_entries]

    assert labels(returned) == ["rows", "ok"]
    assert labels(yielded) == ["rows", "path"]
    assert labels(added) == ["rows", "share"]


def test_materializations_and_observations_come_before_the_output_is_handled() -> None:
    def tell(context):
        context.log_event(AssetObservation("seen"))
        assert [e.label for e in context.get_logged_events()] == ["seen"]
        yield AssetMaterialization("written")

    assert story(told_by(tell).event_list, "one.compute") == [
        "STEP_START",
        "STEP_OUTPUT",
        "STEP_MATERIALIZATION",
        "ASSET_OBSERVATION",
        "HANDLED_OUTPUT",
        "STEP_SUCCESS",
    ]


def test_a_manager_that_knows_the_asset_has_its_materialization_told() -> None:
    class Assets(Shelf):
        def handle_output(self, context, obj):
            context.add_output_metadata({"rows": 1})

        def get_output_asset_key(self, context):
            return AssetKey(["lake", context.step_key])

        def get_output_asset_partitions(self, context):
            return {"b", "a"}

    @pipeline(mode_defs=in_mode(io_manager=hardcoded(Assets())))
    def numbers():
        one()

    result = run(numbers)

    materializations = result.result_for_solid("one").materializations_during_compute
    assert [m.asset_key for m in materializations] == [AssetKey(["lake", "one.compute"])] * 2
    assert [m.partition for m in materializations] == ["a", "b"]
    assert [m.metadata_entries[0].label for m in materializations] == ["rows", "rows"]


@pytest.mark.parametrize("tell", [lambda _: 3, lambda _: "text", lambda _: [3], lambda _: [None]])
def test_what_a_manager_must_not_tell_is_refused(tell: Any) -> None:
    with pytest.raises(DagsterInvariantViolationError, match="IO manager 'io_manager' returned"):
        told_by(tell)


@pytest.mark.parametrize(
    "metadata", [{"of": object()}, {"of": {1, 2}}, "text", {1: "one"}], ids=["a", "b", "c", "d"]
)
def test_metadata_of_no_known_kind_is_refused(metadata: Any) -> None:
    with pytest.raises(CheckError):
        told_by(lambda context: context.add_output_metadata(metadata))


def test_a_label_is_added_once() -> None:
    def tell(context):
        context.add_output_metadata({"rows": 1})
        context.add_output_metadata({"rows": 2})

    with pytest.raises(DagsterInvariantViolationError, match="'rows' was added already"):
        told_by(tell)


def test_only_events_of_assets_are_logged() -> None:
    with pytest.raises(CheckError, match="AssetMaterialization or AssetObservation"):
        told_by(lambda context: context.log_event("text"))


# --- what goes wrong -----------------------------------------------------------------------------


def raising(error: BaseException, *, on: str) -> Any:
    class Fails(Shelf):
        def handle_output(self, context, obj):
            if on == "handle":
                raise error
            super().handle_output(context, obj)

        def load_input(self, context):
            raise error

    @pipeline(mode_defs=in_mode(io_manager=hardcoded(Fails())))
    def numbers():
        add_one(one())

    return numbers


def test_an_error_of_handle_output_fails_the_step_that_yielded() -> None:
    definition = raising(ValueError("full"), on="handle")
    with pytest.raises(DagsterExecutionHandleOutputError) as caught:
        run(definition)
    assert str(caught.value) == (
        'Error occurred while handling output "result" of step "one.compute"'
    )
    assert str(caught.value.user_exception) == "full"

    result = run(definition, raise_on_error=False)

    assert story(result.event_list, "one.compute")[-1] == "STEP_FAILURE"
    assert not result.result_for_solid("one").success
    assert story(result.event_list, "add_one.compute") == ["ENGINE_EVENT"]


def test_an_error_of_load_input_fails_the_step_that_needs_it() -> None:
    definition = raising(ValueError("gone"), on="load")
    with pytest.raises(DagsterExecutionLoadInputError, match='input "number" of step "add_one'):
        run(definition)

    result = run(definition, raise_on_error=False)

    assert result.result_for_solid("one").success
    assert story(result.event_list, "add_one.compute") == ["STEP_START", "STEP_FAILURE"]


def test_a_manager_may_fail_a_step_on_purpose() -> None:
    result = run(raising(Failure("no room"), on="handle"), raise_on_error=False)

    data = result.result_for_solid("one").failure_data
    assert data.user_failure_data.description == "no room"


def test_a_manager_may_ask_for_a_retry() -> None:
    class Busy(Shelf):
        calls = 0

        def handle_output(self, context, obj):
            self.calls += 1
            if self.calls == 1:
                raise RetryRequested(max_retries=1)
            super().handle_output(context, obj)

    @pipeline(mode_defs=in_mode(io_manager=hardcoded(Busy())))
    def numbers():
        one()

    result = run(numbers)

    assert result.success
    assert result.result_for_solid("one").retry_attempts == 1


def test_a_function_that_makes_no_manager_is_told() -> None:
    @io_manager
    def wrong(_context):
        return 3

    @pipeline(mode_defs=in_mode(io_manager=wrong))
    def numbers():
        one()

    with pytest.raises(DagsterInvariantViolationError, match="must return an IOManager"):
        run(numbers)


# --- reading results -----------------------------------------------------------------------------


def test_a_manager_without_clean_up_is_asked_itself_for_the_result() -> None:
    @io_manager
    def shelves(_context):
        return Shelf()

    @pipeline(mode_defs=in_mode(io_manager=shelves))
    def numbers():
        one()

    assert run(numbers).output_for_solid("one") == 1


def test_a_manager_with_clean_up_is_made_again_for_the_result() -> None:
    kept: dict[Any, Any] = {}
    life: list[str] = []

    @io_manager
    def shelves(_context):
        life.append("made")
        shelf = Shelf()
        shelf.kept = kept
        yield shelf
        life.append("gone")

    @pipeline(mode_defs=in_mode(io_manager=shelves))
    def numbers():
        add_one(one())

    result = run(numbers)
    assert life == ["made", "gone"]

    assert result.output_for_solid("add_one") == 2
    assert life == ["made", "gone", "made", "gone"]


def test_a_reader_has_an_input_without_a_name() -> None:
    shelf = Shelf()

    @pipeline(mode_defs=in_mode(io_manager=hardcoded(shelf)))
    def numbers():
        one()

    result = run(numbers)
    assert result.output_for_solid("one") == 1

    asked = shelf.asked[-1]
    assert not asked.has_input_name
    with pytest.raises(DagsterInvariantViolationError, match="made without it"):
        _ = asked.name


# --- config --------------------------------------------------------------------------------------


class ToFile(IOManager):
    def handle_output(self, context, obj):
        with open(context.config["path"], "w", encoding="utf-8") as file:
            file.write(str(obj))

    def load_input(self, context):
        with open(context.upstream_output.config["path"], encoding="utf-8") as file:
            times = context.config["times"] if context.config else 1
            return int(file.read()) * times


def to_file(**kwargs: Any) -> IOManagerDefinition:
    return IOManagerDefinition(lambda _: ToFile(), output_config_schema={"path": str}, **kwargs)


@solid(output_defs=[OutputDefinition(int)])
def typed_one(_context):
    return 1


@solid(input_defs=[InputDefinition("number", int)])
def last(_context, number):
    return number


def test_outputs_and_inputs_are_configured_where_their_manager_takes_config(tmp_path) -> None:
    @solid(
        input_defs=[InputDefinition("number", int)],
        output_defs=[OutputDefinition(int, io_manager_key="memory")],
    )
    def reads(_context, number):
        return number

    definition = to_file(input_config_schema={"times": int})

    @pipeline(mode_defs=in_mode(io_manager=definition, memory=mem_io_manager))
    def numbers():
        reads(typed_one())

    path = str(tmp_path / "one")
    config = {
        "solids": {
            "typed_one": {"outputs": {"result": {"path": path}}},
            "reads": {"inputs": {"number": {"times": 5}}},
        }
    }
    assert run(numbers, config).output_for_solid("reads") == 5

    with pytest.raises(DagsterInvalidConfigError) as caught:
        run(numbers, {"solids": {"reads": {"inputs": {"number": {"times": "x"}}}}})
    message = str(caught.value)
    assert "solids.typed_one" in message or 'field "typed_one"' in message
    assert "times" in message


def test_the_type_of_an_output_writes_nothing_where_its_manager_takes_config(tmp_path) -> None:
    @pipeline(mode_defs=in_mode(io_manager=to_file()))
    def numbers():
        typed_one()

    path = str(tmp_path / "one")
    result = run(numbers, {"solids": {"typed_one": {"outputs": {"result": {"path": path}}}}})

    assert result.result_for_solid("typed_one").materializations_during_compute == []
    assert os.listdir(tmp_path) == ["one"]
    with pytest.raises(DagsterInvalidConfigError):
        run(numbers, {"solids": {"typed_one": {"outputs": {"result": {"json": {"path": path}}}}}})


def test_where_the_manager_takes_no_config_the_type_still_writes(tmp_path) -> None:
    @pipeline(mode_defs=in_mode(io_manager=hardcoded(Shelf())))
    def numbers():
        typed_one()

    path = str(tmp_path / "one")
    config = {"solids": {"typed_one": {"outputs": [{"result": {"json": {"path": path}}}]}}}
    result = run(numbers, config)

    assert len(result.result_for_solid("typed_one").materializations_during_compute) == 1
    assert story(result.event_list, "typed_one.compute")[-3:-1] == [
        "HANDLED_OUTPUT",
        "STEP_MATERIALIZATION",
    ]


def test_a_config_fn_configures_what_managers_keep_inside_its_composite(tmp_path) -> None:
    def config_fn(config):
        return {"typed_one": {"outputs": {"result": {"path": config["path"]}}}}

    @composite_solid(
        config_schema={"path": str}, config_fn=config_fn, output_defs=[OutputDefinition(int)]
    )
    def inner():
        return typed_one()

    @pipeline(mode_defs=in_mode(io_manager=to_file()))
    def numbers():
        inner()

    path = str(tmp_path / "one")
    result = run(numbers, {"solids": {"inner": {"config": {"path": path}}}})

    assert result.output_for_solid("inner") == 1
    assert os.listdir(tmp_path) == ["one"]


# --- inputs that nothing is connected to ---------------------------------------------------------


@root_input_manager(config_schema={"base": int}, input_config_schema={"plus": int})
def rooted(context):
    return context.resource_config["base"] + context.config["plus"]


ROOTED = {"resources": {"root": {"config": {"base": 40}}}}


def test_a_root_manager_loads_an_unconnected_input() -> None:
    @solid(input_defs=[InputDefinition("number", int, root_manager_key="root")])
    def reads(_context, number):
        return number

    @pipeline(mode_defs=in_mode(root=rooted))
    def numbers():
        reads()
        reads.alias("connected")(one())

    config = {**ROOTED, "solids": {"reads": {"inputs": {"number": {"plus": 2}}}}}
    result = run(numbers, config)

    assert result.output_for_solid("reads") == 42
    assert result.output_for_solid("connected") == 1
    loaded = event_of(result, "LOADED_INPUT", "reads.compute")
    assert loaded.message == 'Loaded input "number" using input manager "root"'
    assert loaded.loaded_input_data.upstream_step_key is None
    with pytest.raises(DagsterInvalidConfigError, match="solids"):
        run(numbers, ROOTED)


def test_an_input_of_a_composite_may_have_a_root_manager() -> None:
    @composite_solid(
        input_defs=[InputDefinition("number", int, root_manager_key="root")],
        output_defs=[OutputDefinition()],
    )
    def inner(number):
        return add_one(number)

    @pipeline(mode_defs=in_mode(root=rooted))
    def numbers():
        inner()

    config = {**ROOTED, "solids": {"inner": {"inputs": {"number": {"plus": 1}}}}}

    assert run(numbers, config).output_for_solid("inner") == 42


def test_an_input_manager_takes_the_place_of_the_upstream_outputs_own() -> None:
    @input_manager
    def shouts(context):
        return f"{context.upstream_output.step_key} as {context.name}!"

    @solid(input_defs=[InputDefinition("text", str, input_manager_key="shouts")])
    def reads(_context, text):
        return text

    @pipeline(mode_defs=in_mode(shouts=shouts))
    def texts():
        reads(one())

    result = run(texts)

    assert result.output_for_solid("reads") == "one.compute as text!"
    assert event_of(result, "LOADED_INPUT", "reads.compute").loaded_input_data.manager_key == (
        "shouts"
    )


def test_a_manager_comes_before_the_default_value_of_an_input() -> None:
    @root_input_manager
    def loads(context):
        context.add_input_metadata({"rows": 1})
        context.log_event(AssetObservation("seen"))
        return "loaded"

    @solid(input_defs=[InputDefinition("text", str, default_value="d", root_manager_key="root")])
    def reads(_context, text):
        return text

    @pipeline(mode_defs=in_mode(root=loads))
    def texts():
        reads()

    result = run(texts)

    assert result.output_for_solid("reads") == "loaded"
    assert story(result.event_list, "reads.compute")[:4] == [
        "STEP_START",
        "ASSET_OBSERVATION",
        "LOADED_INPUT",
        "STEP_INPUT",
    ]
    data = event_of(result, "LOADED_INPUT", "reads.compute").loaded_input_data
    assert [entry.label for entry in data.metadata_entries] == ["rows"]


# --- definitions ---------------------------------------------------------------------------------


def test_a_mode_must_have_the_managers_that_are_named() -> None:
    @solid(output_defs=[OutputDefinition(int, io_manager_key="lake")])
    def two(_context):
        return 2

    with pytest.raises(DagsterInvalidDefinitionError) as caught:

        @pipeline(mode_defs=in_mode(lakes=mem_io_manager))
        def numbers():
            two()

    assert "resource 'lake' is required by output 'result' of solid 'two'" in str(caught.value)
    assert "Did you mean 'lakes'?" in str(caught.value)

    @solid(input_defs=[InputDefinition("number", int, root_manager_key="root")])
    def reads(_context, number):
        return number

    with pytest.raises(DagsterInvalidDefinitionError, match="'root' is required by input 'number'"):

        @pipeline
        def rootless():
            reads()


def test_a_resource_that_is_no_manager_cannot_keep_outputs() -> None:
    plain = ResourceDefinition.hardcoded_resource(Shelf())

    with pytest.raises(DagsterInvalidDefinitionError, match="Make it with @io_manager"):

        @pipeline(mode_defs=in_mode(io_manager=plain))
        def numbers():
            one()

    @solid(output_defs=[OutputDefinition(int, io_manager_key="root")])
    def two(_context):
        return 2

    with pytest.raises(DagsterInvalidDefinitionError, match="a IOManagerDefinition"):

        @pipeline(mode_defs=in_mode(root=rooted))
        def more():
            two()


def test_wrong_arguments_are_refused_where_they_are_given() -> None:
    with pytest.raises(CheckError, match="an IOManager"):
        IOManagerDefinition.hardcoded_io_manager(3)  # type: ignore[arg-type]
    with pytest.raises(CheckError, match="io_manager_key"):
        OutputDefinition(io_manager_key=3)  # type: ignore[arg-type]
    with pytest.raises(CheckError, match="metadata"):
        OutputDefinition(metadata=[1])  # type: ignore[arg-type]
    with pytest.raises(CheckError, match="metadata"):
        InputDefinition("a", metadata={1: 2})  # type: ignore[dict-item]
    with pytest.raises(CheckError, match="root_manager_key"):
        InputDefinition("a", root_manager_key="")
    with pytest.raises(DagsterInvalidDefinitionError, match="both a root_manager_key and"):
        InputDefinition("a", root_manager_key="a", input_manager_key="b")
    with pytest.raises(DagsterInvalidDefinitionError, match="input manager 'takes_two'"):

        @root_input_manager
        def takes_two(_context, _other):
            return 1

    with pytest.raises(DagsterInvalidDefinitionError, match="output config of manager"):
        io_manager(output_config_schema=object())(lambda _: Shelf())


# --- the managers that come along ----------------------------------------------------------------


def test_mem_io_manager_hands_on_the_very_objects() -> None:
    value = object()

    @solid
    def makes(_context):
        return value

    @solid
    def takes(_context, made):
        return made is value

    @pipeline(mode_defs=in_mode(io_manager=mem_io_manager))
    def objects():
        takes(makes())

    result = run(objects)

    assert result.output_for_solid("takes") is True
    assert result.output_for_solid("makes") is value


@pytest.fixture
def kept(tmp_path):
    @pipeline(mode_defs=in_mode(io_manager=fs_io_manager))
    def numbers():
        add_one(one())

    return numbers


def test_fs_io_manager_keeps_a_pickle_for_each_output(tmp_path, kept) -> None:
    base = str(tmp_path / "lake")
    config = {"resources": {"io_manager": {"config": {"base_dir": base}}}}

    result = run(kept, config)

    path = os.path.join(base, result.run_id, "add_one.compute", "result")
    with open(path, "rb") as file:
        assert pickle.load(file) == 2
    assert result.output_for_solid("add_one") == 2
    (entry,) = event_of(
        result, "HANDLED_OUTPUT", "add_one.compute"
    ).handled_output_data.metadata_entries
    assert entry == EventMetadataEntry.path(path, "path")


def test_fs_io_manager_keeps_outputs_with_the_instance_by_default(tmp_path, kept) -> None:
    instance = DagsterInstance.local_temp(str(tmp_path))

    result = run(kept, instance=instance)

    folder = os.path.join(instance.storage_directory(), result.run_id, "one.compute")
    assert os.listdir(folder) == ["result"]


def test_what_cannot_be_pickled_is_told_by_step_and_output(tmp_path) -> None:
    @solid
    def makes(_context):
        return threading.Lock()

    @pipeline(mode_defs=in_mode(io_manager=fs_io_manager))
    def locks():
        makes()

    with pytest.raises(DagsterUnpicklableOutputError, match="Output 'result' of step 'makes"):
        run(locks, instance=DagsterInstance.local_temp(str(tmp_path)))


def test_custom_path_fs_io_manager_keeps_each_output_where_its_metadata_says(tmp_path) -> None:
    @solid(output_defs=[OutputDefinition(int, metadata={"path": "folder/two.pickle"})])
    def two(_context):
        return 2

    @solid(
        output_defs=[OutputDefinition(int, io_manager_key="memory")],
        input_defs=[InputDefinition("number", int)],
    )
    def reads(_context, number):
        return number

    @pipeline(mode_defs=in_mode(io_manager=custom_path_fs_io_manager, memory=mem_io_manager))
    def numbers():
        reads(two())

    config = {"resources": {"io_manager": {"config": {"base_dir": str(tmp_path)}}}}
    run(numbers, config)
    result = run(numbers, config)

    assert result.output_for_solid("reads") == 2
    with open(tmp_path / "folder" / "two.pickle", "rb") as file:
        assert pickle.load(file) == 2
    assert os.listdir(tmp_path / "folder") == ["two.pickle"]


def test_custom_path_fs_io_manager_needs_a_path(tmp_path) -> None:
    @pipeline(mode_defs=in_mode(io_manager=custom_path_fs_io_manager))
    def numbers():
        one()

    config = {"resources": {"io_manager": {"config": {"base_dir": str(tmp_path)}}}}
    with pytest.raises(DagsterInvariantViolationError, match="needs a path"):
        run(numbers, config)
