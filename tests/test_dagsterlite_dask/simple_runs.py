"""Runs of one step, to see a cluster at work and what is left of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from dagsterlite import execute_pipeline, pipeline, solid
from tests.test_dagsterlite_dask.side import wait_until

QUIET = {"console": {"config": {"log_level": "CRITICAL"}}}


@solid
def pid(_context):
    return os.getpid()


@pipeline
def pids():
    pid()


def config_on(cluster: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"execution": {"dask": {"config": {"cluster": cluster, **more}}}, "loggers": QUIET}


def run_on(cluster: dict[str, Any], **more: Any) -> Any:
    """Return where the step ran, once the run has succeeded."""
    result = execute_pipeline(pids, config_on(cluster, **more))
    assert result.success
    return result.output_for_solid("pid")


WAITING = """
import json, os, sys, time
from dagsterlite import execute_pipeline, pipeline, solid

FILE = sys.argv[1]

@solid
def waits(_context):
    with open(FILE + ".new", "w") as file:
        file.write(str(os.getpid()))
    os.rename(FILE + ".new", FILE)
    time.sleep(600)

@pipeline
def waiting():
    waits()

execute_pipeline(waiting, json.loads(sys.argv[2]))
"""


@contextmanager
def killed_driver_on(cluster: dict[str, Any], folder: Path, **more: Any) -> Iterator[int]:
    """Give out the process of a driver's step while it runs; kill the driver at the end."""
    (folder / "script.py").write_text(WAITING)
    file = folder / "pid"
    command = [sys.executable, "script.py", str(file), json.dumps(config_on(cluster, **more))]
    driver = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: file.exists() or driver.poll() is not None)
        assert driver.poll() is None
        yield int(file.read_text())
    finally:
        driver.kill()
        driver.wait()


def is_gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
