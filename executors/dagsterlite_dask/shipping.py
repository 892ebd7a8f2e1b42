"""Which of the user's modules travel with the pipeline, so that workers need not have them."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Final

import cloudpickle

AUTO: Final = "auto"
NONE: Final = "none"

_OURS = ("dagsterlite", "dagsterlite_")


def user_modules(names: Sequence[str] | None = None) -> list[ModuleType]:
    """Return the imported modules that are neither installed, nor Python's own, nor ours.

    Args:
        names: Only modules of these names and below; by default all.
    """
    found = []
    installed = _installed_folders()
    for name, module in list(sys.modules.items()):
        if name == "__main__" or not isinstance(module, ModuleType):
            continue
        if names is not None and not _is_below(name, names):
            continue
        if names is not None or _is_users(name, module, installed):
            found.append(module)
    return found


def _installed_folders() -> tuple[Path, ...]:
    paths = sysconfig.get_paths()
    keys = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple({Path(paths[key]).resolve() for key in keys})


def _is_below(name: str, names: Sequence[str]) -> bool:
    return any(name == wanted or name.startswith(f"{wanted}.") for wanted in names)


def _is_users(name: str, module: ModuleType, installed: Sequence[Path]) -> bool:
    file = getattr(module, "__file__", None)
    if file is None or name == _OURS[0] or name.startswith((f"{_OURS[0]}.", _OURS[1])):
        return False
    path = Path(file).resolve()
    return path.suffix == ".py" and not any(path.is_relative_to(folder) for folder in installed)


@contextmanager
def shipped_by_value(modules: Sequence[ModuleType]) -> Iterator[None]:
    """Have what is pickled in the block carry the code of these modules."""
    registered = []
    try:
        for module in modules:
            if module.__name__ not in cloudpickle.list_registry_pickle_by_value():
                cloudpickle.register_pickle_by_value(module)
                registered.append(module)
        yield
    finally:
        for module in registered:
            cloudpickle.unregister_pickle_by_value(module)
