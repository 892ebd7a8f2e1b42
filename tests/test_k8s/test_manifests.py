"""What `k8s/` would make of a cluster: well formed, hardened, consistent, without a secret."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from importlib.resources import files
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft202012Validator

from dagsterlite.api import validate_run_config
from dagsterlite.demo.flights import flights_pipeline
from dagsterlite_k8s.manifest import OURS
from tests.test_house.checkout import ROOT, project
from tests.test_k8s.manifests import (
    FOLDERS,
    K8S,
    KUBECTL,
    OVERLAYS,
    Manifest,
    all_pods,
    all_written,
    generated,
    rendered,
    written,
)

VERSIONS = ("1.25", "1.30", "1.34")
OPERATOR = "kubernetes.dask.org/v1"
SECRETS = {"dagster-postgres", "dagster-object-store"}
SECRET_NAME = re.compile("PASSWORD|SECRET|TOKEN|ACCESS_KEY|CREDENTIAL")
PODS = all_pods()
MANIFESTS = {f"{one['kind']}/{one['metadata']['name']}": one for one in all_written()}
LASTING = {name: pod for name, pod in PODS.items() if not name.startswith(("Job/", "Pod/"))}


@cache
def operator_schema(kind: str) -> Draft202012Validator:
    """Return what checks a manifest of the operator's; its files take their time to read."""
    folder = files("dask_kubernetes") / "operator/deployment/helm/dask-kubernetes-operator/crds"
    crd = yaml.safe_load((folder / f"{kind.lower()}.yaml").read_text())
    assert crd["spec"]["names"]["kind"] == kind
    return Draft202012Validator(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"])


def check(manifest: Manifest, version: str) -> None:
    if manifest["apiVersion"] == OPERATOR:
        operator_schema(manifest["kind"]).validate(manifest)
    else:
        kubernetes_validate.validate(manifest, version, strict=True)


def by_name(manifests: list[Manifest]) -> dict[str, Manifest]:
    return {f"{one['kind']}/{one['metadata']['name']}": one for one in manifests}


def containers(pod: Manifest) -> list[Manifest]:
    return [*pod["containers"], *pod.get("initContainers", [])]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", sorted(MANIFESTS))
def test_each_manifest_is_what_kubernetes_or_the_operator_takes(name: str, version: str) -> None:
    check(MANIFESTS[name], version)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", sorted(PODS))
def test_each_pod_is_what_kubernetes_takes(name: str, version: str) -> None:
    # The operator's own schema does not look into the pods.
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": PODS[name]}
    kubernetes_validate.validate(pod, version, strict=True)


@pytest.mark.parametrize("folder", FOLDERS if KUBECTL else ())
def test_kustomize_puts_each_folder_together(folder: str) -> None:
    found = rendered(K8S / folder)
    for manifest in found:
        check(manifest, VERSIONS[-1])
        if manifest["kind"] != "Namespace":
            assert manifest["metadata"]["namespace"] == "dagsterlite"
    assert by_name(found).keys() == {
        *by_name(written(K8S / folder)),
        *(f"ConfigMap/{name}" for name in generated(K8S / folder)),
    }


@pytest.mark.parametrize("overlay", OVERLAYS if KUBECTL else ())
def test_all_of_our_pods_have_the_one_image(overlay: str) -> None:
    found = by_name(rendered(K8S / overlay))
    image = found["ConfigMap/dagster-settings"]["data"]["DAGSTER_IMAGE"]
    assert image.endswith("dagsterlite:" + project()["project"]["version"])
    spec = found["DaskCluster/dask"]["spec"]
    for part in ("scheduler", "worker"):
        assert [one["image"] for one in spec[part]["spec"]["containers"]] == [image]


@pytest.mark.parametrize("overlay", OVERLAYS if KUBECTL else ())
def test_the_config_map_holds_the_very_file_that_the_tests_load(overlay: str) -> None:
    found = by_name(rendered(K8S / overlay))["ConfigMap/dagster-instance"]["data"]
    assert found == {"dagster.yaml": (K8S / "base/dagster.yaml").read_text()}


@pytest.mark.parametrize("name", sorted(PODS))
def test_pods_run_without_rights_on_a_root_that_they_cannot_write(name: str) -> None:
    pod = PODS[name]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in containers(pod):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


@pytest.mark.parametrize("name", sorted(PODS))
def test_pods_say_what_they_need(name: str) -> None:
    for container in containers(PODS[name]):
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("name", sorted(LASTING))
def test_pods_that_last_are_asked_how_they_are(name: str) -> None:
    for container in containers(LASTING[name]):
        assert container["readinessProbe"]
        assert container["livenessProbe"]


@pytest.mark.parametrize("name", sorted(PODS))
def test_only_who_asks_kubernetes_has_a_token(name: str) -> None:
    pod = PODS[name]
    has_token = pod.get("automountServiceAccountToken", True)
    assert has_token is (pod.get("serviceAccountName") == "launcher")


def test_the_rights_are_those_that_are_used() -> None:
    rules = {
        (resource, verb)
        for rule in MANIFESTS["Role/launcher"]["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert rules == {
        ("jobs", "create"),
        ("jobs", "get"),
        ("jobs", "delete"),
        ("pods", "list"),
        ("events", "list"),
        ("pods/log", "get"),
    }
    for name, manifest in MANIFESTS.items():
        assert not name.startswith("Cluster")
        for rule in manifest.get("rules", ()):
            assert "*" not in [*rule["verbs"], *rule["resources"], *rule["apiGroups"]]
            assert not {"secrets", "pods/exec"} & set(rule["resources"])


def test_no_secret_stands_in_plain() -> None:
    assert not [name for name in MANIFESTS if name.startswith("Secret/")]
    for pod in PODS.values():
        for container in containers(pod):
            for variable in container.get("env", ()):
                assert "valueFrom" in variable or not SECRET_NAME.search(variable["name"])
    for folder in K8S.rglob("kustomization.yaml"):
        settings = yaml.safe_load(folder.read_text())
        assert "secretGenerator" not in settings
        for made in settings.get("configMapGenerator", ()):
            assert not [text for text in made.get("literals", ()) if SECRET_NAME.search(text)]


def test_what_is_referred_to_is_there() -> None:
    maps = {name for folder in FOLDERS for name in generated(K8S / folder)}
    accounts = {one.removeprefix("ServiceAccount/") for one in MANIFESTS if "Account/" in one}
    for pod in PODS.values():
        assert pod.get("serviceAccountName", "launcher") in accounts
        text = yaml.safe_dump(pod)
        assert set(re.findall(r"configMap(?:Ref)?:\s+name: (\S+)", text)) <= maps
        found = re.findall(r"secret(?:Ref|KeyRef):\s+(?:key: \S+\s+)?name: (\S+)", text)
        assert set(found) <= SECRETS
    readme = (K8S / "README.md").read_text()
    for secret in SECRETS:
        assert f"kubectl create secret generic {secret} " in readme


def test_the_network_lets_through_pods_that_there_are() -> None:
    components = {
        OURS["app.kubernetes.io/component"],
        *(
            one["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]
            for one in MANIFESTS.values()
            if one["kind"] == "Job"
        ),
        MANIFESTS["Pod/look"]["metadata"]["labels"]["app.kubernetes.io/component"],
    }
    policies = [one for one in MANIFESTS.values() if one["kind"] == "NetworkPolicy"]
    text = yaml.safe_dump(policies)
    named = set(re.findall(r"app.kubernetes.io/component: (\S+)", text))
    assert named == {OURS["app.kubernetes.io/component"]}
    assert components == {"run-driver", "launcher"}
    assert {} in [one["spec"]["podSelector"] for one in policies]


def run_config(name: str) -> Manifest:
    config: Manifest = yaml.safe_load((K8S / f"run/{name}.yaml").read_text())
    return config


COMMANDS = {
    f"{name}/{container['name']}": [*container.get("command", ()), *container.get("args", ())]
    for name, pod in PODS.items()
    for container in pod["containers"]
    if container["image"] == "dagsterlite"
}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_exists_with_all_its_options(name: str) -> None:
    program, *arguments = COMMANDS[name]
    if program == "python":
        flag, code = arguments
        assert flag == "-c"
        compile(code, name, "exec")
        return
    # A misspelt option is told before the help is.
    result = subprocess.run(
        [sys.executable, "-m", program, *arguments, "--help"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert result.returncode == 0, result.stderr
    assert "Usage:" in result.stdout


@pytest.mark.parametrize("where", ["shared-cluster", "own-cluster"])
def test_the_run_config_fits_the_pipeline(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_IMAGE", "dagsterlite:0.1.0")
    config = run_config("flights") | run_config(where)
    assert validate_run_config(flights_pipeline, config, mode="full")


def test_runs_are_where_the_manifests_have_a_cluster_and_a_bucket() -> None:
    config = run_config("flights") | run_config("shared-cluster")
    address = config["execution"]["dask"]["cluster"]["existing"]["address"]
    service = f"{MANIFESTS['DaskCluster/dask']['metadata']['name']}-scheduler"
    assert address == f"tcp://{service}:8786"
    settings = yaml.safe_load((K8S / "base/kustomization.yaml").read_text())
    literals = dict(text.split("=", 1) for text in settings["configMapGenerator"][1]["literals"])
    base_dir = config["intermediate_storage"]["filesystem"]["base_dir"]
    assert base_dir.startswith(f"s3://{literals['DAGSTER_BUCKET']}/")


def test_the_image_is_built_of_extras_that_there_are() -> None:
    text = (K8S / "Dockerfile").read_text()
    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"${BASE}"}
    assert re.search(r"^ARG BASE=python:3\.1[1-3]-slim$", text, re.MULTILINE)
    (extras,) = re.findall(r'"/source\[(.*)\]"', text)
    assert set(extras.split(",")) <= project()["project"]["optional-dependencies"].keys()
    assert {"demo", "k8s", "postgres"} <= set(extras.split(","))
    assert re.search(r"^USER 1000$", text, re.MULTILINE)


def test_the_readme_speaks_of_files_that_there_are() -> None:
    text = (K8S / "README.md").read_text()
    named = {
        *re.findall(r"(?<![\w-])k8s/[\w/.-]*\w", text),
        *(f"k8s/{place}" for place in re.findall(r"`((?:overlays|base|run)/[\w/.]*)`", text)),
    }
    assert named
    assert [place for place in sorted(named) if not (ROOT / Path(place)).exists()] == []
