"""Attempts of steps that run in processes of their own, to be raced, cut off and starved.

Run as ``python attempts.py WHAT BASE ATTEMPT_ID [...]``; each public function below is a WHAT. They
speak to the test by lines: what they say it waits for, what it says they wait for.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from io import BufferedIOBase
from pathlib import Path
from typing import Any

from dagsterlite.events.receipt import Receipt, StepOutcome, StoredOutput
from dagsterlite.stores import StepManifest
from dagsterlite_fsspec.codecs import Part, register_codec
from dagsterlite_fsspec.intermediates import FsspecIntermediateStorage

RUN_ID = "run"


def start_attempt(
    what: str, base: Path | str, attempt_id: str, *more: str
) -> subprocess.Popen[str]:
    """Start a process that carries out ``what``."""
    return subprocess.Popen(
        [sys.executable, __file__, what, str(base), attempt_id, *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def manifest_of(step_key: str, attempt_id: str, output: StoredOutput) -> StepManifest:
    receipt = Receipt(
        run_id=RUN_ID,
        step_key=step_key,
        attempt_id=attempt_id,
        outcome=StepOutcome.SUCCESS,
        outputs=(output,),
    )
    return StepManifest(receipt)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _refuse_links() -> None:
    def refuse(source: str, target: str) -> None:
        raise PermissionError(1, "Operation not permitted", source, None, target)

    os.link = refuse  # type: ignore[assignment]


def race(storage: FsspecIntermediateStorage, attempt_id: str, links: str, count: str) -> None:
    """Commit steps 0, 1, …, each when told to, and say whose manifest stands."""
    if links == "no-links":
        _refuse_links()
    _say("ready")
    for number in range(int(count)):
        key = f"step_{number}.compute"
        output = storage.write_output(key, attempt_id, "result", attempt_id)
        sys.stdin.readline()
        standing = storage.commit(manifest_of(key, attempt_id, output))
        if standing.receipt.attempt_id != attempt_id:
            storage.discard(key, [output])
        _say(standing.receipt.attempt_id)


class _Endless:
    """A codec whose writing never goes beyond the first part."""

    name = "test.endless"

    def encode(self, value: Any) -> Sequence[Part]:
        return _EndlessParts()

    def decode(self, stream: BufferedIOBase) -> Any:
        return stream.read()


class _EndlessParts(Sequence[Part]):
    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: Any) -> Any:
        raise IndexError(index)

    def __iter__(self) -> Iterator[Part]:
        yield b"half of it"
        _say("in the middle")
        sys.stdin.readline()


def stay_in_write(storage: FsspecIntermediateStorage, attempt_id: str) -> None:
    """Stop in the middle of writing a value."""
    register_codec(_Endless())
    storage.write_output("load.compute", attempt_id, "result", None, codec="test.endless")


def stay_in_commit(storage: FsspecIntermediateStorage, attempt_id: str, before: str) -> None:
    """Stop in the middle of a commit: before the link, or the rename of the folder."""
    if before == "rename":
        _refuse_links()
        original = os.rename

        def rename(source: str, target: str) -> None:
            if os.path.isdir(source):
                _say("in the middle")
                sys.stdin.readline()
            original(source, target)

        os.rename = rename  # type: ignore[assignment]
    else:

        def link(source: str, target: str) -> None:
            _say("in the middle")
            sys.stdin.readline()

        os.link = link  # type: ignore[assignment]
    output = storage.write_output("load.compute", attempt_id, "result", "of the dead")
    storage.commit(manifest_of("load.compute", attempt_id, output))


def fill_disk(storage: FsspecIntermediateStorage, attempt_id: str, megabytes: str) -> None:
    """Write a value, and commit it, where files may not be larger than that."""
    limit = int(float(megabytes) * (1 << 20))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    _attempt_and_say_what_failed(storage, attempt_id, bytes(2 << 20))


def lack_rights(storage: FsspecIntermediateStorage, attempt_id: str) -> None:
    """Write a value as a user who may not write there."""
    if os.geteuid() == 0:
        os.setuid(65534)
    _attempt_and_say_what_failed(storage, attempt_id, b"")


def _attempt_and_say_what_failed(
    storage: FsspecIntermediateStorage, attempt_id: str, value: bytes
) -> None:
    doing = "write"
    try:
        output = storage.write_output("load.compute", attempt_id, "result", value)
        doing = "commit"
        storage.commit(manifest_of("load.compute", attempt_id, output))
    except Exception as exc:  # noqa: BLE001 - the test looks at it
        _say(f"{doing}: {type(exc).__name__}: {exc}")
    else:
        _say("done")


if __name__ == "__main__":
    what, base, attempt_id, *more = sys.argv[1:]
    globals()[what](FsspecIntermediateStorage(base, RUN_ID), attempt_id, *more)
