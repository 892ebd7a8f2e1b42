"""Which packages the processes of a run must have in the same version, and where they have not."""

from __future__ import annotations

import pickletools
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import Final

ENGINE: Final = ("cloudpickle", "dask", "distributed")
"""What the scheduler too must have as the driver has it."""

OURS: Final = "dagsterlite"

PYTHON: Final = "python"

Versions = Mapping[str, str | None]
"""A process's versions by package; None for one that it does not have."""

_TEXTS: Final = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"})


def packages_of(payload: bytes) -> tuple[str, ...]:
    """Return the distributions that a payload's pipeline uses and that its workers must bring.

    Args:
        payload: The pickled pipeline; what is installed here stands in it by its module's name.
    """
    texts = {arg for code, arg, _ in pickletools.genops(payload) if code.name in _TEXTS}
    modules = {str(text).partition(".")[0] for text in texts if text in sys.modules}
    found = {_distribution(name) for name in modules if _is_installed(name)}
    return tuple(sorted({name for name in found if name} - {*ENGINE, OURS}))


def _is_installed(module: str) -> bool:
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    paths = sysconfig.get_paths()
    return file.startswith((paths["purelib"], paths["platlib"]))


@cache
def _distribution(module: str) -> str | None:
    try:
        version(module)
    except PackageNotFoundError:
        return next(iter(packages_distributions().get(module, ())), None)
    return module


def differences(ours: Versions, found: Mapping[str, Versions]) -> list[str]:
    """Return a table of the packages that are not the same everywhere, as lines; none if all are.

    Args:
        ours: The driver's versions.
        found: Those of the scheduler and of workers, by what they are called.
    """
    rows = [
        (package, _shown(here), _shown(there), place)
        for place, versions in sorted(found.items())
        for package, there in sorted(versions.items())
        if there != (here := ours.get(package))
    ]
    if not rows:
        return []
    by_version: dict[tuple[str, str, str], list[str]] = {}
    for package, here_text, there_text, place in rows:
        by_version.setdefault((package, here_text, there_text), []).append(place)
    lines = [("package", "driver", "there", "where")]
    lines += [(*key, _places(places)) for key, places in sorted(by_version.items())]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    return [_row(line, widths) for line in lines]


def _row(line: Iterable[str], widths: Iterable[int]) -> str:
    *cells, place = line
    return "  ".join([*(c.ljust(w) for c, w in zip(cells, widths, strict=True)), place])


def _shown(found: str | None) -> str:
    return found or "none"


def _places(places: list[str]) -> str:
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
    return f"{places[0]}{more}"
