"""A pipeline that waits in its midst: executed in pods, so it imports nothing of the tests."""

from __future__ import annotations

import logging
import os
import threading
import time
import uuid
from typing import Any

import fsspec

from dagsterlite import pipeline, solid

WHERE = {"where": str}


def mark(where: str, name: str) -> None:
    """Leave an object in the store for each time that user code ran."""
    fsspec.filesystem("s3").pipe_file(f"{where}/{name}/{uuid.uuid4().hex}", b"")


def wait_for(path: str) -> Any:
    """Wait until there is an object, also where the cluster's own services go and come back."""
    store = None
    while True:
        try:
            store = store or fsspec.filesystem("s3", skip_instance_cache=True)
            store.invalidate_cache()
            if store.exists(path):
                return store
        except Exception:
            logging.getLogger("gated").warning("The store is away.", exc_info=True)
            store = None
        time.sleep(0.5)


@solid(config_schema=WHERE)
def begin(context) -> int:
    """Is committed before anything breaks."""
    mark(context.solid_config["where"], "begin")
    return 20


@solid(config_schema=WHERE)
def wait(context, number: int) -> int:
    """Wait until the gate is open."""
    where = context.solid_config["where"]
    mark(where, "wait")
    wait_for(f"{where}/open")
    return number + 1


@solid(config_schema=WHERE)
def end(context, number: int) -> int:
    """Come last."""
    mark(context.solid_config["where"], "end")
    return 2 * number


@pipeline
def gated():
    """One after the other."""
    end(wait(begin()))


def die_when_told(path: str) -> None:
    """End the process as a kill does, without any clearing up, once there is an object."""
    wait_for(path).rm(path)
    os._exit(137)


# Only the pods of drivers have it.
if "DIE_WHEN" in os.environ:
    threading.Thread(target=die_when_told, args=[os.environ["DIE_WHEN"]], daemon=True).start()
