"""Pipelines that wait in their midst: executed in pods, so they import nothing of the tests."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from typing import Any

import fsspec

from dagsterlite import InputDefinition, List, pipeline, solid

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


@solid(config_schema={**WHERE, "name": str})
def hold(context, number: int) -> int:
    """Wait until a gate of its own is open."""
    where, name = context.solid_config["where"], context.solid_config["name"]
    mark(where, name)
    wait_for(f"{where}/open-{name}")
    return number


@solid(
    input_defs=[InputDefinition("numbers", List[int])],
    config_schema=WHERE,
    tags={"dagster-dask/resource_requirements": '{"SPECIAL": 1}'},
)
def special(context, numbers) -> int:
    """Tell on which worker it is."""
    mark(context.solid_config["where"], f"special/{socket.gethostname()}")
    return sum(numbers)


@pipeline
def gated():
    """One after the other."""
    end(wait(begin()))


@pipeline
def spread():
    """Some at once."""
    number = begin()
    for name in ("left", "middle", "right"):
        hold.alias(name)(number)


@pipeline
def grouped():
    """Some at once, and then one that asks for a worker of its own kind."""
    number = begin()
    special([hold.alias(name)(number) for name in ("left", "middle", "right")])


def die_when_told(path: str) -> None:
    """End the process as a kill does, without any clearing up, once there is an object."""
    wait_for(path).rm(path)
    os._exit(137)


# Only the pods of drivers have it.
if "DIE_WHEN" in os.environ:
    threading.Thread(target=die_when_told, args=[os.environ["DIE_WHEN"]], daemon=True).start()
