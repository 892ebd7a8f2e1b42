"""A disk of few megabytes, in memory: mounting one takes root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a disk of a size on a folder, which is made, and take it away at the end."""
    folder.mkdir()
    size = f"size={megabytes}m"
    command = ["mount", "-t", "tmpfs", "-o", size, "dagsterlite-tests", str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    try:
        yield folder
    finally:
        # Whoever still has a file open there keeps it; others find the folder empty.
        subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=60)


def _can_mount() -> bool:
    if os.geteuid() != 0:
        return False
    with TemporaryDirectory() as folder:
        try:
            with small_disk(Path(folder) / "disk", 1):
                return True
        except (OSError, subprocess.SubprocessError):
            return False


CAN_MOUNT = _can_mount()
"""Whether this process may mount disks."""
