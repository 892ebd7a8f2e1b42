"""Which packages the processes of a run must have in the same version, and where they have not."""

from __future__ import annotations

import pickle
import re
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distributions, version
from typing import Final

ENGINE: Final = ("cloudpickle", "dask", "distributed")
"""What the scheduler too must have as the driver has it."""

DISTRIBUTION: Final = "dagsterlite"

Versions = Mapping[str, str | None]
"""A process's versions by package; None for one that it does not have."""

_SHORT_TEXT: Final = pickle.SHORT_BINUNICODE
"""What stands in a pickle before a short text's length and the text, such as a module's name.

To read all of a large pickle's parts with pickletools would take longer than to make it.
"""


def packages_of(payload: bytes) -> tuple[str, ...]:
    """Return the distributions that a payload's pipeline uses and that its workers must bring.

    Args:
        payload: The pickled pipeline; what is installed here stands in it by its module's name.
    """
    known = {name.encode() for name in list(sys.modules)}
    texts = {
        payload[at + 1 : at + 1 + payload[at]]
        for match in re.finditer(re.escape(_SHORT_TEXT), payload)
        if (at := match.end()) < len(payload)
    }
    modules = {text.decode().partition(".")[0] for text in texts & known}
    found = {_distribution(name) for name in modules if _is_installed(name)}
    return tuple(sorted({name for name in found if name} - {*ENGINE, DISTRIBUTION}))


def _is_installed(module: str) -> bool:
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    paths = sysconfig.get_paths()
    return file.startswith((paths["purelib"], paths["platlib"]))


@cache
def _distribution(module: str) -> str | None:
    try:
        version(module)
    except PackageNotFoundError:
        return next((d.name for d in distributions() if _brings(d, module)), None)
    return module


def _brings(distribution: Distribution, module: str) -> bool:
    # The standard library's own way to ask this parses all that is installed, for seconds.
    files = "\n" + (distribution.read_text("RECORD") or "")
    return any(f"\n{file}," in files for file in (f"{module}/__init__.py", f"{module}.py"))


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
