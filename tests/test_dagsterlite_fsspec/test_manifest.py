from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagsterlite.errors import DagsterCorruptObjectError
from dagsterlite.events.receipt import StoredOutput
from dagsterlite.stores import StepManifest
from dagsterlite_fsspec.intermediates import FsspecIntermediateStorage
from dagsterlite_fsspec.manifest import decode_manifest, encode_manifest
from tests.contracts.intermediate_storage import RUN_ID, STEP, manifest_of

OUTPUT = StoredOutput(
    output_name="result", address="/runs/x", codec="pickle", size=3, checksum="sha256:00"
)
MANIFEST = manifest_of(STEP, "attempt1", [OUTPUT])
DATA = encode_manifest(MANIFEST)


def decode(data: bytes, run_id: str = RUN_ID, step_key: str = STEP) -> StepManifest:
    return decode_manifest(data, "/runs/manifest.json", run_id=run_id, step_key=step_key)


def test_a_manifest_reads_back_and_is_json() -> None:
    assert decode(DATA) == MANIFEST
    assert json.loads(DATA)["format"] == 1


@given(st.integers(0, len(DATA) - 1))
def test_a_manifest_cut_short_anywhere_is_damaged(length: int) -> None:
    with pytest.raises(DagsterCorruptObjectError, match=r"/runs/manifest\.json"):
        decode(DATA[:length])


@given(st.integers(0, len(DATA) * 8 - 1))
def test_a_manifest_with_any_flipped_bit_is_damaged(bit: int) -> None:
    data = bytearray(DATA)
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(DagsterCorruptObjectError):
        decode(bytes(data))


@pytest.mark.parametrize("data", [b"", b"{}", b"null", b"\xff\xfe", b"[1]", DATA + b"\n"])
def test_what_is_no_manifest_is_damaged(data: bytes) -> None:
    with pytest.raises(DagsterCorruptObjectError):
        decode(data)


def test_a_newer_format_is_said_to_be_newer() -> None:
    data = DATA.replace(b'"format":1', b'"format":2', 1)
    with pytest.raises(DagsterCorruptObjectError, match=r"format 2.*newer version"):
        decode(data)


def test_another_steps_or_runs_manifest_is_not_taken() -> None:
    with pytest.raises(DagsterCorruptObjectError, match=STEP):
        decode(DATA, step_key="Load.compute")
    with pytest.raises(DagsterCorruptObjectError, match=RUN_ID):
        decode(DATA, run_id="other")


def test_a_damaged_manifest_is_reported_by_its_address_and_left(tmp_path: Path) -> None:
    storage = FsspecIntermediateStorage(str(tmp_path), RUN_ID)
    storage.commit(MANIFEST)
    path = tmp_path / RUN_ID / "intermediates" / STEP / "manifest.json"
    damaged = path.read_bytes()[:-10]
    path.write_bytes(damaged)
    for _ in range(2):
        with pytest.raises(DagsterCorruptObjectError) as caught:
            storage.read_manifest(STEP)
        assert caught.value.address == str(path)
    with pytest.raises(DagsterCorruptObjectError):
        storage.commit(manifest_of(STEP, "attempt2"))
    assert path.read_bytes() == damaged
