"""What keeps a run's pod from its start, or has ended it; pure, from what the API tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Resource = Mapping[str, Any]
"""An object of the API, in its own form."""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Something that is wrong with the Job of a run."""

    #: The API's own word, e.g. ``ImagePullBackOff``.
    reason: str
    #: What is wrong and, where it is known, what to mend.
    message: str
    #: Whether it does not go away by itself.
    is_final: bool


@dataclass(frozen=True, kw_only=True)
class JobView:
    """A Job as it stands, with its pods and with what the cluster tells of them."""

    job: Resource
    pods: Sequence[Resource] = ()
    events: Sequence[Resource] = ()

    @property
    def name(self) -> str:
        """The Job's name."""
        name: str = self.job["metadata"]["name"]
        return name

    @property
    def has_ended(self) -> bool:
        """Whether no further pod of it will be started."""
        return any(one["type"] in _ENDS for one in _true_conditions(self.job))

    @property
    def has_begun(self) -> bool:
        """Whether a container of it runs or ran."""
        states = [status["state"] for pod in self.pods for status in _containers(pod)]
        return any("running" in state or "terminated" in state for state in states)


_ENDS: Final = frozenset({"Complete", "Failed"})

_MENDS: Final = {
    "ErrImageNeverPull": "The image is not on the node, and image_pull_policy is Never.",
    "ImagePullBackOff": (
        "The image cannot be pulled: check its name, and image_pull_secrets where its registry "
        "asks for a password."
    ),
    "InvalidImageName": "The name of the image is malformed: check job_image.",
    "CreateContainerConfigError": (
        "The container refers to something that is not there: check env_config_maps, env_secrets "
        "and postgres_password_secret."
    ),
    "RunContainerError": "The container's command cannot be run: check the image.",
}
"""Reasons for which a container waits that do not go away by themselves."""

_OUT_OF_MEMORY: Final = "OOMKilled"
_FAILED_CREATE: Final = "FailedCreate"
_FAILED_MOUNT: Final = "FailedMount"


def troubles(view: JobView) -> list[Trouble]:
    """Return what is wrong, in the order in which it came; nothing where all is well."""
    return [*_of_creation(view), *_of_pods(view), *_of_job(view)]


def _of_creation(view: JobView) -> Iterator[Trouble]:
    """Yield why the Job has no pod, e.g. a quota."""
    if view.pods:
        return
    for event in _last(view.events, _FAILED_CREATE):
        yield Trouble(
            reason=_FAILED_CREATE,
            message=f"No pod can be made for Job {view.name}: {event.get('message', '')}",
            is_final=False,
        )


def _of_pods(view: JobView) -> Iterator[Trouble]:
    for pod in view.pods:
        yield from _of_pod(pod)
        mine = [e for e in view.events if e["involvedObject"].get("name") == _name(pod)]
        for event in _last(mine, _FAILED_MOUNT) if _is_pending(pod) else ():
            yield _waiting(pod, _FAILED_MOUNT, event.get("message"))


def _of_pod(pod: Resource) -> Iterator[Trouble]:
    status = pod.get("status", {})
    for condition in status.get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield _waiting(pod, condition.get("reason", "Unschedulable"), condition.get("message"))
    for container in _containers(pod):
        yield from _of_container(pod, container)
    if status.get("phase") == "Failed" and status.get("reason"):
        yield _waiting(pod, status["reason"], status.get("message"))


def _of_container(pod: Resource, container: Resource) -> Iterator[Trouble]:
    state = container["state"]
    waiting, terminated = state.get("waiting"), state.get("terminated")
    if waiting is not None and waiting.get("reason") in _MENDS:
        reason = waiting["reason"]
        text = f"{_MENDS[reason]} Image '{container['image']}': {waiting.get('message', reason)}"
        yield Trouble(reason=reason, message=_of(pod, text), is_final=True)
    elif waiting is not None and "Err" in waiting.get("reason", ""):
        yield _waiting(pod, waiting["reason"], waiting.get("message"))
    elif terminated is not None and terminated.get("exitCode"):
        yield _ended(pod, terminated)


def _ended(pod: Resource, terminated: Resource) -> Trouble:
    reason = terminated.get("reason", "Error")
    text = f"its container ended with exit code {terminated['exitCode']}."
    if reason == _OUT_OF_MEMORY:
        text = (
            "its container was killed because it used more memory than its limit. Raise "
            f"resources.limits.memory{_limit_of(pod)}, or have steps run on other machines."
        )
    return Trouble(reason=reason, message=_of(pod, text), is_final=False)


def _limit_of(pod: Resource) -> str:
    for container in pod["spec"]["containers"]:
        limit = container.get("resources", {}).get("limits", {}).get("memory")
        if limit is not None:
            return f" (now {limit})"
    return ""


def _of_job(view: JobView) -> Iterator[Trouble]:
    for condition in _true_conditions(view.job):
        if condition["type"] == "Failed":
            yield Trouble(
                reason=condition.get("reason", "Failed"),
                message=f"Job {view.name} has failed: {condition.get('message', '')}",
                is_final=True,
            )


def _true_conditions(resource: Resource) -> list[Resource]:
    conditions = resource.get("status", {}).get("conditions", ())
    return [one for one in conditions if one["status"] == "True"]


def _containers(pod: Resource) -> list[Resource]:
    return list(pod.get("status", {}).get("containerStatuses", ()))


def _is_pending(pod: Resource) -> bool:
    return bool(pod.get("status", {}).get("phase") == "Pending")


def _waiting(pod: Resource, reason: str, message: str | None) -> Trouble:
    return Trouble(reason=reason, message=_of(pod, message or reason), is_final=False)


def _of(pod: Resource, text: str) -> str:
    return f"Pod {_name(pod)}: {text}"


def _name(pod: Resource) -> str:
    name: str = pod["metadata"]["name"]
    return name


def _last(events: Sequence[Resource], reason: str) -> list[Resource]:
    found = [event for event in events if event.get("reason") == reason]
    return sorted(found, key=lambda event: event.get("lastTimestamp") or "")[-1:]
