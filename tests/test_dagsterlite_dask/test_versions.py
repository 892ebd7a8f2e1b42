"""What of a pipeline must be the same on a cluster, and how what is not is told."""

from __future__ import annotations

import json

import cloudpickle
import numpy as np
import yaml

from dagsterlite_dask.versions import Versions, differences, packages_of


def uses_both() -> str:
    return yaml.safe_dump(json.loads(str(np.zeros(1))))


def test_what_is_installed_and_used_is_found_under_its_distributions_name() -> None:
    cloudpickle.register_pickle_by_value(__import__(__name__, fromlist=["uses_both"]))
    try:
        payload = cloudpickle.dumps(uses_both)
    finally:
        cloudpickle.unregister_pickle_by_value(__import__(__name__, fromlist=["uses_both"]))

    found = packages_of(payload)

    assert {"numpy", "PyYAML"} <= {name.replace("pyyaml", "PyYAML") for name in found}
    assert not {"dask", "dagsterlite", "json"} & set(found)


def test_where_all_is_the_same_there_is_no_table() -> None:
    assert differences({"dask": "1", "numpy": "2"}, {"w": {"dask": "1"}}) == []


def test_a_table_tells_each_difference_once() -> None:
    ours: Versions = {"python": "3.11", "numpy": "2.0", "dask": "1"}
    found: dict[str, Versions] = {
        "scheduler": {"dask": "2"},
        "worker a": {"python": "3.11", "numpy": None, "dask": "1"},
        "worker b": {"python": "3.11", "numpy": None, "dask": "1"},
    }

    assert differences(ours, found) == [
        "package  driver  there  where",
        "dask     1       2      scheduler",
        "numpy    2.0     none   worker a and 1 more",
    ]
