"""What the tests on a cluster of one node need, as far as it can be looked at without one."""

from __future__ import annotations

import os
import subprocess

import kubernetes_validate
import pytest
import yaml

from tests.test_house.checkout import ROOT
from tests.test_k8s.manifests import KUBECTL, rendered

TESTBED = ROOT / "tests/test_k8s_cluster/testbed"


@pytest.mark.parametrize(
    ("testbed", "reason"),
    [("", "K8S_TESTBED is empty"), ("/no/where", "there is no folder /no/where")],
)
def test_without_a_testbed_one_line_says_so_and_nothing_fails(testbed: str, reason: str) -> None:
    done = subprocess.run(
        [TESTBED / "run.sh"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "K8S_TESTBED": testbed},
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == f"not run: tests on Kubernetes; {reason}\n"


@pytest.mark.parametrize("script", sorted(path.name for path in TESTBED.glob("*.sh")))
def test_the_scripts_can_be_read(script: str) -> None:
    subprocess.run(["bash", "-n", TESTBED / script], check=True)


def test_the_operator_is_what_kubernetes_takes() -> None:
    for manifest in yaml.safe_load_all((TESTBED / "operator.yaml").read_text()):
        kubernetes_validate.validate(manifest, "1.30", strict=True)


if KUBECTL:

    def test_no_image_is_left_that_would_have_to_be_pulled() -> None:
        sets = [one for one in rendered(TESTBED) if one["kind"] == "StatefulSet"]
        images = {c["image"] for one in sets for c in one["spec"]["template"]["spec"]["containers"]}

        assert images == {"localhost/postgres:1", "localhost/object-store:1"}
        services = [one for one in rendered(TESTBED) if one["kind"] == "Service"]
        assert not [one for one in services if "clusterIP" in one["spec"]]
