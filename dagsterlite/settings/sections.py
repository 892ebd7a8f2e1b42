"""The form of ``dagster.yaml``: its sections and what each takes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from dagsterlite.config import (
    Field,
    Permissive,
    Selector,
    Shape,
    String,
    StringSource,
    resolve_config,
)
from dagsterlite.config.path import path_text

FILE_NAME = "dagster.yaml"

STORAGE = "storage"
RUN_STORAGE = "run_storage"
EVENT_LOG_STORAGE = "event_log_storage"
LOCAL_ARTIFACT_STORAGE = "local_artifact_storage"
SCHEDULE_STORAGE = "schedule_storage"
SCHEDULER = "scheduler"
COMPUTE_LOGS = "compute_logs"
RUN_COORDINATOR = "run_coordinator"
RUN_LAUNCHER = "run_launcher"

SQLITE = "sqlite"
POSTGRES = "postgres"
MYSQL = "mysql"
CUSTOM = "custom"

_CLASS = Shape(
    {
        "module": Field(String, description="The module of the class."),
        "class": Field(String, description="A subclass of ConfigurableClass."),
        "config": Field(Permissive(), is_required=False, description="What the class takes."),
    }
)

CLASS_SECTIONS = (
    RUN_STORAGE,
    EVENT_LOG_STORAGE,
    LOCAL_ARTIFACT_STORAGE,
    SCHEDULE_STORAGE,
    SCHEDULER,
    COMPUTE_LOGS,
    RUN_COORDINATOR,
    RUN_LAUNCHER,
)
"""The sections that name a class by ``{module, class, config}``."""

_STORAGE = Selector(
    {
        SQLITE: {"base_dir": Field(StringSource, is_required=False)},
        # What these two take is said, and checked, by the classes of their stores.
        POSTGRES: Permissive(),
        MYSQL: Permissive(),
        CUSTOM: _CLASS,
    }
)

SCHEMA = Shape(
    {
        STORAGE: Field(_STORAGE, is_required=False),
        **{name: Field(_CLASS, is_required=False) for name in CLASS_SECTIONS},
    }
)


def check_form(
    sections: Mapping[str, Any], wrong: list[str], environ: Mapping[str, str] = os.environ
) -> dict[str, Any]:
    """Return the sections that are given and of the right form; a class's own config is as given.

    What is wrong with the others is added to ``wrong``, each with its path.
    """
    evaluation = resolve_config(SCHEMA, dict(sections), environ, root=FILE_NAME)
    wrong += [f"{place(*error.path)}: {error.message}" for error in evaluation.errors]
    if STORAGE in sections:
        mend = "'storage' says already where that is kept. Remove one of the two."
        stores = (RUN_STORAGE, EVENT_LOG_STORAGE, SCHEDULE_STORAGE)
        both = [name for name in stores if name in sections]
        wrong += [f"{place(name)}: {mend}" for name in both]
    bad = {error.path[0] for error in evaluation.errors if error.path}
    good = [name for name in SCHEMA.fields if name in sections and name not in bad]
    return {
        name: resolve_config(SCHEMA.fields[name].config_type, sections[name], environ).value
        for name in good
    }


def place(*path: str | int) -> str:
    """Return where something stands in the file, for messages: ``dagster.yaml: storage.sqlite``."""
    return f"{FILE_NAME}: {path_text(path)}" if path else FILE_NAME
