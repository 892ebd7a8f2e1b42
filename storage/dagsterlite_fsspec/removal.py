"""Removing what a deleted run stored, except what other runs refer to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dagsterlite_fsspec.bases import address_below, open_files
from dagsterlite_fsspec.files import Files
from dagsterlite_fsspec.folders import folder_of
from dagsterlite_fsspec.paths import run_folder


class RunFiles:
    """The intermediates of a run that is to be deleted.

    Args:
        run_id: The run.
        base: The folder or URL below which runs keep their files that name no other.
        own: The addresses of the objects that the run stored.
        options_for: Gives the options of the file system for what lies at an address or below it.

    Raises:
        DagsterStorageError: no file system of an address is known here.
        Exception: what ``options_for`` raises.
    """

    def __init__(
        self,
        run_id: str,
        base: str,
        own: Iterable[str],
        options_for: Callable[[str], Mapping[str, Any]],
    ) -> None:
        self._folder = run_folder(run_id)
        self._own = frozenset(own)
        self._options_for = options_for
        bases = {_base_of(address, self._folder) or base for address in self._own}
        self._places = [self._open(place) for place in sorted({base, *bases})]

    def _open(self, base: str) -> Files:
        return open_files(base, self._options_for(base))

    def check(self) -> None:
        """Look whether they can be reached, and remove nothing.

        Raises:
            DagsterStorageError: a file system refuses it.
        """
        for files in self._places:
            files.sizes(address_below(files.base, self._folder))

    def remove(self, free: Iterable[str]) -> None:
        """Remove them, and objects of runs deleted before that nobody needs; again after an error.

        Args:
            free: Which of the run's objects, and of those of runs deleted before, no run refers to.

        Raises:
            DagsterStorageError: a file system refuses it.
            Exception: what ``options_for`` raises; nothing was removed.
        """
        free = set(free)
        others = [(self._open(one.rpartition("/")[0]), one) for one in sorted(free - self._own)]
        needed = self._own - free
        needed |= {folder_of(address) for address in needed}
        for files in self._places:
            files.clear(self._folder, needed)
        for files, address in others:
            files.remove(address)
            files.remove_folder(folder_of(address))


def _base_of(address: str, folder: str) -> str | None:
    """Return the base that an object lies below; None for one of another make of storage."""
    before, found, _ = address.rpartition(f"/{folder}/")
    return before if found else None
