"""What gives a pipeline to execute."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.errors import ParameterCheckError
from dagsterlite.plan.solid_selection import selected_part


class IPipeline(ABC):
    """Gives a pipeline to execute (seed 004); taken wherever a pipeline is."""

    @abstractmethod
    def get_definition(self) -> PipelineDefinition:
        """Return the pipeline, or the part of it that is selected."""

    @property
    @abstractmethod
    def solid_selection(self) -> Sequence[str] | None:
        """The selection of solids that the definition is cut down to; None for all."""

    @abstractmethod
    def subset_for_execution(self, solid_selection: Sequence[str] | None) -> IPipeline:
        """Return what gives the part of the whole pipeline that is selected; None selects all.

        Args:
            solid_selection: Queries, e.g. ``["*some_solid+"]``.

        Raises:
            DagsterInvalidSubsetError: a query is wrong, or names no solid.
        """


@dataclass(frozen=True)
class InMemoryPipeline(IPipeline):
    """A pipeline that is at hand."""

    pipeline: PipelineDefinition
    solid_selection: Sequence[str] | None = None

    @cached_property
    def _definition(self) -> PipelineDefinition:
        return selected_part(self.pipeline, self.solid_selection)

    def get_definition(self) -> PipelineDefinition:
        return self._definition

    def subset_for_execution(self, solid_selection: Sequence[str] | None) -> InMemoryPipeline:
        subset = replace(self, solid_selection=as_selection(solid_selection))
        subset.get_definition()
        return subset


def as_selection(given: Any) -> Sequence[str] | None:
    """Return a selection as :meth:`IPipeline.subset_for_execution` is given it; None for none.

    Raises:
        ParameterCheckError: it is no list.
    """
    if given is None:
        return None
    if isinstance(given, str) or not isinstance(given, Sequence):
        expected = "a list of selection queries"
        raise ParameterCheckError("subset_for_execution", "solid_selection", expected, given)
    return tuple(given)
