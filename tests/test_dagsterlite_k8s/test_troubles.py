"""What the API tells of a Job, and what is wrong by that."""

from __future__ import annotations

from typing import Any

import pytest

from dagsterlite_k8s.troubles import JobView, Trouble, troubles


def view(*pods: Any, job: Any = None, events: Any = ()) -> JobView:
    status = {} if job is None else {"status": {"conditions": [job]}}
    return JobView(job={"metadata": {"name": "run-1"}, **status}, pods=pods, events=events)


def pod(state: Any = None, limit: str | None = None, **status: Any) -> dict[str, Any]:
    resources = {"resources": {"limits": {"memory": limit}}} if limit else {}
    containers = [] if state is None else [{"image": "our/image:1", "state": state}]
    return {
        "metadata": {"name": "pod-1"},
        "spec": {"containers": [{"name": "a"}, {"name": "b", **resources}]},
        "status": {"containerStatuses": containers, **status},
    }


def only(found: list[Trouble]) -> Trouble:
    (trouble,) = found
    return trouble


def event(reason: str, message: str, name: str = "run-1", at: str | None = None) -> dict[str, Any]:
    return {
        "involvedObject": {"name": name},
        "reason": reason,
        "message": message,
        "lastTimestamp": at,
    }


@pytest.mark.parametrize(
    "well",
    [
        view(),
        view(pod({"running": {}}, phase="Running")),
        view(pod({"waiting": {"reason": "ContainerCreating"}}, phase="Pending")),
        view(pod({"waiting": {}})),
        view(pod({"terminated": {"exitCode": 0}}, phase="Succeeded")),
        view(pod(conditions=[{"type": "PodScheduled", "status": "True"}])),
        view(job={"type": "Complete", "status": "True"}),
        view(job={"type": "Failed", "status": "False"}),
        view({"metadata": {"name": "pod-1"}, "spec": {"containers": []}}),
    ],
)
def test_where_all_is_well_nothing_is_told(well: JobView) -> None:
    assert troubles(well) == []


@pytest.mark.parametrize(
    ("reason", "mend"),
    [
        ("ImagePullBackOff", "image_pull_secrets"),
        ("InvalidImageName", "job_image"),
        ("ErrImageNeverPull", "image_pull_policy"),
        ("CreateContainerConfigError", "env_secrets"),
        ("RunContainerError", "check the image"),
    ],
)
def test_what_does_not_go_away_is_final_and_bears_its_mend(reason: str, mend: str) -> None:
    trouble = only(troubles(view(pod({"waiting": {"reason": reason, "message": "so it is"}}))))
    assert (trouble.reason, trouble.is_final) == (reason, True)
    assert mend in trouble.message
    assert trouble.message.endswith("Image 'our/image:1': so it is")


def test_a_first_failure_to_pull_is_not_the_last_word() -> None:
    trouble = only(troubles(view(pod({"waiting": {"reason": "ErrImagePull", "message": "502"}}))))
    assert trouble == Trouble(reason="ErrImagePull", message="Pod pod-1: 502", is_final=False)


def test_a_pod_without_a_node_waits() -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    trouble = only(troubles(view(pod(conditions=[{**condition, "message": "0/1 nodes"}]))))
    assert trouble == Trouble(
        reason="Unschedulable", message="Pod pod-1: 0/1 nodes", is_final=False
    )


def test_a_quota_is_told_by_its_latest_event_until_there_is_a_pod() -> None:
    events = [
        event("FailedCreate", "exceeded quota: later", at="2026-01-01T00:00:02Z"),
        event("FailedCreate", "exceeded quota: first", at="2026-01-01T00:00:01Z"),
        event("SuccessfulCreate", "made"),
    ]
    trouble = only(troubles(view(events=events)))
    assert trouble.message == "No pod can be made for Job run-1: exceeded quota: later"
    assert not trouble.is_final
    assert troubles(view(pod({"running": {}}), events=events)) == []


def test_a_volume_that_is_not_there_is_told_while_the_pod_waits() -> None:
    events = [event("FailedMount", 'configmap "x" not found', "pod-1")]
    creating = {"waiting": {"reason": "ContainerCreating"}}
    trouble = only(troubles(view(pod(creating, phase="Pending"), events=events)))
    assert trouble.message == 'Pod pod-1: configmap "x" not found'
    assert troubles(view(pod({"running": {}}, phase="Running"), events=events)) == []


@pytest.mark.parametrize(("limit", "shown"), [("512Mi", " (now 512Mi)"), (None, "")])
def test_out_of_memory_names_the_limit(limit: str | None, shown: str) -> None:
    killed = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    trouble = only(troubles(view(pod(killed, limit))))
    assert f"Raise resources.limits.memory{shown}, or" in trouble.message
    assert not trouble.is_final


def test_an_eviction_and_an_exit_code_are_told() -> None:
    ended = {"terminated": {"exitCode": 143}}
    found = troubles(view(pod(ended, phase="Failed", reason="Evicted", message="low on memory")))
    assert [trouble.message for trouble in found] == [
        "Pod pod-1: its container ended with exit code 143.",
        "Pod pod-1: low on memory",
    ]


def test_a_job_that_has_failed_is_the_end() -> None:
    condition = {"type": "Failed", "status": "True", "reason": "DeadlineExceeded"}
    found = view(job={**condition, "message": "it took too long"})
    trouble = only(troubles(found))
    assert trouble.is_final
    assert trouble.message == "Job run-1 has failed: it took too long"
    assert found.has_ended
