"""Removing what a deleted run stored, except what other runs refer to."""

from __future__ import annotations

from collections.abc import Iterable

from dagsterlite_fsspec.bases import open_files
from dagsterlite_fsspec.folders import folder_of
from dagsterlite_fsspec.paths import run_folder


def remove_run(run_id: str, base: str, own: Iterable[str], free: Iterable[str]) -> None:
    """Remove the intermediates of a run, and objects of runs deleted before that nobody needs.

    Args:
        run_id: The run.
        base: The folder or URL below which runs keep their files that name no other.
        own: The addresses of the objects that the run stored.
        free: Those of them, and of objects of runs deleted before, that no run refers to.

    Raises:
        DagsterStorageError: the file system refuses it.
    """
    own, free = set(own), set(free)
    folder = run_folder(run_id)
    bases = {before for address in own if (before := _base_of(address, folder)) is not None}
    needed = own - free
    needed |= {folder_of(address) for address in needed}
    for place in sorted({base, *bases}):
        open_files(place, {}).clear(folder, needed)
    for address in sorted(free - own):
        files = open_files(address.rpartition("/")[0], {})
        files.remove(address)
        files.remove_folder(folder_of(address))


def _base_of(address: str, folder: str) -> str | None:
    """Return the base that an object lies below; None for one of another make of storage."""
    before, found, _ = address.rpartition(f"/{folder}/")
    return before if found else None
