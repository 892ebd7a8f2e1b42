"""The checksum of what is written, made meanwhile where it is big."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from threading import Thread
from typing import Final

from dagsterlite_fsspec.codecs import Part

BIG: Final = 1 << 22
"""From how many bytes on a thread of its own pays."""


@contextmanager
def hashed(parts: Sequence[Part]) -> Iterator[Callable[[], str]]:
    """Make the checksum of ``parts`` while the block writes them; yield what returns it after.

    Hashing and writing both leave the interpreter to others, so big values take the longer of both
    times, not their sum.
    """
    digest = sha256()

    def update() -> None:
        for part in parts:
            digest.update(part)

    if size_of(parts) < BIG:
        update()
        yield digest.hexdigest
        return
    thread = Thread(target=update, name="dagsterlite-checksum", daemon=True)
    thread.start()
    try:
        yield digest.hexdigest
    finally:
        thread.join()


def size_of(parts: Sequence[Part]) -> int:
    """Return how many bytes they are."""
    return sum(memoryview(part).nbytes for part in parts)
