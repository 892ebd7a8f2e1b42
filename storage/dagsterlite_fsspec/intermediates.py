"""The values of one run as files: data under each attempt's own path, then a step's manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from hashlib import file_digest
from io import SEEK_END, BufferedIOBase
from shutil import copyfileobj
from typing import Any

from dagsterlite.errors import (
    DagsterCorruptObjectError,
    DagsterStorageError,
    DagsterUnpicklableOutputError,
)
from dagsterlite.events.receipt import StoredOutput
from dagsterlite.stores import IntermediateStorage, StagedOutput, StepManifest
from dagsterlite.types.serialization import SerializationStrategy
from dagsterlite_fsspec.bases import Durability, address_below, open_files
from dagsterlite_fsspec.codecs import AnyCodec, FolderCodec, Part, codec_for, find_codec, loaded
from dagsterlite_fsspec.copies import copied
from dagsterlite_fsspec.folders import copy_folder, folder_of, read_folder, write_folder
from dagsterlite_fsspec.hashing import hashed, size_of
from dagsterlite_fsspec.manifest import decode_manifest, encode_manifest
from dagsterlite_fsspec.options import public_options, redact
from dagsterlite_fsspec.paths import manifest_path, output_path, run_folder, step_folder
from dagsterlite_fsspec.strategies import StrategyCodec, is_strategy


class FsspecIntermediateStorage(IntermediateStorage):
    """Keeps the outputs of one run's steps on a file system that fsspec knows, or a local one.

    ``base`` is a folder or any fsspec URL; a run's values lie in ``<base>/<run_id>/intermediates``.
    ``storage_options`` are those of the file system. ``durability="fsync"`` lets values on local
    files survive a power failure too, at the price of some milliseconds a step. ``strategies`` are
    the codecs that types of the run's pipeline bring.

    Threads may share a storage, and processes that open the same base. A pickled storage leaves
    the secrets among its options at home: the other process finds them in its own environment.

    Raises:
        CheckError: the base holds a password, or chains file systems.
        DagsterStorageError: no file system of the base's protocol is known, or its package is
            missing.
    """

    def __init__(
        self,
        base: str,
        run_id: str,
        storage_options: Mapping[str, Any] | None = None,
        durability: Durability = "none",
        strategies: Iterable[SerializationStrategy] = (),
    ) -> None:
        self.run_id = run_id
        self._public_options = public_options(storage_options or {})
        self._durability: Durability = durability
        self._strategies = tuple(strategies)
        self._own_codecs = {one.codec_name: StrategyCodec(one) for one in self._strategies}
        self._files = open_files(base, storage_options or {}, durability)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        arguments = (
            self._files.base,
            self.run_id,
            self._public_options,
            self._durability,
            self._strategies,
        )
        return type(self), arguments

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._files.base!r}, run_id={self.run_id!r})"

    @property
    def is_persistent(self) -> bool:
        return True

    @property
    def address(self) -> str | None:
        return self._address_of(run_folder(self.run_id))

    @property
    def has_one_winner(self) -> bool:
        return self._files.has_one_winner

    def _address_of(self, path: str) -> str:
        return address_below(self._files.base, path)

    def write_output(
        self, step_key: str, attempt_id: str, output_name: str, value: Any, codec: str | None = None
    ) -> StoredOutput:
        """Write a value under the attempt's own path.

        Raises:
            DagsterUnpicklableOutputError: the codec cannot write the value.
            DagsterUnknownCodecError: there is no such codec.
            DagsterStorageError: the file system refuses it; no partial file stays.
        """
        address = self._output_address(step_key, attempt_id, output_name)
        chosen = self._find_codec(codec, address) if codec else codec_for(value)
        parts = self._parts(step_key, output_name, value, chosen, address)
        with hashed(parts) as checksum:
            self._files.write(address, parts)
        return _stored(address, output_name, chosen, parts, checksum())

    def stage_output(
        self, step_key: str, attempt_id: str, output_name: str, value: Any, codec: str | None = None
    ) -> StagedOutput:
        """Take a value as bytes, to be written later; one that is kept as a folder is written now.

        Raises:
            DagsterUnpicklableOutputError: the codec cannot write the value.
            DagsterUnknownCodecError: there is no such codec.
            DagsterStorageError: the file system refuses a folder.
        """
        address = self._output_address(step_key, attempt_id, output_name)
        chosen = self._find_codec(codec, address) if codec else codec_for(value)
        if isinstance(chosen, FolderCodec):
            written = self.write_output(step_key, attempt_id, output_name, value, codec)
            return StagedOutput(written)
        given = self._parts(step_key, output_name, value, chosen, address)
        with hashed(given) as checksum:
            # They may be views of what the value itself holds.
            parts = [copied(part) for part in given]
        stored = _stored(address, output_name, chosen, parts, checksum())
        return StagedOutput(stored, lambda: self._files.write(address, parts))

    def _output_address(self, step_key: str, attempt_id: str, output_name: str) -> str:
        return self._address_of(output_path(self.run_id, step_key, attempt_id, output_name))

    def _parts(
        self, step_key: str, output_name: str, value: Any, codec: AnyCodec, address: str
    ) -> Sequence[Part]:
        try:
            return self._encode(codec, value, address)
        except DagsterStorageError:
            raise
        except Exception as exc:
            reason = redact(f"{type(exc).__name__}: {exc}", self._files.options)
            raise DagsterUnpicklableOutputError(
                step_key, output_name, value, reason, codec.name
            ) from exc

    def _find_codec(self, name: str, address: str) -> AnyCodec:
        return self._own_codecs.get(name) or find_codec(name, address)

    def _encode(self, codec: AnyCodec, value: Any, address: str) -> Sequence[Part]:
        if isinstance(codec, FolderCodec):
            return [write_folder(self._files, codec, value, address)]
        return codec.encode(value)

    def read_output(self, step_key: str, output: StoredOutput) -> Any:
        """Return the value that ``output`` tells of, another run's too.

        Raises:
            DagsterCorruptObjectError: it is missing, cut short, or not what was written.
            DagsterUnknownCodecError: no package here knows how it is written.
            DagsterStorageError: it cannot be reached, or is whole but needs code that this
                process cannot import.
        """
        codec = self._find_codec(output.codec, output.address)
        with self._whole(output) as stream:
            return loaded(
                codec, lambda: self._decode(codec, stream, output.address), output.address
            )

    @contextmanager
    def _whole(self, output: StoredOutput) -> Iterator[BufferedIOBase]:
        """Open an object that is found to be what was written."""
        try:
            stream = self._files.open(output.address)
        except FileNotFoundError as exc:
            raise DagsterCorruptObjectError(output.address, "it is missing") from exc
        with closing(stream):
            _check(stream, output)
            yield stream

    def copy_output(self, output: StoredOutput, path: str) -> None:
        """Copy an output as it is stored to a file of this machine, or to a folder if it is one.

        Args:
            output: What tells of it.
            path: The file or folder, which must not be there.

        Raises:
            DagsterCorruptObjectError: it is missing, cut short, or not what was written.
            DagsterUnknownCodecError: no package here knows whether it is a file or a folder.
            DagsterStorageError: it cannot be reached.
            FileExistsError: the path is there already.
            OSError: it cannot be written to.
        """
        with self._whole(output) as stream:
            if self._is_folder(output):
                copy_folder(self._files, stream, output.address, path)
                return
            with open(path, "xb") as copy:
                copyfileobj(stream, copy)

    def _decode(self, codec: AnyCodec, stream: BufferedIOBase, address: str) -> Any:
        if isinstance(codec, FolderCodec):
            return read_folder(self._files, codec, stream, address)
        return codec.decode(stream)

    def _is_folder(self, output: StoredOutput) -> bool:
        """Return whether an output is kept as a folder; what a strategy wrote never is."""
        if is_strategy(output.codec):
            return False
        return isinstance(self._find_codec(output.codec, output.address), FolderCodec)

    def commit(self, manifest: StepManifest) -> StepManifest:
        """Write the step's manifest unless one stands; return the one that stands.

        Committing again after an error, or the same manifest twice, changes nothing.

        Raises:
            DagsterSerdesError: an entry of the manifest is not JSON-able.
            DagsterCorruptObjectError: another manifest stands and cannot be read.
            DagsterStorageError: the file system refuses it.
        """
        step_key = manifest.receipt.step_key
        address = self._address_of(manifest_path(self.run_id, step_key))
        data = encode_manifest(manifest)
        try:
            if self._files.publish(address, data):
                return manifest
        except DagsterStorageError:
            # The store may have taken it and only the answer was lost.
            standing = self.read_manifest(step_key)
            if standing is None:
                raise
            return standing
        standing = self.read_manifest(step_key)
        if standing is None:
            raise DagsterStorageError(
                f"A manifest stood at {address} and was gone a moment later: something removes "
                "this run's files while it runs. Stop that, and execute the run again."
            )
        return standing

    def read_manifest(self, step_key: str) -> StepManifest | None:
        address = self._address_of(manifest_path(self.run_id, step_key))
        try:
            stream = self._files.open(address)
        except FileNotFoundError:
            return None
        with closing(stream):
            data = stream.read()
        return decode_manifest(data, address, run_id=self.run_id, step_key=step_key)

    def discard(self, step_key: str, outputs: Iterable[StoredOutput]) -> None:
        """Remove what an attempt of the step wrote; what lies elsewhere belongs to others."""
        own = self._address_of(step_folder(self.run_id, step_key)) + "/"
        for output in outputs:
            if not output.address.startswith(own):
                continue
            self._files.remove(output.address)
            if self._is_folder(output):
                self._files.remove_folder(folder_of(output.address))


def _stored(
    address: str, output_name: str, codec: AnyCodec, parts: Sequence[Part], checksum: str
) -> StoredOutput:
    return StoredOutput(
        output_name=output_name,
        address=address,
        codec=codec.name,
        size=size_of(parts),
        checksum=f"sha256:{checksum}",
    )


def _check(stream: BufferedIOBase, output: StoredOutput) -> None:
    size = stream.seek(0, SEEK_END)
    if size != output.size:
        reason = f"it holds {size} bytes, and {output.size} were written"
        raise DagsterCorruptObjectError(output.address, reason)
    stream.seek(0)
    checksum = f"sha256:{file_digest(stream, 'sha256').hexdigest()}"
    if checksum != output.checksum:
        reason = f"its checksum is {checksum}, and that of what was written {output.checksum}"
        raise DagsterCorruptObjectError(output.address, reason)
    stream.seek(0)
