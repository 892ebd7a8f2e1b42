"""What is built and installed: one wheel with every package, from pinned versions."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.test_house.checkout import ROOT, package_folders, package_names, project, python

PIN = re.compile(r"[a-z0-9][a-z0-9.-]*==[0-9][\w.+!]*(?: ; [^:/@]+)?")


def direct_dependencies() -> list[str]:
    metadata = project()["project"]
    extras = metadata["optional-dependencies"].values()
    return [*metadata["dependencies"], *(text for extra in extras for text in extra)]


def pins() -> list[str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def pinned(python_version: str) -> dict[str, str]:
    """Return the version of each package that holds for a Python version."""
    where = {"python_version": python_version, "python_full_version": f"{python_version}.1"}
    requirements = map(Requirement, pins())
    return {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in requirements
        if pin.marker is None or pin.marker.evaluate(where)
    }


def test_the_wheel_lists_the_packages_that_exist() -> None:
    listed = project()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

    assert sorted(listed) == package_folders()


def test_types_and_contracts_cover_the_packages_that_exist() -> None:
    tools = project()["tool"]

    assert set(package_folders()) <= set(tools["mypy"]["files"])
    assert sorted(tools["importlinter"]["root_packages"]) == package_names()


def test_the_contracts_of_shelves_name_each_shelf() -> None:
    shelves = [name for name in package_names() if name != "dagsterlite"]
    contracts = {one["id"]: one for one in project()["tool"]["importlinter"]["contracts"]}

    assert sorted(contracts["shelves"]["modules"]) == shelves
    assert set(shelves) <= set(contracts["core"]["forbidden_modules"])
    assert sorted(contracts["circles"]["ancestors"]) == package_names()


def test_the_wheel_holds_every_package_and_its_types(tmp_path: Path) -> None:
    result = python("-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path))
    assert result.returncode == 0, result.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())

    for package in package_names():
        assert {f"{package}/__init__.py", f"{package}/py.typed"} <= names
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == set(
        package_names()
    )


def test_constraints_hold_names_and_versions_only() -> None:
    assert [line for line in pins() if not PIN.fullmatch(line)] == []


@pytest.mark.parametrize("python_version", ["3.11", "3.12", "3.13"])
def test_constraints_cover_each_direct_dependency(python_version: str) -> None:
    versions = pinned(python_version)

    for requirement in map(Requirement, direct_dependencies()):
        version = versions.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is not pinned"
        assert requirement.specifier.contains(version), f"{requirement} is pinned to {version}"
