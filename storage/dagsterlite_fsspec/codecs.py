"""How values become bytes: a codec a name, and the names are stored with the values."""

from __future__ import annotations

import os
import pickle
import struct
from collections.abc import Callable, Mapping, Sequence
from io import BufferedIOBase
from typing import Any, Protocol, runtime_checkable

import cloudpickle

from dagsterlite import plugins
from dagsterlite.errors import DagsterStorageError, DagsterUnknownCodecError, MissingExtraError

Part = bytes | memoryview


class Codec(Protocol):
    """Turns values into bytes and back; its name stands in every manifest that it wrote for.

    A third party names its codecs ``<package>.<name>``, so that whoever lacks one is told which
    package to install.
    """

    @property
    def name(self) -> str:
        """The stable name, by which a value is read again."""

    def encode(self, value: Any) -> Sequence[Part]:
        """Return the parts that make up the stored bytes in their order, uncopied if possible.

        May raise anything: the value then cannot be written.
        """

    def decode(self, stream: BufferedIOBase) -> Any:
        """Return the value out of a seekable stream that holds exactly what was stored."""


@runtime_checkable
class FolderCodec(Protocol):
    """Keeps values as folders of files, so that they can be read in parts.

    Named as a :class:`Codec` is.
    """

    @property
    def name(self) -> str:
        """The stable name, by which a value is read again."""

    def write_folder(self, value: Any, folder: str, storage_options: Mapping[str, Any]) -> None:
        """Write the value into a folder (a path or an fsspec URL) that holds nothing.

        May raise anything: what was written until then is removed.
        """

    def read_folder(self, folder: str, storage_options: Mapping[str, Any]) -> Any:
        """Return the value of a folder whose files are all there."""


AnyCodec = Codec | FolderCodec


class PickleCodec(Codec):
    """Pickles by protocol 5, and by cloudpickle what pickle refuses or only this process knows.

    Large buffers (arrays, frames) are not copied into the pickle: they follow it as they lie in
    memory, and are read back each into memory of its own, so that arrays are writable again::

        pickle | buffer 0 | buffer 1 | … | the size of each of these | their number | mark

    A value without large buffers is a plain pickle; :func:`pickle.load` reads its file.
    """

    # Smaller buffers cost more to keep apart than to copy.
    _LARGE = 1 << 16
    # A pickle ends with a full stop, so none ends with the mark.
    _MARK = b"\x93DLB1"
    _TAIL = struct.Struct(f"<Q{len(_MARK)}s")

    @property
    def name(self) -> str:
        return "pickle"

    def encode(self, value: Any) -> Sequence[Part]:
        pickled, buffers = self._dump(value)
        if not buffers:
            return [pickled]
        sizes = [len(pickled), *(buffer.nbytes for buffer in buffers)]
        tail = struct.pack(f"<{len(sizes)}Q", *sizes) + self._TAIL.pack(len(sizes), self._MARK)
        return [pickled, *buffers, tail]

    def _dump(self, value: Any) -> tuple[bytes, list[memoryview]]:
        try:
            pickled, buffers = self._dump_by(pickle.dumps, value)
        except Exception:  # noqa: BLE001 - a value's own code decides what pickling it raises
            return self._dump_by(cloudpickle.dumps, value)
        # To the process that reads it, the main module is another one.
        if b"__main__" in pickled:
            return self._dump_by(cloudpickle.dumps, value)
        return pickled, buffers

    def _dump_by(self, dumps: Callable[..., bytes], value: Any) -> tuple[bytes, list[memoryview]]:
        buffers: list[memoryview] = []

        def keep_inside(buffer: pickle.PickleBuffer) -> bool:
            try:
                raw = buffer.raw()
            except BufferError:  # it does not lie in one piece
                return True
            if raw.nbytes < self._LARGE:
                return True
            buffers.append(raw)
            return False

        return dumps(value, protocol=5, buffer_callback=keep_inside), buffers

    def decode(self, stream: BufferedIOBase) -> Any:
        sizes = self._read_sizes(stream)
        stream.seek(0)
        if not sizes:
            return pickle.load(stream)
        pickled, *buffers = [_read_exactly(stream, size) for size in sizes]
        return pickle.loads(pickled, buffers=buffers)

    def _read_sizes(self, stream: BufferedIOBase) -> tuple[int, ...]:
        end = stream.seek(0, os.SEEK_END)
        if end < self._TAIL.size:
            return ()
        stream.seek(end - self._TAIL.size)
        count, mark = self._TAIL.unpack(stream.read(self._TAIL.size))
        if mark != self._MARK:
            return ()
        packed = struct.Struct(f"<{count}Q")
        stream.seek(end - self._TAIL.size - packed.size)
        return packed.unpack(stream.read(packed.size))


def _read_exactly(stream: BufferedIOBase, size: int) -> bytearray:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        read = stream.readinto(view)
        if not read:
            raise EOFError(f"{size} bytes were announced and {size - len(view)} are there")
        view = view[read:]
    return data


DEFAULT_CODEC: Codec = PickleCodec()

_codecs: dict[str, AnyCodec] = {DEFAULT_CODEC.name: DEFAULT_CODEC}


def register_codec(codec: AnyCodec) -> None:
    """Make a codec known by its name, in place of one of the same name."""
    _codecs[codec.name] = codec


def find_codec(name: str, address: str) -> AnyCodec:
    """Return the codec of that name, for the object at ``address``.

    It is registered in this process, or comes in as the plugin ``codec.<name>``.

    Raises:
        DagsterUnknownCodecError: there is none.
        MissingExtraError: the plugin needs a package that is not installed.
    """
    codec = _codecs.get(name)
    if codec is not None:
        return codec
    plugin = f"codec.{name}"
    if not plugins.is_known(plugin):
        raise DagsterUnknownCodecError(name, address, _codecs)
    brought: AnyCodec = plugins.load(plugin)
    register_codec(brought)
    return brought


def codec_for(value: Any) -> AnyCodec:
    """Return the codec that a plugin chooses for a value of its class, else the default.

    The plugin ``codec_of.<package>.<class>`` is a function from a value of exactly that class to
    its codec, or to None where pickling suits that value better.
    """
    cls = type(value)
    plugin = f"codec_of.{cls.__module__.partition('.')[0]}.{cls.__qualname__}"
    if not plugins.is_known(plugin):
        return DEFAULT_CODEC
    try:
        chosen: AnyCodec | None = plugins.load(plugin)(value)
    except MissingExtraError:
        return DEFAULT_CODEC
    return chosen or DEFAULT_CODEC


def loaded(codec: AnyCodec, load: Callable[[], Any], address: str) -> Any:
    """Return what loading the value at ``address`` gives.

    Raises:
        DagsterStorageError: it needs code that this process cannot import.
    """
    try:
        return load()
    except DagsterStorageError:
        raise
    except Exception as exc:
        raise DagsterStorageError(
            f"The object at {address} is whole, but codec '{codec.name}' cannot load it here: "
            f"{type(exc).__name__}: {exc}. Give this process the modules, in the versions, that "
            "the step which wrote it had."
        ) from exc
