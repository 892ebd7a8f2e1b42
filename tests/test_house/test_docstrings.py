"""Every public method is explained, where it stands or at the contract that it implements."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

import pytest

from tests.test_house.checkout import package_names

METHODS = (FunctionType, staticmethod, classmethod, property)


class Contract:
    def explained(self) -> None:
        """Say what it means."""

    @property
    def described(self) -> int:
        """Say what it is."""
        return 0


class Implementation(Contract):
    def explained(self) -> None: ...

    @property
    def described(self) -> int:
        return 1

    def bare(self) -> None: ...

    def _private(self) -> None: ...


def modules(package: str) -> Iterator[ModuleType]:
    root = importlib.import_module(package)
    yield root
    for found in pkgutil.walk_packages(root.__path__, f"{package}."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def public_classes(module: ModuleType) -> Iterator[type]:
    for name, value in vars(module).items():
        own = isinstance(value, type) and value.__module__ == module.__name__
        if own and not name.startswith("_"):
            yield value


def unexplained(cls: type) -> list[str]:
    """Return the public methods of a class that have no docstring, nor inherit one."""
    members: dict[str, Any] = dict(vars(cls))
    public = [name for name, value in members.items() if isinstance(value, METHODS)]
    return [
        name
        for name in public
        if not name.startswith("_") and not inspect.getdoc(getattr(cls, name))
    ]


@pytest.mark.parametrize("package", package_names())
def test_every_public_method_is_explained(package: str) -> None:
    found = [
        f"{cls.__module__}.{cls.__name__}.{name}"
        for module in modules(package)
        for cls in public_classes(module)
        for name in unexplained(cls)
    ]

    assert found == []


def test_an_explanation_is_inherited_and_its_lack_is_found() -> None:
    assert unexplained(Contract) == []
    assert unexplained(Implementation) == ["bare"]
