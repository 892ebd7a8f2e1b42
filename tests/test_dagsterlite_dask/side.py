"""What tests see of user code that runs elsewhere, and of what is done meanwhile."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagsterlite import DagsterInstance

CONFIG = {"folder": str}


def config_of(names: list[str], folder: Path) -> dict[str, Any]:
    return {"solids": {name: {"config": {"folder": str(folder)}} for name in names}}


def note(folder: str, what: str) -> int:
    """Write down in a side file that user code ran; return how often it did."""
    path = os.path.join(folder, what)
    with open(path, "a", encoding="utf-8") as file:
        file.write("x")
    return os.path.getsize(path)


def noted(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()}


def wait_until(is_so: Callable[[], Any], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.01)


@contextmanager
def in_background(
    work: Callable[[], Any], instance: DagsterInstance | None = None
) -> Iterator[list[Any]]:
    """Do something meanwhile; give out the list that its result will be in.

    Where the test fails, the instance's runs are canceled: one that never ends would keep the
    cluster from all tests after it.
    """
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as exc:  # noqa: BLE001 - it is the result
            found.append(exc)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield found
    except BaseException:
        if instance is not None:
            for run_of in instance.get_runs():
                instance.request_cancel(run_of.run_id)
        raise
    finally:
        thread.join(60)
        assert not thread.is_alive()
