"""IO managers that keep each output as a file which a reader can name."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from dagsterlite.definitions.io_context import InputContext, OutputContext
from dagsterlite.definitions.io_manager import IOManager
from dagsterlite.errors import (
    DagsterCorruptObjectError,
    DagsterInvariantViolationError,
    DagsterUnpicklableOutputError,
)
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite_fsspec.bases import address_below, open_files
from dagsterlite_fsspec.codecs import DEFAULT_CODEC, loaded
from dagsterlite_fsspec.paths import segment


class FilesystemIOManager(IOManager):
    """Keeps the pickle of an output at ``<base>/<run id>/<step key>/<output>``.

    A dynamic output has its mapping key as a last name. The file of a step that runs again is
    replaced as a whole.

    Args:
        base: A folder, or any fsspec URL.

    Raises:
        CheckError: the base holds a password, or chains file systems.
        DagsterStorageError: no file system of the base's protocol is known.
    """

    def __init__(self, base: str) -> None:
        self._files = open_files(base, {})

    def path_of(self, context: OutputContext) -> str:
        """Return where an output lies, relative to the base."""
        return "/".join(map(segment, context.get_identifier()))

    def handle_output(self, context: OutputContext, obj: Any) -> EventMetadataEntry:
        """Write an output.

        Raises:
            DagsterUnpicklableOutputError: it cannot be pickled.
            DagsterStorageError: the file system refuses it.
        """
        address = address_below(self._files.base, self.path_of(context))
        try:
            parts = DEFAULT_CODEC.encode(obj)
        except Exception as exc:
            reason = f"{type(exc).__name__}: {exc}"
            raise DagsterUnpicklableOutputError(
                context.step_key, context.name, obj, reason
            ) from exc
        self._files.replace(address, parts)
        return EventMetadataEntry.fspath(address)

    def load_input(self, context: InputContext) -> Any:
        """Read an output.

        Raises:
            DagsterInvariantViolationError: the input is not connected to one.
            DagsterCorruptObjectError: its file is missing.
            DagsterStorageError: it cannot be read, or needs code that is not here.
        """
        upstream = context.upstream_output
        if upstream is None:
            message = (
                "A file system's IO manager loads outputs, and the input has none: connect it, or "
                "load it by a root_input_manager."
            )
            raise DagsterInvariantViolationError(message)
        address = address_below(self._files.base, self.path_of(upstream))
        try:
            stream = self._files.open(address)
        except FileNotFoundError as exc:
            raise DagsterCorruptObjectError(address, "it is missing") from exc
        with closing(stream):
            return loaded(DEFAULT_CODEC, lambda: DEFAULT_CODEC.decode(stream), address)


class CustomPathIOManager(FilesystemIOManager):
    """Keeps the pickle of an output at ``<base>/<path>``; its definition's metadata has ``path``.

    The next run writes to the same place.
    """

    def path_of(self, context: OutputContext) -> str:
        """Return where an output lies, relative to the base.

        Raises:
            DagsterInvariantViolationError: its definition does not say so.
        """
        path = context.metadata.get("path")
        if not isinstance(path, str) or not path:
            message = (
                f"Output '{context.name}' of step '{context.step_key}' is kept by "
                "custom_path_fs_io_manager, which needs a path for it: "
                "OutputDefinition(metadata={'path': 'folder/name'})."
            )
            raise DagsterInvariantViolationError(message)
        return path.lstrip("/")
