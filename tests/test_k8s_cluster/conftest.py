"""What is applied once to the cluster, as k8s/README.md says, and taken away again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_k8s_cluster.cluster import (
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
from tests.test_k8s_cluster.readme import Readme


class Applied:
    """The folders of k8s/ with the image that is tested, as the README has them applied."""

    def __init__(self, folder: Path) -> None:
        run = with_our_image(Path("k8s/run").absolute(), folder / "run")
        self._look = with_our_image(Path("k8s/look").absolute(), folder / "look")
        overlay = with_our_image(OVERLAY, folder / "overlay")
        places = {"k8s/overlays/kind": overlay, "k8s/run": run, "k8s/look": self._look}
        self.readme = Readme(places, 3 * PATIENCE)

    def set_up(self) -> None:
        """Follow the README from an empty cluster to one that runs can be launched on."""
        self.readme.follow("3. What is secret")
        self.readme.follow("4. All else")
        gated = Path(__file__).with_name("gated.py")
        kubectl("create", "configmap", "pipelines", f"--from-file={gated}")
        kubectl("apply", "-k", self._look)
        wait_for("ready", "pod/look")
        write_in_look(GATED, gated.read_text())

    def take_down(self) -> None:
        """Follow the README back; twice is allowed."""
        if is_there():
            self.readme.follow("Clean-up")


def is_there() -> bool:
    """Return whether the cluster has our namespace."""
    return f"namespace/{NAMESPACE}" in kubectl("get", "namespaces", "--output", "name").split()


@pytest.fixture(scope="session")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applied]:
    assert not is_there(), (
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
