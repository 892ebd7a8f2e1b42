"""What ``dagster.yaml`` says to the launcher of runs on Kubernetes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kubernetes.client import models

from dagsterlite.config import (
    Array,
    BoolSource,
    Field,
    IntSource,
    Map,
    Noneable,
    Permissive,
    StringSource,
)
from dagsterlite.errors import DagsterSettingsError, shown
from dagsterlite_k8s.job_config import JobConfig, read_job_config, read_object

DEFAULT_HOME: Final = "/opt/dagster/dagster_home"

_PLACE: Final = "dagster.yaml: run_launcher.config"
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(=.*)?", re.DOTALL)
_PULL_POLICIES: Final = ("Always", "IfNotPresent", "Never")


def _optional(of: Any, description: str) -> Field:
    return Field(Noneable(of), is_required=False, default_value=None, description=description)


def _list(of: Any, description: str) -> Field:
    return Field(Array(of), is_required=False, default_value=[], description=description)


SCHEMA: Final = {
    "job_image": _optional(
        StringSource, "The image of the runs' pods; a run may name another by its tag."
    ),
    "job_namespace": Field(
        StringSource,
        is_required=False,
        default_value="default",
        description="The namespace of the Jobs.",
    ),
    "image_pull_policy": _optional(StringSource, "Always, IfNotPresent or Never."),
    "image_pull_secrets": _list({"name": StringSource}, "Secrets that the image is pulled with."),
    "service_account_name": _optional(StringSource, "The service account of the pods."),
    "env_config_maps": _list(StringSource, "ConfigMaps that become variables of the environment."),
    "env_secrets": _list(StringSource, "Secrets that become variables of the environment."),
    "env_vars": _list(
        StringSource,
        "KEY=VALUE, or KEY for the value that the launcher's process has. They stand in the Job "
        "for all to read: secrets belong into env_secrets.",
    ),
    "volumes": _list(Permissive(), "Volumes of the pods."),
    "volume_mounts": _list(Permissive(), "Where the container sees them."),
    "labels": Field(
        Map(str, StringSource),
        is_required=False,
        default_value={},
        description="Labels of the Jobs and pods.",
    ),
    "resources": _optional(Permissive(), "What the container requests, and its limits."),
    "security_context": _optional(Permissive(), "What the container may do."),
    "scheduler_name": _optional(StringSource, "What places the pods on nodes."),
    "run_k8s_config": _optional(
        Permissive(),
        "More of the Job: container_config, pod_spec_config, pod_template_spec_metadata, "
        "job_spec_config, job_metadata.",
    ),
    "instance_config_map": _optional(
        StringSource, "The ConfigMap whose `dagster.yaml` the pods read; else the image has one."
    ),
    "postgres_password_secret": _optional(
        StringSource,
        "The Secret whose key `postgresql-password` the pods have as DAGSTER_PG_PASSWORD.",
    ),
    "dagster_home": Field(
        StringSource,
        is_required=False,
        default_value=DEFAULT_HOME,
        description="The pods' $DAGSTER_HOME.",
    ),
    "load_incluster_config": Field(
        BoolSource,
        is_required=False,
        default_value=True,
        description="Whether runs are launched from a pod of the same cluster.",
    ),
    "kubeconfig_file": _optional(
        StringSource, "Where else the cluster is described (default: $KUBECONFIG)."
    ),
    "start_timeout_seconds": Field(
        IntSource,
        is_required=False,
        default_value=600,
        description="How long a run's pod may wait for its start, e.g. for a node.",
    ),
}
"""The schema of the launcher's config."""


@dataclass(frozen=True, kw_only=True)
class LauncherOptions:
    """The launcher's config, checked."""

    image: str | None
    namespace: str
    dagster_home: str
    instance_config_map: str | None
    postgres_password_secret: str | None
    env_config_maps: Sequence[str]
    env_secrets: Sequence[str]
    env_vars: Sequence[str]
    labels: Mapping[str, str]
    job: JobConfig
    load_incluster_config: bool
    kubeconfig_file: str | None
    start_timeout_seconds: int


def read_options(config: Mapping[str, Any]) -> LauncherOptions:
    """Return a config that fits :data:`SCHEMA` as options.

    Raises:
        DagsterSettingsError: it contradicts itself, or says what Kubernetes does not know; all
            that is wrong, with its paths.
    """
    wrong = list(_contradictions(config))
    plain = JobConfig(
        container_config=_container(config, wrong),
        pod_spec_config=_pod(config, wrong),
        pod_template_spec_metadata={},
        job_metadata={},
        job_spec_config={},
    )
    more = read_job_config(config["run_k8s_config"], wrong, f"{_PLACE}.run_k8s_config")
    if wrong:
        raise DagsterSettingsError("\n".join(wrong))
    return LauncherOptions(
        image=config["job_image"],
        namespace=config["job_namespace"],
        dagster_home=config["dagster_home"],
        instance_config_map=config["instance_config_map"],
        postgres_password_secret=config["postgres_password_secret"],
        env_config_maps=config["env_config_maps"],
        env_secrets=config["env_secrets"],
        env_vars=config["env_vars"],
        labels=config["labels"],
        job=plain.with_changes(more),
        load_incluster_config=config["load_incluster_config"],
        kubeconfig_file=config["kubeconfig_file"],
        start_timeout_seconds=config["start_timeout_seconds"],
    )


def _contradictions(config: Mapping[str, Any]) -> Sequence[str]:
    wrong = []
    if config["load_incluster_config"] and config["kubeconfig_file"] is not None:
        wrong.append(
            f"{_PLACE}.kubeconfig_file: it is not read where load_incluster_config is true, as it "
            "is by default. Set load_incluster_config: false, or remove the file."
        )
    policy = config["image_pull_policy"]
    if policy is not None and policy not in _PULL_POLICIES:
        known = ", ".join(_PULL_POLICIES)
        wrong.append(f"{_PLACE}.image_pull_policy: {shown(policy)} is none of {known}.")
    for index, text in enumerate(config["env_vars"]):
        if not _VARIABLE.fullmatch(text):
            wrong.append(f"{_PLACE}.env_vars[{index}]: {shown(text)} is not KEY=VALUE or KEY.")
    if config["start_timeout_seconds"] <= 0:
        wrong.append(f"{_PLACE}.start_timeout_seconds: it must be more than 0 seconds.")
    return wrong


def _container(config: Mapping[str, Any], wrong: list[str]) -> dict[str, Any]:
    names = ("image_pull_policy", "volume_mounts", "resources", "security_context")
    return _read(models.V1Container, config, names, {"name": ""}, wrong)


def _pod(config: Mapping[str, Any], wrong: list[str]) -> dict[str, Any]:
    names = ("image_pull_secrets", "service_account_name", "volumes", "scheduler_name")
    return _read(models.V1PodSpec, config, names, {"containers": []}, wrong)


def _read(
    model: Any,
    config: Mapping[str, Any],
    names: Sequence[str],
    given: Mapping[str, Any],
    wrong: list[str],
) -> dict[str, Any]:
    said = {name: config[name] for name in names if config[name] not in (None, [])}
    return read_object(model, said, wrong, _PLACE, given=given)
