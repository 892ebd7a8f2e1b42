from __future__ import annotations

from typing import Any

import pytest

from dagsterlite import (
    AssetMaterialization,
    DagsterInstance,
    DagsterInvariantViolationError,
    DagsterRunStatus,
    ExecuteInProcessResult,
    GraphOut,
    JobExecutionResult,
    Out,
    Output,
    RetryRequested,
    execute_job,
    graph,
    job,
    op,
)
from tests.event_lists import kinds


@op
def one() -> int:
    return 1


@op
def inc(n: int) -> int:
    return n + 1


@op(out=Out(is_required=False))
def maybe():
    yield AssetMaterialization("nothing")


@op
def retried(context) -> int:
    if context.retry_number < 2:
        raise RetryRequested(max_retries=2)
    return 5


@op
def fails(n: int) -> int:
    raise ValueError("no")


@graph(out={"low": GraphOut(), "high": GraphOut()})
def pair(n):
    return inc(n), inc.alias("more")(inc.alias("mid")(n))


@job
def good():
    _, high = pair(one())
    inc.alias("skipped")(maybe())
    retried()
    return {"result": high}


@job
def bad():
    inc(fails(one()))


@pytest.fixture(scope="module")
def result() -> ExecuteInProcessResult:
    return good.execute_in_process(run_id="a-run", tags={"team": "data"})


@pytest.fixture(scope="module")
def failed() -> ExecuteInProcessResult:
    return bad.execute_in_process(raise_on_error=False)


def test_a_result_tells_of_its_run(result: ExecuteInProcessResult) -> None:
    assert (result.success, result.run_id) == (True, "a-run")
    assert result.dagster_run.status is DagsterRunStatus.SUCCESS
    assert result.dagster_run.tags["team"] == "data"
    assert result.job_def.name == "good"
    assert result.node_def("pair.mid") is inc
    assert repr(result) == "ExecuteInProcessResult(job='good', run_id='a-run', SUCCESS)"


def test_values_are_asked_for_by_node_and_of_the_whole(result: ExecuteInProcessResult) -> None:
    assert result.output_value() == 3
    assert result.output_for_node("pair", "low") == 2
    assert result.output_for_node("pair.more") == 3
    assert result.output_for_node("retried") == 5


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda r: r.output_value("reslt"), "job 'good' has no output 'reslt'.*Did you mean"),
        (lambda r: r.output_for_node("on"), "no such op. Did you mean 'one'"),
        (lambda r: r.output_for_node("pair", "mid"), "not defined in graph 'pair'"),
        (lambda r: r.output_for_node("one.two"), "op 'one' holds no op 'two'"),
        (lambda r: r.output_for_node("one", "x"), "Output 'x' not defined in op 'one'"),
        (lambda r: r.output_for_node("maybe"), "op 'maybe' did not yield output 'result'"),
        (lambda r: r.events_for_node("nowhere"), "no such op"),
        (lambda r: r.get_job_failure_event(), "has no event PIPELINE_FAILURE: it ended as SUCCESS"),
    ],
)
def test_what_is_not_there_is_told(result: ExecuteInProcessResult, ask: Any, message: str) -> None:
    with pytest.raises(DagsterInvariantViolationError, match=message):
        ask(result)


def test_events_are_asked_for_by_kind_and_by_node(result: ExecuteInProcessResult) -> None:
    assert result.all_events[-1] == result.get_job_success_event() == result.get_run_success_event()
    assert len(result.all_node_events) < len(result.all_events)
    assert {e.step_key for e in result.events_for_node("pair")} == {
        "pair.inc.compute",
        "pair.mid.compute",
        "pair.more.compute",
    }
    assert len(result.get_step_success_events()) == 6
    assert [e.step_key for e in result.get_step_skipped_events()] == ["skipped.compute"]
    assert result.get_failed_step_keys() == frozenset()
    assert kinds(result.get_asset_materialization_events()) == ["STEP_MATERIALIZATION"]
    assert result.get_asset_observation_events() == []
    assert [m.label for m in result.asset_materializations_for_node("maybe")] == ["nothing"]
    found = result.filter_events(lambda event: event.is_step_start)
    assert len(found) == 6


def test_a_node_tells_how_it_went(result: ExecuteInProcessResult) -> None:
    assert result.is_node_success("pair")
    assert result.is_node_success("retried")
    assert not result.is_node_failed("pair")
    assert result.is_node_skipped("skipped")
    assert not result.is_node_untouched("skipped")
    assert result.retry_attempts_for_node("retried") == 2
    assert result.retry_attempts_for_node("pair") == 0


def test_a_failed_run_tells_why(failed: ExecuteInProcessResult) -> None:
    assert not failed.success
    assert failed.dagster_run.status is DagsterRunStatus.FAILURE
    assert failed.get_failed_step_keys() == {"fails.compute"}
    assert failed.is_node_failed("fails")
    assert failed.is_node_untouched("inc")
    assert not failed.is_node_untouched("fails")
    data = failed.failure_data_for_node("fails")
    assert data is not None
    assert data.error is not None
    assert "ValueError: no" in data.error.to_string()
    assert failed.failure_data_for_node("one") is None
    assert failed.output_for_node("fails") is None
    assert failed.get_job_failure_event() == failed.get_run_failure_event()
    with pytest.raises(DagsterInvariantViolationError, match="it ended as FAILURE"):
        failed.get_job_success_event()


def test_what_an_op_raises_is_raised() -> None:
    with pytest.raises(ValueError, match="no"):
        bad.execute_in_process()


def test_execute_in_process_leaves_the_executor_aside() -> None:
    with DagsterInstance.ephemeral() as instance:
        config = {"execution": {"config": {"multiprocess": {"max_concurrent": 2}}}}
        result = good.execute_in_process(config, instance=instance)
        assert result.success
        pids = {entry.get_dagster_event().pid for entry in instance.all_logs(result.run_id)}
    assert len(pids) == 1


def test_execute_job_gives_a_result_to_read_within_a_block() -> None:
    with DagsterInstance.ephemeral() as instance:
        with execute_job(good, instance, tags={"a": "b"}, op_selection=["*pair"]) as result:
            assert isinstance(result, JobExecutionResult)
            assert result.output_for_node("pair", "high") == 3
            assert result.dagster_run.tags["a"] == "b"
        failed = execute_job(bad, instance)
        assert not failed.success
        with pytest.raises(ValueError, match="no"):
            execute_job(bad, instance, raise_on_error=True)


def test_the_output_of_a_yielded_value_is_that_of_the_job() -> None:
    @op(out={"a": Out(), "b": Out()})
    def two():
        yield Output("first", "a")
        yield Output("second", "b")

    @job
    def flow():
        return two().b

    assert flow.execute_in_process().output_value() == "second"
