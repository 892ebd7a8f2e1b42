"""The `dagster.yaml` of the pods, opened against a database: the very file of the ConfigMap."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from dagsterlite import DagsterInstance
from dagsterlite.config import resolve_config
from dagsterlite.runs import DagsterRun
from dagsterlite_fsspec.compute_logs import S3ComputeLogManager
from dagsterlite_k8s import K8sRunLauncher
from dagsterlite_k8s.manifest import job_manifest
from dagsterlite_k8s.options import SCHEMA, LauncherOptions, read_options
from dagsterlite_sql.postgres_runs import PostgresRunStorage
from tests.test_dagsterlite_sql.postgres_server import running
from tests.test_k8s.manifests import K8S, all_written, generated

FILE = K8S / "base/dagster.yaml"
ENVIRON = {
    "DAGSTER_PG_PORT": "5432",
    "DAGSTER_PG_USERNAME": "postgres",
    "DAGSTER_PG_PASSWORD": "",
    "DAGSTER_PG_DB": "postgres",
    "DAGSTER_IMAGE": "dagsterlite:0.1.0",
    "DAGSTER_BUCKET": "dagster",
}


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def instance(
    tmp_path: Path, environ: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DagsterInstance]:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(FILE, home / "dagster.yaml")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with running(tmp_path / "pg") as server:
        monkeypatch.setenv("DAGSTER_PG_HOST", server.folder)
        with DagsterInstance.get() as made:
            yield made


def launcher_options() -> LauncherOptions:
    config = yaml.safe_load(FILE.read_text())["run_launcher"]["config"]
    evaluation = resolve_config(SCHEMA, config)
    assert evaluation.success
    return read_options(evaluation.value)


def test_it_opens_the_instance_that_it_names(instance: DagsterInstance) -> None:
    assert isinstance(instance.run_storage, PostgresRunStorage)
    assert isinstance(instance.run_launcher, K8sRunLauncher)
    assert isinstance(instance.compute_log_manager, S3ComputeLogManager)
    run = instance.create_run("flights_pipeline")
    assert instance.get_run_by_id(run.run_id) == run


def test_the_job_of_a_run_is_hardened_and_refers_to_what_is_there(environ: None) -> None:
    job = job_manifest(DagsterRun(pipeline_name="flights"), launcher_options(), os.environ)
    kubernetes_validate.validate(job, "1.30", strict=True)
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert job["metadata"]["namespace"] == "dagsterlite"
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["image"] == "dagsterlite:0.1.0"
    accounts = [one["metadata"]["name"] for one in all_written() if "Account" in one["kind"]]
    assert pod["serviceAccountName"] in accounts
    maps = generated(K8S / "base")
    assert {one["configMap"]["name"] for one in pod["volumes"] if "configMap" in one} <= maps
    (settings, *secrets) = container["envFrom"]
    assert settings["configMapRef"]["name"] in maps
    assert [one["secretRef"]["name"] for one in secrets] == [
        "dagster-postgres",
        "dagster-object-store",
    ]
