"""The Job of a run, as the API takes it; pure."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from dagsterlite.errors import DagsterLaunchFailedError
from dagsterlite.runs import DagsterRun
from dagsterlite_k8s.job_config import config_of_tags, merged
from dagsterlite_k8s.options import LauncherOptions

CONTAINER: Final = "dagsterlite"
"""The name of the container that a run's driver lies in."""

RUN_ID: Final = "dagster/run-id"
"""The annotation of a Job that says which run it is of."""

OURS: Final = {
    "app.kubernetes.io/name": "dagsterlite",
    "app.kubernetes.io/component": "run-driver",
    "app.kubernetes.io/managed-by": "dagsterlite",
}
"""The labels by which the Jobs and pods of runs are found."""

SELECTOR: Final = ",".join(f"{name}={value}" for name, value in OURS.items())
"""The selector of all Jobs and pods of runs."""

COMMAND: Final = ("python", "-m", "dagsterlite", "run", "drive", "--home", "--resume")
"""What a run's container executes; the run's id follows."""

_PASSWORD_KEY: Final = "postgresql-password"  # noqa: S105 - the name of a key
_PASSWORD_VARIABLE: Final = "DAGSTER_PG_PASSWORD"  # noqa: S105 - the name of a variable
_HOME_VOLUME: Final = "dagster-home"
_INSTANCE_VOLUME: Final = "dagster-instance"
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,45}[a-z0-9])?")
_NOT_IN_LABEL: Final = re.compile(r"[^A-Za-z0-9_.-]")
_LABEL_LENGTH: Final = 63

_RESTARTS: Final = 3
_KEPT_SECONDS: Final = 24 * 3600

_ONLY_CRASHES_COUNT: Final = {
    "rules": [
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    ]
}
"""Evicted and drained pods do not count as failures: they are started again as often as need be."""


def job_name(run_id: str) -> str:
    """Return the name of a run's Job: always the same, so that no run gets two."""
    if not _NAME.fullmatch(run_id):
        run_id = hashlib.sha256(run_id.encode()).hexdigest()[:32]
    return f"dagster-run-{run_id}"


def job_manifest(
    run: DagsterRun, options: LauncherOptions, environ: Mapping[str, str]
) -> dict[str, Any]:
    """Return the Job that executes a run.

    Args:
        run: The run; its tag ``dagster-k8s/config`` may say what is particular to it.
        options: What holds for all runs.
        environ: The environment that variables named without a value are taken from.

    Raises:
        DagsterLaunchFailedError: the run's tag is wrong, no image is named, or a variable is not
            set here.
    """
    config = options.job.with_changes(config_of_tags(run.tags))
    labels = {**options.labels, **_labels(run)}
    container = merged(_container(run, options, environ), config.container_config)
    if "image" not in container:
        raise DagsterLaunchFailedError(
            "nothing names the image of the run's pod. Name it in dagster.yaml: "
            "run_launcher.config.job_image, or by the run's tag 'dagster-k8s/config': "
            '{"container_config": {"image": …}}.'
        )
    pod = merged(_pod(options), config.pod_spec_config)
    template = {
        "metadata": merged({"labels": labels}, config.pod_template_spec_metadata),
        "spec": {**pod, "containers": [container, *pod.get("containers", [])]},
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            **merged({"labels": labels, "annotations": {RUN_ID: run.run_id}}, config.job_metadata),
            "name": job_name(run.run_id),
            "namespace": options.namespace,
        },
        "spec": {**merged(_job_spec(), config.job_spec_config), "template": template},
    }


def _labels(run: DagsterRun) -> dict[str, str]:
    return {**OURS, "dagster/job": _label(run.pipeline_name), "dagster/run": job_name(run.run_id)}


def _label(text: str) -> str:
    return _NOT_IN_LABEL.sub("-", text)[:_LABEL_LENGTH].strip("-_.")


def _job_spec() -> dict[str, Any]:
    return {
        "backoffLimit": _RESTARTS,
        "ttlSecondsAfterFinished": _KEPT_SECONDS,
        "podFailurePolicy": _ONLY_CRASHES_COUNT,
    }


def _pod(options: LauncherOptions) -> dict[str, Any]:
    volumes: list[dict[str, Any]] = [{"name": _HOME_VOLUME, "emptyDir": {}}]
    if options.instance_config_map is not None:
        source = {"name": options.instance_config_map}
        volumes.append({"name": _INSTANCE_VOLUME, "configMap": source})
    return {"restartPolicy": "Never", "volumes": volumes}


def _container(
    run: DagsterRun, options: LauncherOptions, environ: Mapping[str, str]
) -> dict[str, Any]:
    image = {} if options.image is None else {"image": options.image}
    return {
        "name": CONTAINER,
        **image,
        "command": [*COMMAND, run.run_id],
        "env": [*_own_variables(options), *_variables(options.env_vars, environ)],
        "envFrom": [
            *({"configMapRef": {"name": name}} for name in options.env_config_maps),
            *({"secretRef": {"name": name}} for name in options.env_secrets),
        ],
        "volumeMounts": _mounts(options),
    }


def _own_variables(options: LauncherOptions) -> list[dict[str, Any]]:
    variables: list[dict[str, Any]] = [{"name": "DAGSTER_HOME", "value": options.dagster_home}]
    if options.postgres_password_secret is not None:
        key = {"name": options.postgres_password_secret, "key": _PASSWORD_KEY}
        variables.append({"name": _PASSWORD_VARIABLE, "valueFrom": {"secretKeyRef": key}})
    return variables


def _variables(texts: Iterable[str], environ: Mapping[str, str]) -> list[dict[str, str]]:
    pairs = [text.partition("=") for text in texts]
    missing = [name for name, equals, _ in pairs if not equals and name not in environ]
    if missing:
        raise DagsterLaunchFailedError(
            f"the launcher's env_vars name {', '.join(missing)}, which the environment of this "
            "process does not have. Set it, or give the value: KEY=VALUE."
        )
    return [
        {"name": name, "value": value if equals else environ[name]} for name, equals, value in pairs
    ]


def _mounts(options: LauncherOptions) -> list[dict[str, Any]]:
    mounts: list[dict[str, Any]] = [{"name": _HOME_VOLUME, "mountPath": options.dagster_home}]
    if options.instance_config_map is not None:
        path = posixpath.join(options.dagster_home, "dagster.yaml")
        mounts.append({"name": _INSTANCE_VOLUME, "mountPath": path, "subPath": "dagster.yaml"})
    return mounts
