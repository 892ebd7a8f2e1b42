from __future__ import annotations

import pytest

from dagsterlite.errors import ParameterCheckError
from dagsterlite.events.assets import AssetKey


def test_a_key_is_one_name_or_a_path_of_names():
    assert AssetKey("sales").path == ["sales"]
    assert AssetKey(["db", "sales"]).path == ["db", "sales"]
    assert AssetKey(("db", "sales")) == AssetKey(["db", "sales"])
    assert len({AssetKey("a"), AssetKey(["a"])}) == 1
    assert repr(AssetKey(["db", "sales"])) == "AssetKey(['db', 'sales'])"


@pytest.mark.parametrize("path", [None, [], 5, ["a", 5], [None], b"a"])
def test_what_is_no_path_of_names_is_refused(path):
    with pytest.raises(ParameterCheckError, match="a name or a list of names"):
        AssetKey(path)


@pytest.mark.parametrize("path", [["a"], ["a", "b"], ["a/b", "c"], ['"', "\\", "ä"], [""]])
def test_a_key_survives_its_stored_text(path):
    assert AssetKey.from_db_string(AssetKey(path).to_string()) == AssetKey(path)


def test_a_key_is_written_by_people_with_slashes():
    assert AssetKey(["db", "sales"]).to_user_string() == "db/sales"
    assert AssetKey.from_user_string("db/sales") == AssetKey(["db", "sales"])


def test_a_key_is_made_from_what_can_stand_for_one():
    key = AssetKey(["db", "sales"])

    assert AssetKey.from_coercible(key) is key
    assert AssetKey.from_coercible(["db", "sales"]) == key
    assert AssetKey.from_coercible("sales") == AssetKey("sales")


def test_a_prefix_is_made_of_whole_names():
    key = AssetKey(["db", "sales"])

    assert key.has_prefix([])
    assert key.has_prefix(["db"])
    assert key.has_prefix(["db", "sales"])
    assert not key.has_prefix(["d"])
    assert not key.has_prefix(["db", "sales", "more"])
