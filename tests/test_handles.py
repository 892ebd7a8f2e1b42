from __future__ import annotations

import pytest

from dagsterlite.handles import (
    ResolvedFromDynamicStepHandle,
    SolidHandle,
    StepHandle,
    StepOutputHandle,
    UnresolvedStepHandle,
    split_mapped_key,
    unresolved_key,
    with_compute,
)


@pytest.mark.parametrize("text", ["a", "outer.inner", "a.b.c"])
def test_a_handle_is_written_as_a_dotted_path_and_read_back(text):
    handle = SolidHandle.from_string(text)

    assert (handle.to_string(), str(handle)) == (text, text)
    assert handle.path == tuple(text.split("."))
    assert handle.name == text.split(".")[-1]
    assert handle.root == text.split(".", maxsplit=1)[0]


def test_handles_of_one_path_are_one_key():
    assert SolidHandle("b", SolidHandle("a")) == SolidHandle.from_string("a.b")
    assert len({SolidHandle("b", SolidHandle("a")), SolidHandle.from_string("a.b")}) == 1
    assert SolidHandle("b") != SolidHandle.from_string("a.b")


def test_a_handle_lies_in_itself_and_in_the_composites_above_it():
    handle = SolidHandle.from_string("a.b.c")

    assert handle.is_or_descends_from(handle)
    assert handle.is_or_descends_from(SolidHandle.from_string("a.b"))
    assert handle.is_or_descends_from(SolidHandle("a"))
    assert not handle.is_or_descends_from(SolidHandle("b"))
    assert not handle.is_or_descends_from(SolidHandle.from_string("a.b.c.d"))
    assert not SolidHandle("ab").is_or_descends_from(SolidHandle("a"))


def test_a_step_is_known_by_the_path_of_its_solid():
    assert StepHandle(SolidHandle("a")).key == "a.compute"
    assert StepHandle(SolidHandle.from_string("outer.inner")).key == "outer.inner.compute"
    assert StepHandle(SolidHandle("compute")).key == "compute.compute"
    assert StepOutputHandle("a.compute").output_name == "result"


def test_a_mapped_step_bears_its_mapping_key():
    unresolved = UnresolvedStepHandle(SolidHandle.from_string("outer.inner"))
    resolved = unresolved.resolve("x")
    assert (unresolved.key, unresolved.mapping_key) == ("outer.inner.compute[?]", None)
    assert (resolved.key, resolved.mapping_key) == ("outer.inner.compute[x]", "x")
    assert resolved == ResolvedFromDynamicStepHandle(unresolved.solid_handle, "x")
    assert split_mapped_key(resolved.key) == ("outer.inner.compute", "x")
    assert split_mapped_key("a.compute") == ("a.compute", None)
    assert unresolved_key(resolved.key) == unresolved_key("outer.inner.compute") == unresolved.key
    assert StepOutputHandle("a.compute", "out", "x").label == "out[x]"
    assert StepOutputHandle("a.compute", "out").label == "out"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("a", "a.compute"),
        ("a.compute", "a.compute"),
        ("outer.inner", "outer.inner.compute"),
        ("compute", "compute.compute"),
        ("precompute", "precompute.compute"),
        ("a[x]", "a.compute[x]"),
        ("a.compute[x]", "a.compute[x]"),
        ("outer.inner[?]", "outer.inner.compute[?]"),
    ],
)
def test_a_step_key_may_leave_out_its_compute(text, key):
    assert with_compute(text) == key
