"""The config types that wrap another one: Array, Noneable, Map, ScalarUnion."""

from __future__ import annotations

from dagsterlite.config import misfits
from dagsterlite.config.composite import HasFields, Shape
from dagsterlite.config.config_type import ConfigType
from dagsterlite.config.field import convert_fields
from dagsterlite.config.misfits import found
from dagsterlite.config.path import Path, Trail
from dagsterlite.config.resolve import PYTHON_TYPES, bad_schema, meaning, resolve_at
from dagsterlite.config.scalars import Any, ConfigScalar
from dagsterlite.config.walk import Walk


class Array(ConfigType):
    """A list of values of one type.

    Args:
        inner_type: The type of the values: whatever :func:`resolve_to_config_type` understands.

    Raises:
        DagsterInvalidConfigDefinitionError: ``inner_type`` means no config type.
    """

    __slots__ = ("inner_type",)

    def __init__(self, inner_type: object) -> None:
        self.inner_type = resolve_at(inner_type, ())
        super().__init__(inner=(self.inner_type,))

    def fit(self, value: object, at: Trail, walk: Walk) -> object:
        """Return a new list with each value evaluated."""
        if not isinstance(value, list):
            misfits.wrong_form(walk, at, value, form="list", expected=self.short_form())
            return None
        evaluate = self.inner_type.evaluate
        return [evaluate(part, (at, index), walk) for index, part in enumerate(value)]

    def short_form(self) -> str:
        """Return ``[Type]``."""
        return f"[{self.inner_type.short_form()}]"


class Noneable(ConfigType):
    """A value of one type, or None. A field of this type has the default None.

    Args:
        inner_type: The other type: whatever :func:`resolve_to_config_type` understands.

    Raises:
        DagsterInvalidConfigDefinitionError: ``inner_type`` means no config type.
    """

    __slots__ = ("inner_type",)

    def __init__(self, inner_type: object) -> None:
        self.inner_type = resolve_at(inner_type, ())
        super().__init__(inner=(self.inner_type,))

    def implicit_default(self) -> object:
        """Return None."""
        return None

    def fit(self, value: object, at: Trail, walk: Walk) -> object:
        """Return None, or the value evaluated."""
        return None if value is None else self.inner_type.evaluate(value, at, walk)

    def short_form(self) -> str:
        """Return ``Type?``."""
        return f"{self.inner_type.short_form()}?"


class Map(ConfigType):
    """A dict with any keys of one scalar type, and values of one type.

    ``{str: int}`` in a schema means ``Map(str, int)``.

    Args:
        key_type: The type of the keys: a scalar.
        inner_type: The type of the values: whatever :func:`resolve_to_config_type` understands.
        key_label_name: What the keys are, for readers of the schema.

    Raises:
        DagsterInvalidConfigDefinitionError: ``key_type`` is no scalar, or ``inner_type`` means no
            config type.
    """

    __slots__ = ("inner_type", "key_label_name", "key_type")

    def __init__(
        self, key_type: object, inner_type: object, key_label_name: str | None = None
    ) -> None:
        self.key_type = _scalar(key_type, "The key type of a Map")
        self.inner_type = resolve_at(inner_type, ())
        self.key_label_name = key_label_name
        super().__init__(inner=(self.key_type, self.inner_type))

    def fit(self, value: object, at: Trail, walk: Walk) -> object:
        """Return a new dict with each key and value evaluated."""
        if not isinstance(value, dict):
            misfits.wrong_form(walk, at, value, form="dict", expected=self.short_form())
            return None
        return {
            self._fit_key(key, at, walk): self.inner_type.evaluate(part, (at, _step(key)), walk)
            for key, part in value.items()
        }

    def short_form(self) -> str:
        """Return ``{[KeyType]: Type}``, or ``{[label: KeyType]: Type}``."""
        return f"{{[{self.key_form()}]: {self.inner_type.short_form()}}}"

    def key_form(self) -> str:
        """Return ``KeyType``, or ``label: KeyType``."""
        label = "" if self.key_label_name is None else f"{self.key_label_name}: "
        return f"{label}{self.key_type.short_form()}"

    def _fit_key(self, key: object, at: Trail, walk: Walk) -> object:
        if not self.key_type.accepts(key):
            misfits.wrong_key(walk, at, key, self.key_type.short_form())
            return key
        return self.key_type.evaluate(key, (at, _step(key)), walk)


class ScalarUnion(ConfigType):
    """A scalar, or a dict or list in its place.

    Args:
        scalar_type: The type of a value that is neither dict nor list: a scalar.
        non_scalar_schema: The type of a dict or list: a Shape, Permissive, Selector, Array or Map,
            or what stands for one.

    Raises:
        DagsterInvalidConfigDefinitionError: One of them is not of that kind.
    """

    __slots__ = ("non_scalar_type", "scalar_type")

    def __init__(self, scalar_type: object, non_scalar_schema: object) -> None:
        self.scalar_type = _scalar(scalar_type, "The scalar type of a ScalarUnion")
        self.non_scalar_type = _non_scalar(non_scalar_schema)
        super().__init__(inner=(self.scalar_type, self.non_scalar_type))

    def fit(self, value: object, at: Trail, walk: Walk) -> object:
        """Return the value evaluated by the type that its form calls for."""
        if isinstance(value, (dict, list)):
            return self.non_scalar_type.evaluate(value, at, walk)
        if not self.scalar_type.accepts(value):
            misfits.wrong_scalar(walk, at, value, self.short_form())
            return None
        return self.scalar_type.evaluate(value, at, walk)

    def short_form(self) -> str:
        """Return ``(Scalar | {…})``."""
        return f"({self.scalar_type.short_form()} | {self.non_scalar_type.short_form()})"


def _scalar(obj: object, what: str) -> ConfigScalar:
    config_type = resolve_at(obj, ())
    if not isinstance(config_type, ConfigScalar):
        raise bad_schema(
            (), f"{what} is {found(obj)}. Expected: a scalar (String, Int, Float, Bool)."
        )
    return config_type


def _non_scalar(obj: object) -> ConfigType:
    config_type = resolve_at(obj, ())
    if not isinstance(config_type, (HasFields, Array, Map)):
        raise bad_schema(
            (),
            f"The non-scalar schema of a ScalarUnion is {found(obj)}. Expected: a Shape, "
            "Permissive, Selector, Array or Map, a dict of fields, or a list of one type.",
        )
    return config_type


def _step(key: object) -> str | int:
    return key if isinstance(key, (str, int)) else str(key)


@meaning.register(dict)
def _resolve_dict(obj: dict[object, object], at: Path) -> ConfigType:
    if len(obj) == 1:
        ((key, inner),) = obj.items()
        if isinstance(key, (type, ConfigScalar)) or hasattr(key, "config_type"):
            key_type = resolve_at(key, at)
            return Map(key_type, resolve_at(inner, (*at, key_type.short_form())))
    return Shape(convert_fields(obj, at))


@meaning.register(list)
def _resolve_list(obj: list[object], at: Path) -> ConfigType:
    if len(obj) != 1:
        raise bad_schema(
            at,
            f"Found a list of {len(obj)} types. Expected: a list of exactly one, the type of its "
            "values, as in [int].",
        )
    return Array(resolve_at(obj[0], (*at, 0)))


PYTHON_TYPES[list] = Array(Any)
