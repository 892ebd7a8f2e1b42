"""Runs launched as Jobs, against an API server of our own."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dagsterlite import DagsterInstance, pipeline, reconstructable, solid
from dagsterlite.api import create_run_for_pipeline
from dagsterlite.errors import DagsterInvariantViolationError, DagsterLaunchFailedError
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.execution import away
from dagsterlite.execution.heirs import INTERRUPTED_TAG, TAKES_OVER_TAG
from dagsterlite.runs import DagsterRunStatus, make_driver_id
from dagsterlite_k8s import K8sRunLauncher
from dagsterlite_k8s import api as api_module
from dagsterlite_k8s import watch as watch_module
from dagsterlite_k8s.api import KubernetesApi
from dagsterlite_k8s.manifest import RUN_ID, job_name
from tests.test_cli.command import invoke
from tests.test_dagsterlite_k8s.fake_api import NAMESPACE, FakeApi, serving


@solid
def work(_context):
    return 1


@pipeline
def working():
    work()


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with serving() as fake:
        yield fake


@pytest.fixture
def opened(
    api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., DagsterInstance]]:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setattr(watch_module, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(away, "FIRST_PAUSE", 0.01)
    made: list[DagsterInstance] = []

    def open_instance(**config: Any) -> DagsterInstance:
        section = {
            "module": "dagsterlite_k8s",
            "class": "K8sRunLauncher",
            "config": {
                "job_image": "our/image:1",
                "job_namespace": NAMESPACE,
                "load_incluster_config": False,
                "kubeconfig_file": api.kubeconfig(tmp_path),
                **config,
            },
        }
        (home / "dagster.yaml").write_text(yaml.safe_dump({"run_launcher": section}))
        made.append(DagsterInstance.get())
        return made[-1]

    yield open_instance
    for instance in made:
        instance.dispose()


@pytest.fixture
def instance(opened: Callable[..., DagsterInstance]) -> DagsterInstance:
    return opened()


def recorded(instance: DagsterInstance, **tags: str) -> str:
    run = create_run_for_pipeline(reconstructable(working), tags=tags, instance=instance)
    return run.run_id


def launcher(instance: DagsterInstance) -> K8sRunLauncher:
    assert isinstance(instance.run_launcher, K8sRunLauncher)
    return instance.run_launcher


def wait_until(is_so: Callable[[], Any]) -> None:
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.01)


def status(instance: DagsterInstance, run_id: str) -> DagsterRunStatus:
    return instance.require_run(run_id).dagster_run.status


def told(instance: DagsterInstance, run_id: str) -> list[str]:
    entries = instance.all_logs(run_id, DagsterEventType.ENGINE_EVENT)
    return [entry.get_dagster_event().message or "" for entry in entries]


def failure(instance: DagsterInstance, run_id: str) -> str:
    (entry,) = instance.all_logs(run_id, DagsterEventType.PIPELINE_FAILURE)
    return entry.get_dagster_event().message or ""


def begin(instance: DagsterInstance, run_id: str, seconds: float = 60) -> None:
    """Do what the driver in the pod does first."""
    storage, now = instance.run_storage, time.time()
    assert storage.acquire_lease(run_id, make_driver_id(), seconds=seconds, now=now)
    end(instance, run_id, DagsterRunStatus.STARTED)


def end(instance: DagsterInstance, run_id: str, to: DagsterRunStatus) -> None:
    expected = list(DagsterRunStatus)
    assert instance.run_storage.change_status(run_id, to, expected=expected, timestamp=time.time())


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    state = {"waiting": {"reason": reason, "message": message}}
    return {"containerStatuses": [{"image": "our/image:1", "state": state}]}


def test_a_run_becomes_a_job_that_drives_it(instance: DagsterInstance, api: FakeApi) -> None:
    run_id = recorded(instance)
    assert instance.submit_run(run_id).status is DagsterRunStatus.STARTING
    (name,) = api.jobs
    assert name == job_name(run_id)
    job = api.jobs[name]
    assert job["metadata"]["annotations"] == {RUN_ID: run_id}
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["command"][-4:] == ["drive", "--home", "--resume", run_id]
    assert told(instance, run_id) == [
        f"Kubernetes has the run as Job {name} in namespace pipelines."
    ]
    end(instance, run_id, DagsterRunStatus.SUCCESS)
    assert instance.run_launcher.join(60)


def test_a_run_that_has_its_job_already_gets_no_second_one(
    instance: DagsterInstance, api: FakeApi
) -> None:
    run_id = recorded(instance)
    job = {"metadata": {"name": job_name(run_id), "annotations": {RUN_ID: run_id}}}
    api.jobs[job_name(run_id)] = job
    instance.launch_run(run_id)
    assert api.jobs == {job_name(run_id): job}
    assert told(instance, run_id) == []


def test_a_job_of_that_name_of_somebody_else_fails_the_run(
    instance: DagsterInstance, api: FakeApi
) -> None:
    run_id = recorded(instance)
    api.jobs[job_name(run_id)] = {"metadata": {"name": job_name(run_id)}}
    with pytest.raises(DagsterLaunchFailedError, match="kubectl delete job dagster-run-"):
        instance.launch_run(run_id)
    assert status(instance, run_id) is DagsterRunStatus.FAILURE


@pytest.mark.parametrize(
    ("refusal", "message"),
    [
        ((403, "jobs is forbidden"), "answers 403: jobs is forbidden Give the .* a Role"),
        ((422, "spec.x: unknown"), "answers 422: spec.x: unknown"),
        ((500, "etcd is down"), "answers 500: etcd is down"),
    ],
)
def test_what_the_cluster_refuses_fails_the_run(
    instance: DagsterInstance,
    api: FakeApi,
    refusal: tuple[int, str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(api_module, "AWAY_SECONDS", 0.0)
    run_id = recorded(instance)
    api.refusal = refusal
    with pytest.raises(DagsterLaunchFailedError, match=message):
        instance.launch_run(run_id)
    assert status(instance, run_id) is DagsterRunStatus.FAILURE


def test_a_job_is_created_and_deleted_once_the_api_server_is_back(
    instance: DagsterInstance, api: FakeApi
) -> None:
    api.refusals = [(503, "starting"), (429, "too many requests"), (500, "leader changed")]
    run_id = recorded(instance)
    instance.launch_run(run_id)
    assert api.refusals == []
    assert job_name(run_id) in api.jobs

    api.refusals = [(503, "starting")]
    assert launcher(instance).terminate(run_id)
    assert job_name(run_id) not in api.jobs


def test_a_page_in_place_of_the_api_fails_the_run(
    instance: DagsterInstance, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_module, "AWAY_SECONDS", 0.0)
    run_id = recorded(instance)
    api.is_page = True
    with pytest.raises(DagsterLaunchFailedError, match="no JSON: '<html>Please wait"):
        instance.launch_run(run_id)
    assert status(instance, run_id) is DagsterRunStatus.FAILURE


def test_credentials_that_cannot_be_read_any_more_fail_the_run(
    instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: Any, **_keywords: Any) -> None:
        raise PermissionError("token")

    monkeypatch.setattr("kubernetes.client.BatchV1Api.create_namespaced_job", refuse)
    run_id = recorded(instance)
    with pytest.raises(DagsterLaunchFailedError, match="no credentials: token"):
        instance.launch_run(run_id)
    assert status(instance, run_id) is DagsterRunStatus.FAILURE


def test_a_cluster_that_cannot_be_reached_fails_the_run(
    opened: Callable[..., DagsterInstance], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_module, "AWAY_SECONDS", 0.0)
    gone = tmp_path / "gone"
    gone.mkdir()
    instance = opened(kubeconfig_file=FakeApi(1).kubeconfig(gone))
    with pytest.raises(DagsterLaunchFailedError, match="API cannot be reached"):
        instance.launch_run(recorded(instance))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"kubeconfig_file": "/no/where"}, "kubeconfig_file, or \\$KUBECONFIG"),
        (
            {"kubeconfig_file": None, "load_incluster_config": True},
            "load_incluster_config: false",
        ),
    ],
)
def test_a_cluster_that_nothing_describes_fails_the_run(
    opened: Callable[..., DagsterInstance], config: dict[str, Any], message: str
) -> None:
    instance = opened(**config)
    with pytest.raises(DagsterLaunchFailedError, match=message):
        instance.launch_run(recorded(instance))


def test_a_run_that_says_not_how_its_pipeline_is_made_is_not_launched(
    instance: DagsterInstance, api: FakeApi
) -> None:
    run_id = create_run_for_pipeline(working, instance=instance).run_id
    with pytest.raises(DagsterLaunchFailedError, match="Record the run of reconstructable"):
        instance.launch_run(run_id)
    assert api.jobs == {}


def test_the_tag_of_a_run_changes_its_job(instance: DagsterInstance, api: FakeApi) -> None:
    config = {"container_config": {"resources": {"limits": {"memory": "2Gi"}}}}
    run_id = recorded(instance, **{"dagster-k8s/config": json.dumps(config)})
    instance.launch_run(run_id)
    (container,) = api.jobs[job_name(run_id)]["spec"]["template"]["spec"]["containers"]
    assert container["resources"] == {"limits": {"memory": "2Gi"}}


def test_an_image_that_cannot_be_pulled_fails_the_run_with_the_reason(
    instance: DagsterInstance, api: FakeApi
) -> None:
    run_id = recorded(instance)
    instance.launch_run(run_id)
    api.add_pod(job_name(run_id), **waiting("ImagePullBackOff", "no such image"))
    assert instance.run_launcher.join(60)
    assert "check its name" in failure(instance, run_id)
    assert "no such image" in failure(instance, run_id)
    assert "Pod pod-1" in told(instance, run_id)[-1]
    assert api.deleted == [(job_name(run_id), "Background")]


def test_a_pod_without_a_node_is_told_of_once_and_may_start_later(
    instance: DagsterInstance, api: FakeApi
) -> None:
    run_id = recorded(instance)
    instance.launch_run(run_id)
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    api.add_pod(
        job_name(run_id), conditions=[{**condition, "message": "0/3 nodes: insufficient memory"}]
    )
    wait_until(lambda: len(told(instance, run_id)) > 1)
    begin(instance, run_id)
    end(instance, run_id, DagsterRunStatus.SUCCESS)
    assert instance.run_launcher.join(60)
    assert told(instance, run_id)[1:] == ["Pod pod-1: 0/3 nodes: insufficient memory"]
    assert status(instance, run_id) is DagsterRunStatus.SUCCESS


def test_a_run_that_a_quota_keeps_out_fails_when_its_time_is_over(
    opened: Callable[..., DagsterInstance], api: FakeApi
) -> None:
    instance = opened(start_timeout_seconds=1)
    run_id = recorded(instance)
    api.add_event(job_name(run_id), "FailedCreate", "exceeded quota: pods, limited: 5")
    instance.launch_run(run_id)
    assert instance.run_launcher.join(60)
    assert "within 1 seconds (start_timeout_seconds)" in failure(instance, run_id)
    assert "exceeded quota" in failure(instance, run_id)
    assert "exceeded quota" in told(instance, run_id)[-1]


def test_a_driver_that_ran_out_of_memory_fails_the_run_once_the_job_has_failed(
    instance: DagsterInstance, api: FakeApi
) -> None:
    run_id = recorded(instance)
    instance.launch_run(run_id)
    begin(instance, run_id, seconds=-1)
    terminated = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    api.add_pod(
        job_name(run_id),
        phase="Failed",
        containerStatuses=[{"image": "our/image:1", "state": terminated}],
    )
    api.logs["pod-1"] = "loading the table\n"
    api.fail_job(job_name(run_id), "it has reached the backoff limit")
    assert instance.run_launcher.join(60)
    message = failure(instance, run_id)
    assert "used more memory than its limit" in message
    assert "backoff limit" in message
    assert message.endswith("It printed last:\nloading the table")
    assert api.deleted == []


def test_a_job_that_somebody_deleted_fails_its_run(instance: DagsterInstance, api: FakeApi) -> None:
    run_id = recorded(instance)
    instance.launch_run(run_id)
    api.jobs.clear()
    assert instance.run_launcher.join(60)
    assert "is gone: somebody deleted it" in failure(instance, run_id)


def test_a_driver_that_is_at_work_is_not_failed_from_outside(
    instance: DagsterInstance, api: FakeApi
) -> None:
    run_id = recorded(instance)
    instance.launch_run(run_id)
    begin(instance, run_id)
    api.jobs.clear()
    assert not instance.run_launcher.join(0.3)
    assert status(instance, run_id) is DagsterRunStatus.STARTED
    end(instance, run_id, DagsterRunStatus.SUCCESS)
    assert instance.run_launcher.join(60)


def test_an_api_server_that_restarts_is_waited_for(instance: DagsterInstance, api: FakeApi) -> None:
    run_id = recorded(instance)
    instance.launch_run(run_id)
    api.refusal = (503, "starting")
    assert not instance.run_launcher.join(0.2)
    api.add_pod(job_name(run_id), **waiting("InvalidImageName"))
    api.refusal = None
    assert instance.run_launcher.join(60)
    assert "check job_image" in failure(instance, run_id)


def test_runs_are_looked_after_whatever_hides_them(
    instance: DagsterInstance,
    api: FakeApi,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    looks = 0

    def refuse(*_arguments: Any, **_keywords: Any) -> None:
        nonlocal looks
        looks += 1
        raise KeyError("nobody expects it")

    run_id = recorded(instance)
    with monkeypatch.context() as patch:
        patch.setattr(KubernetesApi, "view", refuse)
        instance.launch_run(run_id)
        wait_until(lambda: looks > 2)
    api.is_page = True
    assert not instance.run_launcher.join(0.2)
    api.add_pod(job_name(run_id), **waiting("InvalidImageName"))
    api.is_page = False

    assert instance.run_launcher.join(60)
    assert "check job_image" in failure(instance, run_id)
    assert caplog.text.count(f"The Job of run {run_id} was not looked at.") == 1


def test_what_the_cluster_tells_is_asked_for_until_a_run_has_begun(
    instance: DagsterInstance, api: FakeApi
) -> None:
    run_id = recorded(instance)
    instance.launch_run(run_id)
    api.add_event("another", "FailedCreate", "of another")
    api.add_event(job_name(run_id), "FailedCreate", "quota")
    wait_until(lambda: any("quota" in text for text in told(instance, run_id)))
    assert not any("of another" in text for text in told(instance, run_id))

    begin(instance, run_id)
    looks, asked = api.job_looks, api.event_looks
    wait_until(lambda: api.job_looks > looks + 4)
    # One look may have been under way.
    assert api.event_looks <= asked + 1


def test_a_run_that_was_interrupted_is_looked_after_through_its_heir(
    instance: DagsterInstance, api: FakeApi
) -> None:
    run_id = recorded(instance)
    instance.launch_run(run_id)
    instance.add_run_tags(run_id, {INTERRUPTED_TAG: "true"})
    end(instance, run_id, DagsterRunStatus.CANCELED)
    assert not instance.run_launcher.join(0.2)
    heir = recorded(instance, **{TAKES_OVER_TAG: run_id})
    begin(instance, heir, seconds=-1)
    api.add_pod(job_name(run_id), containerStatuses=[{"state": {"running": {}}}])
    api.fail_job(job_name(run_id), "it has reached the backoff limit")
    assert instance.run_launcher.join(60)
    assert "backoff limit" in failure(instance, heir)
    assert launcher(instance).get_job(heir) is not None


def test_a_run_that_waits_for_its_pod_is_canceled_with_its_job(
    instance: DagsterInstance, api: FakeApi
) -> None:
    run_id = recorded(instance)
    instance.launch_run(run_id)
    assert instance.run_launcher.can_terminate(run_id)
    assert instance.run_launcher.terminate(run_id)
    assert status(instance, run_id) is DagsterRunStatus.CANCELED
    assert api.jobs == {}
    assert not instance.run_launcher.can_terminate(run_id)
    assert not instance.run_launcher.terminate(run_id)


def test_the_command_line_cancels_a_run_with_its_job(
    instance: DagsterInstance, api: FakeApi, tmp_path: Path
) -> None:
    run_id = recorded(instance)
    instance.launch_run(run_id)

    result = invoke("run", "cancel", run_id, home=tmp_path / "home")

    assert result.exit_code == 0
    assert "had no driver; it is CANCELED" in result.output
    assert api.jobs == {}


def test_a_driver_that_is_at_work_is_asked_to_stop(instance: DagsterInstance, api: FakeApi) -> None:
    run_id = recorded(instance)
    instance.launch_run(run_id)
    begin(instance, run_id)
    assert instance.run_launcher.terminate(run_id)
    record = instance.require_run(run_id)
    assert record.cancel_requested
    assert record.dagster_run.status is DagsterRunStatus.CANCELING
    assert list(api.jobs) == [job_name(run_id)]


def test_a_job_and_its_log_can_be_read(instance: DagsterInstance, api: FakeApi) -> None:
    run_id = recorded(instance)
    assert launcher(instance).get_job(run_id) is None
    instance.launch_run(run_id)
    assert launcher(instance).get_run_log(run_id) == ""
    api.add_pod(job_name(run_id), containerStatuses=[{"state": {"running": {}}}])
    api.logs["pod-1"] = "begun\n"
    view = launcher(instance).get_job(run_id)
    assert view is not None
    assert view.has_begun
    assert not view.has_ended
    assert launcher(instance).get_run_log(run_id) == "begun\n"


def test_a_launcher_of_no_instance_launches_nothing() -> None:
    alone = K8sRunLauncher.from_config_value(None, _defaults())
    assert alone.inst_data is None
    assert alone.join(0)
    with pytest.raises(DagsterInvariantViolationError, match="belongs to no instance"):
        alone.can_terminate("any")


def _defaults() -> dict[str, Any]:
    return {
        name: field.default_value
        for name, field in K8sRunLauncher.config_type().items()
        if not field.is_required
    }
