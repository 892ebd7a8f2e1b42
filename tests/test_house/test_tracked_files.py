"""What no tracked file may hold: it would be true on one machine only."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.test_house.checkout import ROOT

# Put together, so that this file does not hold them itself.
HOSTS = (
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "org"),
    ("anaconda", "org"),
    ("golang", "org"),
    ("crates", "io"),
    ("debian", "org"),
)
FOLDERS = ("work", "root")
HOST = re.compile("|".join(re.escape(".".join(parts)) for parts in HOSTS))
MACHINE_PATH = re.compile(r"(?<![\w.~}$])/(?:" + "|".join(FOLDERS) + r")(?:/|\b(?![-\w]))")
LOCK_FILES = {"uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "package-lock.json"}


def tracked() -> list[str]:
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


def lines_with(pattern: re.Pattern[str]) -> Iterator[str]:
    for name in tracked():
        text = (ROOT / name).read_text(encoding="utf-8", errors="ignore")
        for number, line in enumerate(text.splitlines(), 1):
            if pattern.search(line):
                yield f"{name}:{number}: {line.strip()}"


def test_files_are_tracked() -> None:
    assert {"Makefile", "constraints.txt", "pyproject.toml"} <= set(tracked())


def test_no_file_names_a_package_registry() -> None:
    assert list(lines_with(HOST)) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert list(lines_with(MACHINE_PATH)) == []


def test_no_lock_file_is_tracked() -> None:
    assert {name.rpartition("/")[2] for name in tracked()} & LOCK_FILES == set()


@pytest.mark.parametrize("text", ["see /{0}/main", "'/{0}'", "HOME=/{0}/x", "(/{0}/a)"])
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_path_of_one_machine_is_recognized(text: str, folder: str) -> None:
    assert MACHINE_PATH.search(text.format(folder))


@pytest.mark.parametrize("text", ["net/{0}/a", "${{tmp}}/{0}", "/{0}er/a", "a ./{0}"])
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_path_of_any_machine_is_let_through(text: str, folder: str) -> None:
    assert not MACHINE_PATH.search(text.format(folder))
