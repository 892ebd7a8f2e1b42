"""Which of the user's modules travel with the pipeline, so that workers need not have them."""

from __future__ import annotations

import os
import sys
import sysconfig
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Final

import cloudpickle

from dagsterlite.errors import DagsterInvariantViolationError

AUTO: Final = "auto"
NONE: Final = "none"

_OURS: Final = ("dagsterlite", "dagsterlite_")

_registry_lock = threading.Lock()
"""Cloudpickle knows of modules by value in one table a process, and runs may start at once."""


def modules_to_ship(ship_code: str | Sequence[str] = AUTO) -> list[ModuleType]:
    """Return the modules whose code travels with a pipeline.

    Args:
        ship_code: ``auto`` for what is neither installed, nor Python's own, nor ours; ``none``; or
            the names of modules, each with what lies below it.

    Raises:
        DagsterInvariantViolationError: a module of that name cannot be imported.
    """
    if ship_code == NONE:
        return []
    if ship_code == AUTO:
        installed = _installed_folders()
        return [m for name, m in _imported() if _is_users(name, m, installed)]
    names = [ship_code] if isinstance(ship_code, str) else list(ship_code)
    for name in names:
        _import(name)
    below = tuple(f"{name}." for name in names)
    return [m for name, m in _imported() if name in names or name.startswith(below)]


def _import(name: str) -> None:
    try:
        import_module(name)
    except ImportError as exc:
        raise DagsterInvariantViolationError(
            f"execution.dask.ship_code names the module '{name}', which cannot be imported: {exc}. "
            "Name modules that the pipeline needs, or write auto or none."
        ) from exc


def _imported() -> list[tuple[str, ModuleType]]:
    found = list(sys.modules.items())
    return [(name, m) for name, m in found if name != "__main__" and isinstance(m, ModuleType)]


def _installed_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    folders = {paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {os.path.realpath(folder) for folder in folders}
    return tuple(os.path.join(folder, "") for folder in folders)


def _is_users(name: str, module: ModuleType, installed: tuple[str, ...]) -> bool:
    file = getattr(module, "__file__", None)
    if file is None or name == _OURS[0] or name.startswith((f"{_OURS[0]}.", _OURS[1])):
        return False
    if not file.endswith(".py") or file.startswith(installed):
        return False
    return not os.path.realpath(file).startswith(installed)


@contextmanager
def shipped_by_value(modules: Sequence[ModuleType]) -> Iterator[None]:
    """Have what is pickled in the block carry the code of these modules."""
    with _registry_lock:
        known = cloudpickle.list_registry_pickle_by_value()
        registered = [module for module in modules if module.__name__ not in known]
        for module in registered:
            cloudpickle.register_pickle_by_value(module)
        try:
            yield
        finally:
            for module in registered:
                cloudpickle.unregister_pickle_by_value(module)
