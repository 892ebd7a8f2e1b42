from __future__ import annotations

from enum import Enum as PythonEnum
from typing import Any

import pytest

from dagsterlite import (
    ConfigMapping,
    DagsterConfigMappingFunctionError,
    DagsterInstance,
    DagsterInvalidConfigError,
    DagsterInvalidDefinitionError,
    DagsterInvalidSubsetError,
    DagsterInvariantViolationError,
    DagsterType,
    Enum,
    GraphDefinition,
    In,
    IOManager,
    IOManagerDefinition,
    JobDefinition,
    Out,
    ParameterCheckError,
    PipelineDefinition,
    ResourceDefinition,
    RetryPolicy,
    StringSource,
    colored_console_logger,
    config_mapping,
    create_execution_plan,
    execute_job,
    execute_pipeline,
    execute_pipeline_iterator,
    failure_hook,
    graph,
    in_process_executor,
    job,
    op,
    pipeline,
    resource,
    success_hook,
    validate_run_config,
)


@op
def one() -> int:
    return 1


@op
def inc(n: int) -> int:
    return n + 1


@op(config_schema={"n": int})
def given(context) -> int:
    return int(context.op_config["n"])


@op(required_resource_keys={"db"})
def reads(context) -> Any:
    return context.resources.db


def flow_of_one():
    return one()


def config_of_given(n: int) -> dict[str, Any]:
    return {"ops": {"given": {"config": {"n": n}}}}


# --- what a function describes -------------------------------------------------------------------


def test_a_job_is_a_pipeline_of_one_mode():
    @job(
        description="Counts.",
        tags={"team": "data", "n": 2},
        metadata={"owner": "ann"},
        logger_defs={"colored": colored_console_logger},
        executor_def=in_process_executor,
        resource_defs={"db": ResourceDefinition.hardcoded_resource("x")},
    )
    def counts():
        return inc(one())

    assert isinstance(counts, JobDefinition)
    assert isinstance(counts, PipelineDefinition)
    assert (counts.label, counts.description) == ("job 'counts'", "Counts.")
    assert (counts.tags, counts.metadata) == ({"team": "data", "n": "2"}, {"owner": "ann"})
    assert list(counts.loggers) == ["colored"]
    assert counts.executor_def is in_process_executor
    assert list(counts.resource_defs) == ["db"]
    assert (counts.has_specified_executor, counts.has_specified_loggers) == (True, True)
    assert counts.is_single_mode
    assert repr(counts) == "JobDefinition('counts')"


def test_a_job_says_nothing_of_what_it_was_not_given():
    @job
    def plain():
        """One."""
        one()

    assert plain.description == "One."
    assert (plain.has_specified_executor, plain.has_specified_loggers) == (False, False)
    assert plain.executor_def is in_process_executor
    with pytest.raises(DagsterInvariantViolationError, match="job 'plain' is run by execute_in_pr"):
        plain()


def test_everything_that_takes_a_pipeline_takes_a_job():
    @job(config=config_of_given(4))
    def counts():
        inc(given())

    with DagsterInstance.ephemeral() as instance:
        assert execute_pipeline(counts, instance=instance).output_for_solid("inc") == 5
        (run,) = instance.get_runs()
        assert (run.pipeline_name, run.job_name, run.mode) == ("counts", "counts", "default")
        assert run.run_config == config_of_given(4)
        (entry, *_) = instance.all_logs(run.run_id)
        assert entry.job_name == "counts"
    assert [*execute_pipeline_iterator(counts)][-1].is_pipeline_success
    assert create_execution_plan(counts).step_keys_to_execute == ("given.compute", "inc.compute")
    assert validate_run_config(counts, config_of_given(1)) == config_of_given(1)


def test_solids_stand_in_jobs_and_jobs_are_no_nodes():
    @job
    def inner():
        one()

    with pytest.raises(DagsterInvariantViolationError, match="job 'inner' is run by"):

        @job
        def outer():
            inner()


# --- resources -----------------------------------------------------------------------------------


def test_resources_are_definitions_or_the_things_themselves():
    @resource(config_schema={"word": str})
    def from_config(context) -> str:
        return f"made of {context.resource_config['word']}"

    @graph
    def flow():
        return reads()

    made = flow.to_job(resource_defs={"db": from_config})
    config = {"resources": {"db": {"config": {"word": "x"}}}}

    assert made.execute_in_process(config).output_value() == "made of x"
    assert flow.to_job(resource_defs={"db": 5}).execute_in_process().output_value() == 5
    assert flow.execute_in_process(resources={"db": [1]}).output_value() == [1]
    replaced = made.execute_in_process(resources={"db": "stub"})
    assert replaced.output_value() == "stub"


def test_an_io_manager_is_a_resource_as_it_is():
    class Kept(IOManager):
        def __init__(self) -> None:
            self.values: dict[str, Any] = {}

        def handle_output(self, context, obj):
            self.values[context.name] = obj

        def load_input(self, context):
            return self.values[context.upstream_output.name]

    @graph
    def flow():
        inc(one())

    kept, replaced = Kept(), Kept()
    made = flow.to_job(resource_defs={"io_manager": kept})

    assert made.execute_in_process().output_for_node("inc") == 2
    assert kept.values == {"result": 2}
    assert made.execute_in_process(resources={"io_manager": replaced}).success
    assert replaced.values == {"result": 2}


def test_a_resource_that_is_missing_is_told_when_the_job_is_made():
    with pytest.raises(
        DagsterInvalidDefinitionError,
        match=r"job 'flow': resource 'db' is required by op 'reads', but is not provided by "
        "resource_defs. Did you mean 'dbb'",
    ):

        @job(resource_defs={"dbb": 1})
        def flow():
            reads()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"resource_defs": [1]}, "'resource_defs' must be a dict"),
        ({"metadata": 1}, "'metadata' must be a dict"),
        ({"input_values": 1}, "'input_values' must be a dict"),
        ({"tags": 1}, "'tags' must be a dict"),
        ({"config": 1}, "job 'flow': argument 'config' must be a dict or a ConfigMapping"),
        ({"executor_def": 1}, "must be a list of ExecutorDefinition"),
        ({"logger_defs": 1}, "'logger_defs' must be a dict"),
    ],
)
def test_arguments_of_another_kind_are_refused(arguments, message):
    with pytest.raises(ParameterCheckError, match=message):

        @job(**arguments)
        def flow():
            one()


def test_a_job_is_made_of_a_graph():
    with pytest.raises(ParameterCheckError, match="'graph_def' must be a GraphDefinition"):
        JobDefinition(graph_def=one)  # type: ignore[arg-type]
    flow = graph(name="flow")(flow_of_one)
    assert isinstance(flow, GraphDefinition)
    assert JobDefinition(graph_def=flow).name == "flow"
    with pytest.raises(DagsterInvalidDefinitionError, match="not a valid name for a job"):
        JobDefinition(graph_def=flow, name="a-b")


# --- hooks and retries ---------------------------------------------------------------------------


def test_hooks_of_a_job_see_ops_and_a_job():
    seen: list[Any] = []

    @failure_hook
    def tells(context):
        seen.append((context.job_name, context.op.name, context.op_config, context.op_exception))

    @success_hook
    def told(context):
        seen.append((context.op.name, context.op_output_values))

    @op
    def fails():
        raise ValueError("no")

    @told
    @job(hooks={tells})
    def flow():
        one()
        fails()

    assert isinstance(flow, JobDefinition)
    flow.execute_in_process(raise_on_error=False)

    (job_name, name, config, exception), success = sorted(seen, key=len, reverse=True)
    assert (job_name, name, config) == ("flow", "fails", None)
    assert isinstance(exception, ValueError)
    assert success == ("one", {"result": 1})


def test_ops_are_tried_again_by_their_own_policy_or_the_jobs():
    tried: list[str] = []

    def fails_as(name: str, **arguments: Any) -> Any:
        @op(name=name, **arguments)
        def fails():
            tried.append(name)
            raise ValueError(name)

        return fails

    own, plain = fails_as("own", retry_policy=RetryPolicy(max_retries=2)), fails_as("plain")

    @graph
    def flow():
        own()
        plain()
        own.with_retry_policy(RetryPolicy(max_retries=0)).alias("once")()

    made = flow.to_job(op_retry_policy=RetryPolicy(max_retries=1))
    result = made.execute_in_process(raise_on_error=False)

    assert [result.retry_attempts_for_node(name) for name in ("own", "plain", "once")] == [2, 1, 0]
    assert sorted(tried) == ["own"] * 4 + ["plain"] * 2


# --- run config ----------------------------------------------------------------------------------


@job
def configured():
    return inc(given())


def test_ops_and_solids_are_two_names_of_one_section():
    config = config_of_given(2)

    assert configured.execute_in_process(config).output_value() == 3
    assert configured.execute_in_process({"solids": config["ops"]}).output_value() == 3

    @pipeline
    def older():
        inc(given())

    assert execute_pipeline(older, config).output_for_solid("inc") == 3


@pytest.mark.parametrize("section", ["ops", "solids"])
def test_errors_name_the_section_as_the_user_wrote_it(section):
    with pytest.raises(DagsterInvalidConfigError) as caught:
        configured.execute_in_process({section: {"given": {"config": {"nn": 1}}}})

    text = str(caught.value)
    assert text.startswith("Error in config for job configured")
    assert f"at path {section}.given.config" in text


def test_where_neither_name_is_written_errors_speak_the_words_of_the_definition():
    with pytest.raises(DagsterInvalidConfigError, match='required field "ops"'):
        configured.execute_in_process()

    @pipeline
    def older():
        given()

    with pytest.raises(DagsterInvalidConfigError, match='required field "solids"'):
        execute_pipeline(older)


def test_both_names_at_once_are_refused():
    config = {**config_of_given(1), "solids": {}}

    with pytest.raises(DagsterInvalidConfigError, match='Undefined field "solids"'):
        configured.execute_in_process(config)


def test_inside_graphs_each_may_be_written_by_either_name():
    @graph
    def inner():
        return given()

    @job
    def outer():
        return inner()

    ops = config_of_given(6)["ops"]
    for first in ("ops", "solids"):
        for second in ("ops", "solids"):
            config = {first: {"inner": {second: ops}}}
            assert outer.execute_in_process(config).output_value() == 6
    with pytest.raises(DagsterInvalidConfigError, match=r"at path solids\.inner\.ops\.given"):
        outer.execute_in_process({"solids": {"inner": {"ops": {"given": {"conf": 1}}}}})


@pytest.mark.parametrize(
    "execution",
    [
        {"in_process": {}},
        {"in_process": {"config": {"retries": {"disabled": {}}}}},
        {"config": {"in_process": {}}},
        {"config": {"in_process": {"retries": {"disabled": {}}}}},
        {},
        None,
    ],
)
def test_an_executor_is_selected_by_name_or_below_config(execution):
    @job
    def flow():
        one()

    assert execute_pipeline(flow, {"execution": execution}).success


@pytest.mark.parametrize(
    "execution",
    [
        {"config": {"retries": {"disabled": {}}}},
        {"in_process": {"retries": {"disabled": {}}}},
        {"config": {}},
        {},
    ],
)
def test_the_one_executor_of_a_job_is_configured_below_config(execution):
    @job(executor_def=in_process_executor)
    def flow():
        one()

    assert execute_pipeline(flow, {"execution": execution}).success


def test_config_of_an_executor_that_does_not_fit_is_told_by_its_path():
    @job(executor_def=in_process_executor)
    def flow():
        one()

    with pytest.raises(DagsterInvalidConfigError, match=r'"retry" at path execution\.config'):
        execute_pipeline(flow, {"execution": {"config": {"retry": 1}}})
    with pytest.raises(DagsterInvalidConfigError, match=r'"dusk" at path execution\.config'):
        execute_pipeline(configured, {**config_of_given(1), "execution": {"config": {"dusk": 1}}})


# --- a default config ----------------------------------------------------------------------------


def test_a_dict_is_the_config_where_none_is_given_section_by_section():
    @job(config={**config_of_given(2), "loggers": {"console": {"config": {"log_level": "ERROR"}}}})
    def flow():
        return given()

    assert flow.execute_in_process().output_value() == 2
    changed = flow.execute_in_process(config_of_given(3))
    assert changed.output_value() == 3
    assert changed.dagster_run.run_config["loggers"]["console"]["config"] == {"log_level": "ERROR"}
    by_other_name = flow.execute_in_process({"solids": config_of_given(4)["ops"]})
    assert by_other_name.output_value() == 4


def test_a_default_config_that_does_not_fit_is_told_when_the_job_is_made():
    with pytest.raises(DagsterInvalidConfigError) as caught:

        @job(config={"ops": {"given": {"config": {"n": "x"}}, "on": {}}})
        def flow():
            given()
            one()

    text = str(caught.value)
    assert text.startswith("Error in the default config of job 'flow'")
    assert '"on" at path ops. Did you mean' in text
    assert "at path ops.given.config.n" in text


def test_what_a_default_config_lacks_may_be_given_for_a_run():
    @job(config={"loggers": {}})
    def flow():
        return given()

    assert flow.execute_in_process(config_of_given(1)).output_value() == 1


def test_a_default_config_may_read_the_environment(monkeypatch):
    @op(config_schema=StringSource)
    def tells(context) -> str:
        return str(context.op_config)

    @job(config={"ops": {"tells": {"config": {"env": "TOLD"}}}})
    def flow():
        return tells()

    with pytest.raises(DagsterInvalidConfigError, match="TOLD"):
        flow.execute_in_process()
    monkeypatch.setenv("TOLD", "found")
    assert flow.execute_in_process().output_value() == "found"


# --- a config mapping ----------------------------------------------------------------------------


class Size(PythonEnum):
    BIG = 10


def test_a_config_mapping_gives_the_whole_run_a_config_of_its_own():
    @config_mapping(config_schema={"n": int, "size": Enum.from_python_enum(Size)})
    def simple(config: dict[str, Any]) -> dict[str, Any]:
        return config_of_given(config["n"] * config["size"].value)

    @job(config=simple)
    def flow():
        return given()

    result = flow.execute_in_process({"n": 3, "size": "BIG"})

    assert result.output_value() == 30
    assert result.dagster_run.run_config == {"n": 3, "size": "BIG"}
    with pytest.raises(DagsterInvalidConfigError, match='"m" at the root'):
        flow.execute_in_process({"m": 3, "n": 1, "size": "BIG"})


def test_what_a_config_mapping_returns_is_checked():
    @job(config=ConfigMapping(lambda config: {"ops": {"gven": {}}}))
    def flow():
        given()

    with pytest.raises(
        DagsterInvalidConfigError,
        match="Error in the config that the config mapping of job 'flow' returned",
    ):
        flow.execute_in_process()


def test_a_config_mapping_that_raises_is_told():
    @config_mapping
    def broken(config: Any) -> dict[str, Any]:
        raise ValueError(config)

    @job(config=broken)
    def flow():
        one()

    with pytest.raises(
        DagsterConfigMappingFunctionError, match="config mapping of job 'flow' raised"
    ) as caught:
        flow.execute_in_process({"anything": 1})
    assert isinstance(caught.value.user_exception, ValueError)


def test_what_a_config_mapping_reads_from_the_environment_is_not_shown(monkeypatch):
    monkeypatch.setenv("WORD", "hush-hush")

    @op(config_schema=str)
    def prints(context):
        context.log.info(context.op_config)

    @job(config=ConfigMapping(lambda word: {"ops": {"prints": {"config": word}}}, StringSource))
    def flow():
        prints()

    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(flow, {"env": "WORD"}, instance=instance)
        texts = [entry.user_message for entry in instance.all_logs(result.run_id)]
    assert not any("hush-hush" in text for text in texts)


# --- inputs of the whole -------------------------------------------------------------------------

Opaque = DagsterType(lambda _context, _value: True, key="Opaque")


@op
def takes(thing: Opaque) -> Any:  # type: ignore[valid-type]
    return thing


def test_inputs_of_a_job_get_values_from_python_config_or_defaults():
    @job(input_values={"x": 10})
    def flow(x, y: int = 5):
        return inc(x), inc.alias("also")(y)

    made = flow.execute_in_process()
    assert (made.output_for_node("inc"), made.output_for_node("also")) == (11, 6)
    other = flow.execute_in_process({"inputs": {"y": 7}}, input_values={"x": 20})
    assert (other.output_for_node("inc"), other.output_for_node("also")) == (21, 8)
    with DagsterInstance.ephemeral() as instance:
        done = execute_job(flow, instance, {"inputs": {"y": {"value": 1}}})
    assert done.success


def test_an_input_that_can_get_no_value_is_told_when_the_job_is_made():
    @graph
    def flow(thing):
        return takes(thing)

    with pytest.raises(
        DagsterInvalidDefinitionError,
        match="job 'flow': input 'thing' can get no value: its type 'Opaque' cannot be loaded",
    ):
        flow.to_job()
    assert flow.execute_in_process(input_values={"thing": 5}).output_value() == 5


def test_a_value_for_no_input_is_told():
    with pytest.raises(DagsterInvalidDefinitionError, match=r"'nn', which is no input.*mean 'n'"):

        @job(input_values={"nn": 5})
        def flow(n):
            inc(n)


def test_inputs_that_a_selection_cuts_off_need_no_value():
    @job
    def flow(n):
        inc(n)
        one()

    assert flow.execute_in_process(op_selection=["one"]).success
    with pytest.raises(DagsterInvalidConfigError, match='required field "inputs"'):
        flow.execute_in_process()


# --- selections ----------------------------------------------------------------------------------


@graph
def long_way():
    return inc.alias("last")(inc.alias("middle")(one()))


def test_a_job_may_keep_a_part_of_its_graph():
    part = long_way.to_job(op_selection=["*middle"])

    assert part.solid_names == ["one", "middle"]
    result = part.execute_in_process()
    assert result.output_for_node("middle") == 2
    with pytest.raises(
        DagsterInvalidSubsetError,
        match=r"No qualified ops to execute found for op_selection=\['midle'\] in job 'long_way': "
        "No op is named 'midle'. Did you mean 'middle'",
    ):
        long_way.to_job(op_selection=["midle"])


def test_a_run_may_be_of_a_part():
    result = long_way.to_job().execute_in_process(op_selection=["one+"])

    assert [event.step_key for event in result.get_step_success_events()] == [
        "one.compute",
        "middle.compute",
    ]
    assert result.dagster_run.solid_selection == ("one+",)
    with pytest.raises(DagsterInvariantViolationError, match=r"op 'last' of job .* not executed"):
        result.output_value()


# --- IO managers ---------------------------------------------------------------------------------


def test_outputs_and_inputs_of_ops_name_their_managers():
    class Kept(IOManager):
        def __init__(self) -> None:
            self.values: dict[str, Any] = {}

        def handle_output(self, context, obj):
            self.values[context.name] = (obj, context.metadata)

        def load_input(self, context):
            return self.values["result"][0] * 10

    kept = Kept()

    @op(out=Out(io_manager_key="kept", metadata={"table": "t"}))
    def makes() -> int:
        return 2

    @op(ins={"n": In(input_manager_key="kept")})
    def takes_it(n: int) -> int:
        return n + 1

    @job(resource_defs={"kept": IOManagerDefinition.hardcoded_io_manager(kept)})
    def flow():
        return takes_it(makes())

    assert flow.execute_in_process().output_value() == 21
    assert kept.values["result"] == (2, {"table": "t"})
