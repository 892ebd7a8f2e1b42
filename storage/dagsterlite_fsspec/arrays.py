"""Arrays of numpy in intermediate storage: as ``.npy`` files where these keep them exactly."""

from __future__ import annotations

import io
from collections.abc import Sequence
from io import BufferedIOBase
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy

from dagsterlite_fsspec.codecs import Codec, Part


class ArrayCodec(Codec):
    """Keeps an array as an ``.npy`` file, which other programs read too; its data is not copied."""

    @property
    def name(self) -> str:
        return "npy"

    def encode(self, value: Any) -> Sequence[Part]:
        """Return header and data of an array; :func:`is_exact` says whether it comes back so."""
        if not (value.flags.c_contiguous or value.flags.f_contiguous):
            value = np.ascontiguousarray(value)
        header = io.BytesIO()
        facts = npy.header_data_from_array_1_0(value)
        # The second form holds headers of any length; the first is read by more.
        try:
            npy.write_array_header_1_0(header, facts)
        except ValueError:
            header = io.BytesIO()
            npy.write_array_header_2_0(header, facts)
        return [header.getvalue(), _data(value)]

    def decode(self, stream: BufferedIOBase) -> np.ndarray[Any, Any]:
        array: np.ndarray[Any, Any] = npy.read_array(stream, allow_pickle=False)
        return array


def _data(array: np.ndarray[Any, Any]) -> Part:
    if array.nbytes == 0:
        return b""
    # In Fortran's order, the data of an array is that of its transpose in C's.
    flat = (array if array.flags.c_contiguous else array.T).reshape(-1)
    return flat.view(np.uint8).data


ARRAY: Final = ArrayCodec()


def codec_for_array(value: Any) -> ArrayCodec | None:
    """Return the codec of arrays for one that it keeps exactly, else None: it is pickled."""
    return ARRAY if is_exact(value) else None


def is_exact(value: Any) -> bool:
    """Return whether an array comes back from its file as it was.

    What holds Python objects or carries notes on its type does not, nor one that must not be
    written to.
    """
    dtype = value.dtype
    if type(value) is not np.ndarray or not value.flags.writeable:
        return False
    if dtype.hasobject or dtype.metadata or dtype.fields is not None:
        return False
    return bool(npy.descr_to_dtype(npy.dtype_to_descr(dtype)) == dtype)
