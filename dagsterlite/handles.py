"""Where a solid or a step stands: the names by which everything else refers to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dagsterlite.serdes import serializable

COMPUTE = "compute"


@serializable("SolidHandle")
@dataclass(frozen=True)
class SolidHandle:
    """The path of a solid: its name in the graph that holds it, below that graph's own handle."""

    name: str
    parent: SolidHandle | None = None

    @property
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


@serializable("StepOutputHandle")
@dataclass(frozen=True)
class StepOutputHandle:
    """One output of one step."""

    step_key: str
    output_name: str = "result"


def with_compute(step_key: str) -> str:
    """Return the step key for a text that may leave out its ``.compute``."""
    return step_key if step_key.endswith(f".{COMPUTE}") else f"{step_key}.{COMPUTE}"
