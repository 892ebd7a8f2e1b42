"""Random schemas with values that fit them, and with one value that does not."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagsterlite.config import (
    Any,
    Array,
    Bool,
    ConfigType,
    Enum,
    EnumValue,
    Field,
    Float,
    Int,
    IntSource,
    Map,
    Noneable,
    Permissive,
    ScalarUnion,
    Selector,
    Shape,
    String,
    StringSource,
    config_type_snapshot,
    describe_config_type,
    print_config_type,
    resolve_config,
    validate_config,
)
from dagsterlite.config.scaffold import scaffold_config
from dagsterlite.config.yaml_document import parse_yaml


@dataclass(frozen=True)
class Sample:
    """A config type with a value that fits it."""

    config_type: ConfigType
    value: object


# How long an example takes says nothing on a machine that others use too.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

TEXTS = ("red", "green", "blue")
NAMES = st.text("abcdefgh_.[", min_size=1, max_size=6)


def sampled(
    config_type: ConfigType, values: st.SearchStrategy[object]
) -> st.SearchStrategy[Sample]:
    return values.map(lambda value: Sample(config_type, value))


LEAVES = st.one_of(
    sampled(Int, st.integers()),
    sampled(Float, st.floats(allow_nan=False) | st.integers()),
    sampled(Bool, st.booleans()),
    sampled(String, st.text(max_size=10)),
    sampled(
        Enum("Color", [EnumValue(text, text.upper()) for text in TEXTS]), st.sampled_from(TEXTS)
    ),
    sampled(StringSource, st.text(max_size=5) | st.just({"env": "NUMBER"})),
    sampled(IntSource, st.integers() | st.just({"env": "NUMBER"})),
)
LOOSE_LEAVES = LEAVES | sampled(Any, st.none() | st.integers() | st.lists(st.integers()))


def _shaped(parts: dict[str, Sample]) -> Sample:
    return Sample(
        Shape({name: part.config_type for name, part in parts.items()}),
        {name: part.value for name, part in parts.items()},
    )


def _open(shaped: Sample) -> Sample:
    assert isinstance(shaped.config_type, Shape)
    assert isinstance(shaped.value, dict)
    return Sample(Permissive(shaped.config_type.fields), {**shaped.value, "unknown key": [1]})


def _defaulted(named: dict[str, Sample]) -> Sample:
    fields = {name: Field(s.config_type, default_value=s.value) for name, s in named.items()}
    return Sample(Shape(fields), {})


def _selected(parts: dict[str, Sample]) -> Sample:
    name, chosen = next(iter(parts.items()))
    return Sample(
        Selector({name: part.config_type for name, part in parts.items()}), {name: chosen.value}
    )


def _united(shaped: Sample) -> Sample:
    return Sample(ScalarUnion(Int, shaped.config_type), shaped.value)


def tight(inner: st.SearchStrategy[Sample]) -> st.SearchStrategy[Sample]:
    """Wrap samples in types that check each value inside them."""
    named = st.dictionaries(NAMES, inner, min_size=1, max_size=4)
    return st.one_of(
        named.map(_shaped),
        named.map(_selected),
        named.map(_shaped).map(_united),
        inner.map(lambda sample: Sample(Array(sample.config_type), [sample.value] * 2)),
        inner.map(lambda sample: Sample(Noneable(sample.config_type), sample.value)),
        inner.map(lambda sample: Sample(Map(str, sample.config_type), {"k": sample.value})),
    )


def loose(inner: st.SearchStrategy[Sample]) -> st.SearchStrategy[Sample]:
    """Wrap samples in types that also take absent and unknown values."""
    named = st.dictionaries(NAMES, inner, max_size=4)
    return st.one_of(
        tight(inner),
        named.map(_shaped).map(_open),
        named.map(_defaulted),
        inner.map(lambda sample: Sample(Noneable(sample.config_type), None)),
        inner.map(lambda sample: Sample(Array(sample.config_type), [])),
    )


SAMPLES = st.recursive(LOOSE_LEAVES, loose, max_leaves=12)
TIGHT_SAMPLES = st.recursive(LEAVES, tight, max_leaves=12)


def leaf_paths(value: object, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [path for key, part in value.items() for path in leaf_paths(part, (*at, key))]
    if isinstance(value, list):
        return [path for at_, part in enumerate(value) for path in leaf_paths(part, (*at, at_))]
    return [at]


def replaced(value: object, path: tuple[str | int, ...], new: object) -> object:
    if not path:
        return new
    changed = copy.copy(value)
    assert isinstance(changed, (dict, list))
    changed[path[0]] = replaced(changed[path[0]], path[1:], new)  # type: ignore[index]
    return changed


@given(SAMPLES)
@settings(UNHURRIED, max_examples=150)
def test_a_fitting_value_validates_and_validates_again_to_the_same(sample: Sample):
    given_before = copy.deepcopy(sample.value)

    first = validate_config(sample.config_type, sample.value)

    assert first.success, first.errors
    again = validate_config(sample.config_type, first.value)
    assert again.success
    assert again.value == first.value
    assert sample.value == given_before


@given(SAMPLES)
@settings(UNHURRIED, max_examples=100)
def test_resolving_a_given_value_equals_resolving_it_filled_in(sample: Sample):
    environ = {"NUMBER": "42"}

    resolved = resolve_config(sample.config_type, sample.value, environ)

    assert resolved.success, resolved.errors
    filled = validate_config(sample.config_type, sample.value).value
    assert resolve_config(sample.config_type, filled, environ) == resolved


@given(TIGHT_SAMPLES, st.data())
@settings(UNHURRIED, max_examples=150)
def test_one_broken_value_is_reported_with_its_path_and_nothing_else_is(
    sample: Sample, data: st.DataObject
):
    path = data.draw(st.sampled_from(leaf_paths(sample.value)))

    broken = validate_config(sample.config_type, replaced(sample.value, path, object()))

    assert [error.path for error in broken.errors] == [path]
    assert broken.value is None


@given(SAMPLES, st.booleans())
@settings(UNHURRIED, max_examples=150)
def test_a_scaffold_holds_what_was_given_and_nothing_that_changes_it(
    sample: Sample, only_required: bool
):
    schema = Shape({"a field": sample.config_type})
    value = {"a field": sample.value}

    document = "\n".join(scaffold_config(schema, value, only_required=only_required))

    assert validate_config(schema, parse_yaml(document)) == validate_config(schema, value)


@given(st.dictionaries(NAMES, SAMPLES, max_size=4))
@settings(UNHURRIED, max_examples=100)
def test_a_scaffold_of_defaults_alone_fits_as_it_is(named: dict[str, Sample]):
    fields = {name: Field(s.config_type, default_value=s.value) for name, s in named.items()}

    document = "\n".join(scaffold_config(fields))

    assert validate_config(fields, parse_yaml(document)) == validate_config(fields, {})


@given(TIGHT_SAMPLES)
@settings(UNHURRIED, max_examples=50)
def test_every_schema_can_be_described_printed_and_kept(sample: Sample):
    snapshot = config_type_snapshot(sample.config_type)

    assert json.loads(json.dumps(snapshot)) == snapshot
    assert describe_config_type(sample.config_type)
    assert print_config_type(sample.config_type)
