"""The options of the file system on which a run keeps its outputs, read from its own config.

The config stands in the run's record as it was given: what it takes from the environment is read
anew by each process that shows or removes the outputs, and is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dagsterlite.config import STORAGE_OPTIONS, resolve_config
from dagsterlite.config.path import path_below
from dagsterlite.errors import DagsterOutputsUnreachableError

_SECTIONS = ("intermediate_storage", "storage")
_CONFIG = "config"
_OPTIONS = "storage_options"
_HERE = ("file://", "local://")


@dataclass(frozen=True)
class StorageSection:
    """The storage that a run's own config selects, without a look at its pipeline."""

    #: Its name among those that the run's mode offers; None where the config selects none.
    name: str | None
    #: Where its config stands in the run config: ``intermediate_storage.s3.config``.
    place: str
    config: Mapping[str, Any]


def storage_section(run_config: Mapping[str, Any]) -> StorageSection:
    """Return the storage that a run config selects."""
    for section in _SECTIONS:
        selected = run_config.get(section)
        if not isinstance(selected, Mapping) or len(selected) != 1:
            continue
        ((name, config),) = selected.items()
        place = path_below(section, (name,))
        if isinstance(config, Mapping) and isinstance(config.get(_CONFIG), Mapping):
            place, config = path_below(place, (_CONFIG,)), config[_CONFIG]
        return StorageSection(name, place, config if isinstance(config, Mapping) else {})
    return StorageSection(None, "", {})


def storage_options(run_id: str, run_config: Mapping[str, Any], address: str) -> Mapping[str, Any]:
    """Return the options with which what a run stored is opened here, secrets among them.

    Files of this machine need none.

    Args:
        run_id: The run.
        run_config: Its config as given.
        address: Where it lies.

    Raises:
        DagsterOutputsUnreachableError: the run's config names variables of the environment that are
            not set here.
    """
    storage = storage_section(run_config)
    given = storage.config.get(_OPTIONS)
    if given is None or "://" not in address or address.startswith(_HERE):
        return {}
    evaluation = resolve_config(STORAGE_OPTIONS.config_type, given)
    if evaluation.success:
        options: Mapping[str, Any] = evaluation.value
        return options
    place = path_below(storage.place, (_OPTIONS,))
    reasons = [f"{path_below(place, error.path)}: {error.message}" for error in evaluation.errors]
    raise DagsterOutputsUnreachableError(run_id, storage.name, " ".join(reasons))
