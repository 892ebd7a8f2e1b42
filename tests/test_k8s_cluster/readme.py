"""What k8s/README.md says is to be typed, typed word by word."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping

from tests.test_house.checkout import ROOT

README = ROOT / "k8s/README.md"
ELSEWHERE = ("helm ", "kind ")
"""How commands begin that make a cluster and take it away: the tests are given one."""


class Readme:
    """The commands of the README.

    Args:
        places: What is applied in place of which folder: the same with the image that is tested.
        limit: Seconds that a block of commands may take.
    """

    def __init__(self, places: Mapping[str, str], limit: float) -> None:
        self._places = places
        self._limit = limit

    def follow(self, heading: str, block: int = 0) -> str:
        """Run one of the blocks of commands under a heading; return what it prints."""
        commands = self._commands(heading)[block]
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands],
            capture_output=True,
            text=True,
            check=False,
            timeout=self._limit,
            cwd=ROOT,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _commands(self, heading: str) -> list[str]:
        text = README.read_text()
        (section,) = re.findall(
            rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
        )
        blocks = re.findall(r"^```bash\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
        assert blocks
        return [self._here(block) for block in blocks]

    def _here(self, block: str) -> str:
        for folder, place in self._places.items():
            block = re.sub(rf"-k {re.escape(folder)}\b", f"-k {place}", block)
        return "\n".join(line for line in block.splitlines() if not line.startswith(ELSEWHERE))
