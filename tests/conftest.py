"""What holds for every test."""

from __future__ import annotations

import os
import shutil

import pytest
from hypothesis import settings

from tests.object_stores import S3RVER
from tests.small_disk import CAN_MOUNT

# A busy machine is slow by turns, so no example has a deadline; where a failure must be the same
# on the next run, the examples are.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# Read once, when gcsfs is imported: with it, gcsfs asks for what the emulator does not have.
os.environ["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = "false"


@pytest.fixture(autouse=True)
def _no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tests away from the home of whoever runs them."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what did not run, and why."""
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        terminalreporter.write_line(
            "not run: looks at notebooks in a browser; there is no chromium on the PATH"
        )
    if not any("test_k8s_cluster" in argument for argument in terminalreporter.config.args):
        terminalreporter.write_line(
            "not run: runs on a Kubernetes cluster; `make test-k8s` does, on what KUBECONFIG names"
        )
    if shutil.which("kubectl") is None:
        terminalreporter.write_line(
            "not run: what kustomize makes of k8s/; there is no kubectl on the PATH"
        )
    path = f"{os.environ['PATH']}:/usr/sbin"
    if shutil.which("mariadbd", path=path) is None:
        terminalreporter.write_line(
            "not run: runs and events in MySQL; there is no mariadbd on the PATH (`make services`)"
        )
    if not CAN_MOUNT:
        terminalreporter.write_line(
            "not run: database servers whose disk is full; mounting a small one takes root"
        )
    for what, program in (("over SSH", "sshd"), ("of Slurm's jobs", "slurmctld")):
        if shutil.which(program, path=path) is None:
            terminalreporter.write_line(
                f"not run: Dask clusters {what}; no {program} is on the PATH (`make clusters`)"
            )
    if S3RVER is None:
        terminalreporter.write_line(
            "not run: an S3 store without conditional writes; there is no s3rver (`make services`)"
        )
