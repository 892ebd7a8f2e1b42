"""The checkout that the tests of the house look at."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SHELVES = (ROOT / "executors", ROOT / "storage")


def project() -> dict[str, Any]:
    """Return what `pyproject.toml` says."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def package_folders() -> list[str]:
    """Return the folders of the import packages, relative to the checkout."""
    shelved = [init.parent for shelf in SHELVES for init in shelf.glob("*/__init__.py")]
    return sorted(str(folder.relative_to(ROOT)) for folder in [ROOT / "dagsterlite", *shelved])


def package_names() -> list[str]:
    """Return the import names of the packages."""
    return sorted(Path(folder).name for folder in package_folders())


def python(*arguments: str, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run this interpreter with the given arguments and further environment variables."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
