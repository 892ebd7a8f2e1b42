from __future__ import annotations

import posixpath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dagsterlite_fsspec.paths import (
    manifest_path,
    name_of,
    output_path,
    run_folder,
    segment,
    step_folder,
)

# Names made of what file systems, globs and percent-encoding read meanings into, and any others.
names = st.text(st.sampled_from("./%*?[]+2Ea\\~ \0"), max_size=12) | st.text(
    st.characters(), max_size=450
)


@given(names)
@example("")
@example("..")
@example("%2E")
@example("a" * 200 + "..")
@example("\ud800")
def test_every_name_can_be_told_from_its_segment(name: str) -> None:
    assert name_of(segment(name)) == name


@given(names)
@example("a" * 200 + "..")
@example("a" * 200 + "manifest.json")
def test_no_segment_climbs_hides_or_is_a_pattern(name: str) -> None:
    for piece in segment(name).split("/"):
        assert piece.isascii()
        assert 0 < len(piece) <= 210
        assert not piece.startswith(".")
        assert not set(piece) & set("*?[]\\ \0")
    assert posixpath.normpath(f"base/{segment(name)}") == f"base/{segment(name)}"


@given(names, names)
@example("a" * 200, "a" * 201)
@example("a" * 200, "a" * 400)
@example("", "%")
def test_different_names_meet_neither_as_files_nor_as_folders(one: str, other: str) -> None:
    if one != other:
        assert segment(one) != segment(other)
        assert not segment(one).startswith(f"{segment(other)}/")


@given(names, names, names, names)
@example("run", "step", "manifest.json", "result")
def test_values_never_lie_where_a_manifest_does(
    run_id: str, step_key: str, attempt_id: str, output_name: str
) -> None:
    value = output_path(run_id, step_key, attempt_id, output_name)
    assert value.startswith(f"{step_folder(run_id, step_key)}/")
    assert step_folder(run_id, step_key).startswith(f"{run_folder(run_id)}/")
    assert not value.startswith(manifest_path(run_id, step_key))


@pytest.mark.parametrize("name", ["load.compute", "outer.inner.compute", "3f1c-22", "result"])
def test_usual_names_stay_readable(name: str) -> None:
    assert segment(name) == name


def test_mapped_steps_are_encoded() -> None:
    assert segment("a.compute[x]") == "a.compute%5Bx%5D"
