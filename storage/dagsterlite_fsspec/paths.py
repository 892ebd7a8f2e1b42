"""Where things lie below a storage's base: names turned into path segments, and back.

Step keys hold brackets and dots, mapping keys and run ids whatever their maker liked. A segment
holds none of ``/ * ? [ ]`` nor a leading dot, so no name climbs out of its folder, matches as a
pattern, hides, or meets another name's files.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from urllib.parse import quote, unquote

MANIFEST_NAME = "manifest.json"
INTERMEDIATES = "intermediates"

# File systems allow 255 bytes a name, and a temporary name adds some to it.
_LONGEST = 200
# Every other percent sign is followed by two hex digits, so these two are never a name's own. Both
# sides of a cut are marked: a piece is then neither `..` nor the whole of a shorter name.
_EMPTY = "%"
_CUT = "%+/%+"


@lru_cache(maxsize=4096)
def segment(name: str) -> str:
    """Return ``name`` as one path segment, or as several where it is too long for one.

    Different names give different segments, and no segment is a folder on the way to another.
    """
    encoded = quote(name, safe="", errors="surrogatepass") or _EMPTY
    if encoded.startswith(".") or encoded == MANIFEST_NAME:
        encoded = encoded.replace(".", "%2E", 1)
    pieces = [encoded[at : at + _LONGEST] for at in range(0, len(encoded), _LONGEST)]
    return _CUT.join(pieces)


def name_of(path_segment: str) -> str:
    """Return the name that :func:`segment` was given."""
    encoded = path_segment.replace(_CUT, "")
    return "" if encoded == _EMPTY else unquote(encoded, errors="surrogatepass")


def run_folder(run_id: str) -> str:
    """Return the folder of a run's intermediates, relative to the base."""
    return f"{segment(run_id)}/{INTERMEDIATES}"


def step_folder(run_id: str, step_key: str) -> str:
    """Return the folder of one step, relative to the base."""
    return f"{run_folder(run_id)}/{segment(step_key)}"


def output_path(run_id: str, step_key: str, attempt_id: str, output_name: str) -> str:
    """Return where one output of one attempt lies, relative to the base."""
    folder = step_folder(run_id, step_key)
    return f"{folder}/{segment(attempt_id)}/{segment(output_name)}"


def manifest_path(run_id: str, step_key: str) -> str:
    """Return where the manifest of a step lies, relative to the base."""
    return f"{step_folder(run_id, step_key)}/{MANIFEST_NAME}"


def lies_in(path: str, places: Collection[str]) -> bool:
    """Return whether a path is one of the places, or lies in a folder that is."""
    while path:
        if path in places:
            return True
        path = path.rpartition("/")[0]
    return False


def joined_names(path: str) -> list[str]:
    """Return the names whose segments make up a path."""
    return [name_of(one) for one in path.replace(_CUT, "").split("/")]
