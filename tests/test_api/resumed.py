"""A pipeline whose driver is taken away in its second step."""

from __future__ import annotations

import os
import sys
import time

from dagsterlite import DagsterInstance, pipeline, solid
from dagsterlite.api.resuming import drive_resumable
from dagsterlite.events.event_type import DagsterEventType


def _note(folder, name):
    with open(os.path.join(folder, "log"), "a", encoding="utf-8") as file:
        file.write(f"{name}\n")


@solid(config_schema={"folder": str})
def first(context):
    _note(context.solid_config["folder"], "first")
    return 1


@solid(config_schema={"folder": str})
def second(context, number):
    folder = context.solid_config["folder"]
    _note(folder, "second")
    with open(os.path.join(folder, "second.begun"), "w", encoding="utf-8"):
        pass
    while not os.path.exists(os.path.join(folder, "go")):
        time.sleep(0.01)
    return number + 1


@pipeline
def in_two_steps():
    second(first())


def _die_before_the_end(instance):
    set_status = instance.set_status_after

    def refuse(entry):
        if entry.dagster_event.event_type is DagsterEventType.PIPELINE_SUCCESS:
            os._exit(9)
        return set_status(entry)

    instance.set_status_after = refuse


if __name__ == "__main__":
    with DagsterInstance.get() as own:
        _die_before_the_end(own)
        drive_resumable(sys.argv[1], own)
