"""Records as JSON text and back."""

from __future__ import annotations

import json
import math
import pickle
from collections import OrderedDict, defaultdict
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass, field, replace
from enum import Enum, IntEnum
from inspect import signature
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagsterlite.errors import DagsterSerdesError
from dagsterlite.serdes import KeepsText, from_json, map_text, plain, serializable, to_json


@serializable("test:Colour")
class Colour(Enum):
    RED = 1
    CRIMSON = 1
    BLUE = 2


@serializable("test:Leaf")
@dataclass(frozen=True)
class Leaf:
    name: str
    size: float = 0.0
    colour: Colour = Colour.RED


@serializable("test:Tree")
@dataclass(frozen=True, kw_only=True)
class Tree:
    leaves: tuple[Leaf, ...] = ()
    notes: list[Any] = field(default_factory=list)
    users: Any = plain(default=None)
    parent: Tree | None = None
    kinds: frozenset[str] = frozenset()


class Size(IntEnum):
    SMALL = 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
OURS = {"__record__", "__enum__", "__set__"}


def mentions_ours(value: Any) -> bool:
    if isinstance(value, Mapping):
        return bool(OURS & value.keys()) or any(map(mentions_ours, value.values()))
    return isinstance(value, list) and any(map(mentions_ours, value))


LEAVES = st.builds(Leaf, st.text(), st.floats(allow_nan=False), st.sampled_from(Colour))
TREES = st.recursive(
    st.builds(
        Tree,
        leaves=st.lists(LEAVES).map(tuple),
        notes=st.lists(LEAVES | JSON.filter(lambda value: not mentions_ours(value))),
        users=JSON,
        kinds=st.frozensets(st.text()),
    ),
    lambda inner: st.builds(Tree, parent=inner, users=JSON),
    max_leaves=2,
)


@given(TREES)
def test_a_record_comes_back_as_it_was(tree: Tree) -> None:
    assert from_json(to_text(tree)) == tree


def to_text(value: object) -> str:
    text = to_json(value)
    text.encode("ascii")
    return text


@given(JSON)
def test_plain_data_is_written_as_json_writes_it(value: Any) -> None:
    assert to_text(value) == json.dumps(value, separators=(",", ":"))


@pytest.mark.parametrize(
    "value",
    [
        {3: 2, None: 3, True: 4, 2.5: 5, "k": Size.SMALL},
        [math.inf, -math.inf, 1e300, -0.0, 10**40, (1, (2,))],
        OrderedDict(b=1, a=2),
        defaultdict(int, a=1),
        "é\ud800\x00\"'\\",
        {},
        [],
    ],
)
def test_odd_plain_data_is_written_as_json_writes_it(value: Any) -> None:
    assert to_text(value) == json.dumps(value, separators=(",", ":"))


def test_other_mappings_are_written_as_dicts() -> None:
    assert to_text(MappingProxyType({"a": Leaf("x")})) == to_text({"a": Leaf("x")})


def test_fields_at_their_defaults_are_left_out() -> None:
    assert json.loads(to_text(Leaf("x"))) == {"__record__": "test:Leaf", "name": "x"}
    assert json.loads(to_text(Tree(notes=[], kinds=frozenset()))) == {"__record__": "test:Tree"}


def test_a_field_added_later_has_its_default_in_old_text() -> None:
    assert from_json('{"__record__": "test:Leaf", "name": "x"}') == Leaf("x")


def test_a_second_name_of_a_member_is_the_same_member() -> None:
    assert from_json(to_text(Colour.CRIMSON)) is Colour.RED
    assert from_json('{"__enum__": "test:Colour.CRIMSON"}') is Colour.RED


def test_what_a_user_gave_is_never_taken_for_ours() -> None:
    tree = Tree(users={"__record__": "test:Leaf", "x": [{"__enum__": "no"}, {"__set__": 1}]})

    assert from_json(to_text(tree)) == tree


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1: object()},
        [b"bytes"],
        {(1, 2): 3},
        {"x", 1},
        3j,
        Tree(notes=[object()]),
        Tree(users={"a": object()}),
        Tree(users={1, 2}),
    ],
)
def test_what_is_not_jsonable_is_refused(value: object) -> None:
    with pytest.raises(DagsterSerdesError, match="cannot be stored as JSON"):
        to_text(value)


def test_what_holds_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)

    with pytest.raises(DagsterSerdesError, match="cannot be stored as JSON"):
        to_text(value)
    with pytest.raises(DagsterSerdesError, match="cannot be stored as JSON"):
        to_text(Tree(users=value))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"__record__": "test:Leaf"}',
        '{"__record__": "test:Leaf", "name": "x", "unknown": 1}',
        '{"__record__": "test:NoSuch"}',
        '{"__enum__": "test:Colour.GREEN"}',
        '{"__enum__": 5}',
    ],
)
def test_text_that_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(DagsterSerdesError):
        from_json(text)


def test_two_classes_cannot_have_one_name() -> None:
    with pytest.raises(DagsterSerdesError, match=r"Two classes are stored as 'test:Leaf'"):
        serializable("test:Leaf")(type("Other", (), {}))


def test_each_text_of_a_record_can_be_changed() -> None:
    tree = Tree(leaves=(Leaf("a"),), notes=[Leaf("b"), {"k": "c"}], users={"u": ["d"]})

    changed = map_text(tree, str.upper)

    assert changed.leaves == (Leaf("A"),)
    assert changed.notes[0] == Leaf("B")
    assert changed.users == {"U": ["D"]}


@serializable("TestKept")
@dataclass(frozen=True, slots=True)
class Kept(KeepsText):
    number: int
    items: tuple[Kept, ...] = ()


def test_a_record_may_hold_on_to_its_text() -> None:
    record = Kept(1, (Kept(2),))
    text = to_json(record)

    assert to_json(record) is text
    assert to_json(from_json(text)) == text
    assert from_json(text) == record
    assert to_json(replace(record, number=3)) == text.replace('"number":1', '"number":3')
    assert to_json({"a": record}) == f'{{"a":{text}}}'


def test_text_that_is_held_on_to_does_not_travel() -> None:
    record = Kept(1, (Kept(2),))
    untouched = pickle.dumps(record)
    to_json(record)

    assert pickle.dumps(record) == untouched
    assert pickle.loads(untouched) == record


def test_text_that_is_held_on_to_is_what_was_read() -> None:
    text = '{"number": 1, "__record__": "TestKept"}'
    assert to_json(from_json(text)) == text


@serializable("test:Tagged")
@dataclass(frozen=True)
class Tagged:
    number: int
    tags: dict[str, str] = plain(shared=True, default_factory=dict)


def test_what_records_share_is_written_with_each():
    tags, others = {"a": "b"}, {"a": "c"}
    records = [Tagged(0, tags), Tagged(1, tags), Tagged(2, others), Tagged(3), Tagged(4, tags)]
    assert [from_json(to_json(record)) for record in records] == records


def test_a_record_is_made_as_its_dataclass_says():
    tree = Tree(leaves=(Leaf("a", 1.0), Leaf("b", colour=Colour.BLUE)))
    assert tree == Tree(leaves=(Leaf("a", size=1.0), Leaf("b", 0.0, Colour.BLUE)))
    assert Tree().notes == []
    assert Tree().notes is not Tree().notes
    assert list(signature(Leaf).parameters) == ["name", "size", "colour"]


@pytest.mark.parametrize(
    ("record", "names", "values", "message"),
    [
        (Leaf, (), {}, r"Leaf.__init__\(\) missing 1 required positional argument: 'name'"),
        (Leaf, ("a",), {"length": 1}, "got an unexpected keyword argument 'length'"),
        (Tree, ((),), {}, "takes 1 positional argument but 2 were given"),
    ],
)
def test_a_record_that_is_made_otherwise_is_refused(record, names, values, message):
    with pytest.raises(TypeError, match=message):
        record(*names, **values)


def test_a_record_stays_as_it_was_made():
    leaf = Leaf("a")
    with pytest.raises(FrozenInstanceError):
        leaf.name = "b"  # type: ignore[misc]
