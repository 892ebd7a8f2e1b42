"""Pipelines that the processes of launched runs import."""

from __future__ import annotations

import os
import signal
import time

from dagsterlite import pipeline, solid


@solid(config_schema={"folder": str})
def begin(context):
    """Tell the process's id, and wait until told to go on."""
    folder = context.solid_config["folder"]
    with open(os.path.join(folder, "begun.part"), "w", encoding="utf-8") as file:
        file.write(str(os.getpid()))
    os.rename(os.path.join(folder, "begun.part"), os.path.join(folder, "begun"))
    while not os.path.exists(os.path.join(folder, "go")):
        time.sleep(0.01)
    return os.getpid()


@solid
def end(_context, pid):
    return pid


@pipeline
def waiting():
    end(begin())


@solid
def die(_context):
    os.write(2, b"last words\n")
    os.kill(os.getpid(), signal.SIGKILL)


@pipeline
def dying():
    die()


@solid
def fail(_context):
    raise ValueError("no rows")


@pipeline
def failing():
    fail()


def gone():
    raise RuntimeError("the table is gone")
