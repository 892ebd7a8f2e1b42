"""What is applied once to the cluster, as k8s/README.md says, and taken away again."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_k8s_cluster.cluster import (
    DRIVER,
    GATED,
    NAMESPACE,
    OVERLAY,
    PATIENCE,
    RESTART_API,
    kubectl,
    wait_for,
    with_our_image,
    write_in_look,
)

SECRETS = {
    "dagster-postgres": {
        "DAGSTER_PG_HOST": "postgres",
        "DAGSTER_PG_PORT": "5432",
        "DAGSTER_PG_USERNAME": "dagster",
        "DAGSTER_PG_PASSWORD": secrets.token_hex(16),
        "DAGSTER_PG_DB": "dagster",
    },
    "dagster-object-store": {
        "AWS_ENDPOINT_URL": "http://object-store:9000",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "dagster",
        "AWS_SECRET_ACCESS_KEY": secrets.token_hex(16),
    },
}


class Applied:
    """The folders of k8s/ with the image that is tested."""

    def __init__(self, folder: Path) -> None:
        self.overlay = with_our_image(OVERLAY, folder / "overlay")
        self.run = with_our_image(Path("k8s/run").absolute(), folder / "run")
        self.look = with_our_image(Path("k8s/look").absolute(), folder / "look")

    def set_up(self) -> None:
        """Follow the README from an empty cluster to one that runs can be launched on."""
        kubectl("apply", "-f", "k8s/base/namespace.yaml")
        for name, values in SECRETS.items():
            literals = [f"--from-literal={key}={value}" for key, value in values.items()]
            kubectl("create", "secret", "generic", name, *literals)
        kubectl("apply", "-k", self.overlay)
        kubectl("rollout", "status", "statefulset/postgres", "--timeout", f"{PATIENCE}s")
        wait_for("complete", "job/make-bucket")
        wait_for("ready", "pod", "--selector", "dask.org/cluster-name=dask")
        gated = Path(__file__).with_name("gated.py")
        kubectl("create", "configmap", "pipelines", f"--from-file={gated}")
        kubectl("apply", "-k", self.look)
        wait_for("ready", "pod/look")
        write_in_look(GATED, gated.read_text())

    def take_down(self) -> None:
        """Follow the README back; twice is allowed."""
        for folder in (self.look, self.run):
            kubectl("delete", "-k", folder, "--ignore-not-found")
        kubectl("delete", "jobs", "--selector", DRIVER, "--ignore-not-found")
        kubectl("delete", "-k", self.overlay, "--ignore-not-found")


@pytest.fixture(scope="session")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applied]:
    found = kubectl("get", "namespaces", "--output", "name").split()
    assert f"namespace/{NAMESPACE}" not in found, (
        f"the cluster has a namespace {NAMESPACE} already, and the tests would delete it"
    )
    applied = Applied(tmp_path_factory.mktemp("k8s"))
    try:
        applied.set_up()
        yield applied
    finally:
        applied.take_down()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what did not run, and why."""
    if RESTART_API is None:
        terminalreporter.write_line(
            "not run: a restart of the API server; $K8S_RESTART_API names no command that does it"
        )
