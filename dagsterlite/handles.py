"""Where a solid or a step stands: the names by which everything else refers to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from dagsterlite.serdes import serializable

COMPUTE = "compute"

UNKNOWN_KEY = "?"
"""Stands in step keys for a mapping key that is not known yet: no mapping key holds it."""


@serializable("SolidHandle")
@dataclass(frozen=True)
class SolidHandle:
    """The path of a solid: its name in the graph that holds it, below that graph's own handle."""

    name: str
    parent: SolidHandle | None = None

    @cached_property
    def path(self) -> tuple[str, ...]:
        """The names from the pipeline down to the solid."""
        return tuple(reversed([handle.name for handle in self._upwards()]))

    def _upwards(self) -> Iterator[SolidHandle]:
        handle: SolidHandle | None = self
        while handle is not None:
            yield handle
            handle = handle.parent

    @property
    def root(self) -> str:
        """The name of the pipeline's own solid at the top of the path."""
        return self.path[0]

    def to_string(self) -> str:
        """Return the dotted path, e.g. ``outer.inner``."""
        return ".".join(self.path)

    def __str__(self) -> str:
        return self.to_string()

    @staticmethod
    def from_string(text: str) -> SolidHandle:
        """Return the handle whose dotted path is ``text``."""
        handle: SolidHandle | None = None
        for name in text.split("."):
            handle = SolidHandle(name, handle)
        assert handle is not None
        return handle

    def is_or_descends_from(self, other: SolidHandle) -> bool:
        """Return whether this is ``other`` or lies inside the composite that ``other`` names."""
        return other in self._upwards()


@serializable("StepHandle")
@dataclass(frozen=True)
class StepHandle:
    """The identity of a step in a plan: the solid it computes."""

    solid_handle: SolidHandle

    @property
    def key(self) -> str:
        """The step key: ``<path of solids>.compute``."""
        return f"{self.solid_handle}.{COMPUTE}"

    @property
    def mapping_key(self) -> str | None:
        """The mapping key of the dynamic output that the step is for; None: it is for none."""
        return None


@dataclass(frozen=True)
class UnresolvedStepHandle:
    """The identity of all steps that a solid comes to, one for each mapping key yet to be known."""

    solid_handle: SolidHandle

    @property
    def key(self) -> str:
        """The step key: ``<path of solids>.compute[?]``."""
        return mapped_key(StepHandle(self.solid_handle).key, UNKNOWN_KEY)

    @property
    def mapping_key(self) -> str | None:
        """None: it is not known."""
        return None

    def resolve(self, mapping_key: str) -> ResolvedFromDynamicStepHandle:
        """Return the handle of the step for one mapping key."""
        return ResolvedFromDynamicStepHandle(self.solid_handle, mapping_key)


@dataclass(frozen=True)
class ResolvedFromDynamicStepHandle:
    """The identity of the step that a solid comes to for one mapping key."""

    solid_handle: SolidHandle
    mapping_key: str

    @property
    def key(self) -> str:
        """The step key: ``<path of solids>.compute[<mapping key>]``."""
        return mapped_key(StepHandle(self.solid_handle).key, self.mapping_key)


StepHandleUnion = StepHandle | UnresolvedStepHandle | ResolvedFromDynamicStepHandle


@serializable("StepOutputHandle")
@dataclass(frozen=True)
class StepOutputHandle:
    """One output of one step; of a dynamic output, one of its values."""

    step_key: str
    output_name: str = "result"
    mapping_key: str | None = None

    @property
    def label(self) -> str:
        """The output's name, with the mapping key in brackets where there is one."""
        if self.mapping_key is None:
            return self.output_name
        return mapped_key(self.output_name, self.mapping_key)


def mapped_key(key: str, mapping_key: str) -> str:
    """Return a name with a mapping key: ``a.compute[x]``."""
    return f"{key}[{mapping_key}]"


def split_mapped_key(key: str) -> tuple[str, str | None]:
    """Return a step key without its mapping key, and that key; None where there is none."""
    base, bracket, rest = key.partition("[")
    return (base, rest.removesuffix("]")) if bracket else (key, None)


def unresolved_key(step_key: str) -> str:
    """Return the key of the unresolved step that a step would come from: ``a.compute[?]``."""
    return mapped_key(split_mapped_key(step_key)[0], UNKNOWN_KEY)


def with_compute(step_key: str) -> str:
    """Return the step key for a text that may leave out its ``.compute``."""
    base, mapping_key = split_mapped_key(step_key)
    full = base if base.endswith(f".{COMPUTE}") else f"{base}.{COMPUTE}"
    return full if mapping_key is None else mapped_key(full, mapping_key)
