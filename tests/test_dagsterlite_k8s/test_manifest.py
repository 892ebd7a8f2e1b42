"""The Job of a run: what stands in it, and that Kubernetes takes it."""

from __future__ import annotations

import json
from typing import Any

import kubernetes_validate
import pytest

from dagsterlite.config import resolve_config
from dagsterlite.errors import DagsterLaunchFailedError, DagsterSettingsError
from dagsterlite.runs import DagsterRun
from dagsterlite_k8s.job_config import merged
from dagsterlite_k8s.manifest import OURS, RUN_ID, job_manifest, job_name
from dagsterlite_k8s.options import SCHEMA, LauncherOptions, read_options

RUN_UUID = "0c7ba8d5-2ab3-4b29-b4b5-6a6b1d4b2f10"


def options(**config: Any) -> LauncherOptions:
    evaluation = resolve_config(SCHEMA, {"job_image": "our/image:1", **config})
    assert evaluation.success, evaluation.errors
    return read_options(evaluation.value)


def run(tag: Any = None, run_id: str = RUN_UUID) -> DagsterRun:
    tags = {} if tag is None else {"dagster-k8s/config": tag}
    return DagsterRun(pipeline_name="flights", run_id=run_id, tags=tags)


def manifest(
    tag: Any = None, environ: dict[str, str] | None = None, **config: Any
) -> dict[str, Any]:
    text = tag if tag is None or isinstance(tag, str) else json.dumps(tag)
    made = job_manifest(run(text), options(**config), environ or {})
    assert kubernetes_validate.validate(made, "1.30", strict=True)
    return made


def container(made: dict[str, Any]) -> dict[str, Any]:
    (one,) = made["spec"]["template"]["spec"]["containers"]
    return dict(one)


def wrong(**config: Any) -> str:
    with pytest.raises(DagsterSettingsError) as caught:
        options(**config)
    return str(caught.value)


def refused(tag: Any) -> str:
    with pytest.raises(DagsterLaunchFailedError) as caught:
        manifest(tag)
    return str(caught.value)


def test_a_job_without_more_words_drives_its_run_and_is_started_again_after_crashes() -> None:
    made = manifest()
    assert made["metadata"]["name"] == f"dagster-run-{RUN_UUID}"
    assert made["metadata"]["namespace"] == "default"
    assert made["metadata"]["annotations"] == {RUN_ID: RUN_UUID}
    assert made["metadata"]["labels"].items() >= {**OURS, "dagster/job": "flights"}.items()
    assert made["metadata"]["labels"] == made["spec"]["template"]["metadata"]["labels"]
    assert made["spec"]["backoffLimit"] == 3
    assert made["spec"]["template"]["spec"]["restartPolicy"] == "Never"
    assert container(made)["command"] == [
        *("python", "-m", "dagsterlite", "run", "drive", "--home", "--resume", RUN_UUID)
    ]
    home = {"name": "DAGSTER_HOME", "value": "/opt/dagster/dagster_home"}
    assert container(made)["env"] == [home]


@pytest.mark.parametrize("run_id", ["A run of mine", "x" * 60, "-", "ünï"])
def test_whatever_a_run_is_called_its_job_has_a_name_that_kubernetes_takes(run_id: str) -> None:
    name = job_name(run_id)
    assert name == job_name(run_id) != job_name(f"{run_id}'")
    assert len(name) <= 63
    made = job_manifest(run(run_id=run_id), options(), {})
    assert made["metadata"]["annotations"][RUN_ID] == run_id
    assert made["spec"]["template"]["metadata"]["labels"]["dagster/run"] == name


def test_the_instance_and_its_password_come_from_the_cluster() -> None:
    made = manifest(
        instance_config_map="dagster-instance",
        postgres_password_secret="dagster-postgres",
        dagster_home="/home/dagster",
    )
    _, password = container(made)["env"]
    assert password["name"] == "DAGSTER_PG_PASSWORD"
    assert password["valueFrom"]["secretKeyRef"] == {
        "name": "dagster-postgres",
        "key": "postgresql-password",
    }
    home, file = container(made)["volumeMounts"]
    assert home["mountPath"] == "/home/dagster"
    assert file["mountPath"] == "/home/dagster/dagster.yaml"
    assert file["subPath"] == "dagster.yaml"
    _, volume = made["spec"]["template"]["spec"]["volumes"]
    assert volume["configMap"] == {"name": "dagster-instance"}


def test_each_word_of_the_config_has_its_place_in_the_pod() -> None:
    made = manifest(
        environ={"REGION": "north"},
        job_namespace="pipelines",
        image_pull_policy="IfNotPresent",
        image_pull_secrets=[{"name": "pull"}],
        service_account_name="run-driver",
        env_config_maps=["settings"],
        env_secrets=["keys"],
        env_vars=["MODE=a=b", "REGION"],
        volumes=[{"name": "data", "persistent_volume_claim": {"claimName": "data"}}],
        volume_mounts=[{"name": "data", "mountPath": "/data"}],
        labels={"team": "a"},
        resources={"limits": {"memory": "1Gi"}},
        security_context={"runAsNonRoot": True},
        scheduler_name="mine",
    )
    pod, box = made["spec"]["template"]["spec"], container(made)
    assert made["metadata"]["namespace"] == "pipelines"
    assert box["imagePullPolicy"] == "IfNotPresent"
    assert pod["imagePullSecrets"] == [{"name": "pull"}]
    assert pod["serviceAccountName"] == "run-driver"
    assert box["envFrom"] == [
        {"configMapRef": {"name": "settings"}},
        {"secretRef": {"name": "keys"}},
    ]
    assert box["env"][1:] == [
        {"name": "MODE", "value": "a=b"},
        {"name": "REGION", "value": "north"},
    ]
    assert pod["volumes"][-1]["persistentVolumeClaim"] == {"claimName": "data"}
    assert box["volumeMounts"][-1] == {"name": "data", "mountPath": "/data"}
    assert made["spec"]["template"]["metadata"]["labels"]["team"] == "a"
    assert box["resources"] == {"limits": {"memory": "1Gi"}}
    assert box["securityContext"] == {"runAsNonRoot": True}
    assert pod["schedulerName"] == "mine"


def test_a_run_says_more_than_the_config_in_snake_or_in_camel_case() -> None:
    made = manifest(
        {
            "container_config": {
                "image": "its/own:2",
                "resources": {"limits": {"my_gpu": "1"}},
                "env": [{"name": "A", "value": "1"}],
            },
            "pod_spec_config": {
                "node_selector": {"disk_type": "ssd"},
                "containers": [{"name": "beside", "image": "side:1"}],
            },
            "pod_template_spec_metadata": {"annotations": {"why": "large"}},
            "job_metadata": {"labels": {"cost": "high"}},
            "job_spec_config": {"backoffLimit": 0, "ttl_seconds_after_finished": 60},
        },
        resources={"limits": {"memory": "1Gi"}},
        run_k8s_config={"pod_spec_config": {"nodeSelector": {"zone": "b"}}},
    )
    pod = made["spec"]["template"]["spec"]
    box, beside = pod["containers"]
    assert box["image"] == "its/own:2"
    assert box["resources"] == {"limits": {"memory": "1Gi", "my_gpu": "1"}}
    assert [one["name"] for one in box["env"]] == ["DAGSTER_HOME", "A"]
    assert beside == {"name": "beside", "image": "side:1"}
    assert pod["nodeSelector"] == {"zone": "b", "disk_type": "ssd"}
    assert made["spec"]["template"]["metadata"]["annotations"] == {"why": "large"}
    assert made["metadata"]["labels"]["cost"] == "high"
    assert made["metadata"]["annotations"] == {RUN_ID: RUN_UUID}
    assert made["spec"]["backoffLimit"] == 0
    assert made["spec"]["ttlSecondsAfterFinished"] == 60


def test_what_is_wrong_with_the_config_is_told_all_at_once() -> None:
    message = wrong(
        kubeconfig_file="/etc/kubeconfig",
        image_pull_policy="Sometimes",
        env_vars=["1=2"],
        start_timeout_seconds=0,
        volumes=[{"name": 3}],
        resources={"limit": {}},
        run_k8s_config={"container_config": {"imagee": "x"}, "pod_config": {}, "job_metadata": 3},
    )
    place = "dagster.yaml: run_launcher.config"
    assert f"{place}.kubeconfig_file: it is not read where load_incluster_config is" in message
    assert f"{place}.image_pull_policy: 'Sometimes' is none of Always, IfNotPresent" in message
    assert f"{place}.env_vars[0]: '1=2' is not KEY=VALUE or KEY." in message
    assert f"{place}.start_timeout_seconds: it must be more than 0" in message
    assert f"{place}.volumes[0].name: " in message
    assert f"{place}.resources.limit: Kubernetes knows no such field here." in message
    assert f"{place}.run_k8s_config.container_config.imagee: Kubernetes knows" in message
    assert f"{place}.run_k8s_config.pod_config: there is no such part. Did you mean" in message
    assert f"{place}.run_k8s_config.job_metadata: expected a dict, not 3." in message


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ("{", "The tag 'dagster-k8s/config' is not JSON"),
        ("[]", "expected a dict of 'container_config'"),
        ({"container_config": {"image": 3}}, "tag 'dagster-k8s/config'.container_config.image: "),
        ({"container": {}}, "Did you mean 'container_config'?"),
    ],
)
def test_a_wrong_tag_of_a_run_is_told_with_its_place(tag: Any, message: str) -> None:
    assert message in refused(tag)


def test_a_job_without_an_image_is_refused() -> None:
    with pytest.raises(DagsterLaunchFailedError, match="Name it in dagster"):
        job_manifest(run(), options(job_image=None), {})


def test_a_variable_without_a_value_must_be_set_here() -> None:
    with pytest.raises(DagsterLaunchFailedError, match="env_vars name REGION, which"):
        manifest(env_vars=["REGION", "A=1"])


@pytest.mark.parametrize(
    ("base", "over", "result"),
    [
        ({"a": 1, "b": {"c": 2}}, {"b": {"d": 3}}, {"a": 1, "b": {"c": 2, "d": 3}}),
        ([{"name": "a"}], [{"name": "b"}], [{"name": "a"}, {"name": "b"}]),
        (["a"], ["b"], ["b"]),
        ({"a": {"b": 1}}, {"a": 2}, {"a": 2}),
    ],
)
def test_objects_are_merged_and_all_else_is_replaced(base: Any, over: Any, result: Any) -> None:
    assert merged(base, over) == result
