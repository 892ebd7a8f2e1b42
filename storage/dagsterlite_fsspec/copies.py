"""Copies of bytes that others may change."""

from __future__ import annotations

import mmap
from typing import Final

from dagsterlite_fsspec.codecs import Part

BIG: Final = 1 << 22
"""From how many bytes on memory of its own pays, in pages as large as the system has."""


def copied(part: Part) -> Part:
    """Return bytes as they are, and a copy of a view.

    Most of what a big copy takes is that its memory is handed out in pages of 4 KiB; in large ones,
    as NumPy asks for too, it is five times as fast.
    """
    size = memoryview(part).nbytes
    if isinstance(part, bytes) or size < BIG or not hasattr(mmap, "MADV_HUGEPAGE"):
        return bytes(part)
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_HUGEPAGE)
    memory[:] = memoryview(part).cast("B")
    return memoryview(memory)
