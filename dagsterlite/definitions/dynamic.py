"""Which dynamic output a solid is mapped over, and whether that can be.

A solid that takes a value of a dynamic output, or of a solid that does, runs once for each mapping
key. It can be mapped over one dynamic output only, and can have none itself: there is no pair of
mapping keys. A collected input ends the mapping.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.errors import DagsterInvalidDefinitionError
from dagsterlite.handles import SolidHandle


@dataclass(frozen=True)
class DynamicOrigin:
    """A dynamic output that others are mapped over."""

    solid: SolidHandle
    output_name: str

    def __str__(self) -> str:
        return f"output '{self.output_name}' of solid '{self.solid}'"


Origins = Mapping[str, frozenset[DynamicOrigin]]
"""For each input or output, the dynamic outputs that it is mapped over: one, or none."""


def origins_of_outputs(
    owner: str, handle: SolidHandle, outputs: Mapping[str, OutputDefinition], inputs: Origins
) -> Origins:
    """Return what the outputs of a solid are mapped over.

    Args:
        owner: The pipeline or composite that is checked, for messages.
        handle: Where the solid stands.
        outputs: Its outputs.
        inputs: What its inputs are mapped over.

    Raises:
        DagsterInvalidDefinitionError: it is mapped over two dynamic outputs, or over one and has
            one itself.
    """
    mapped_over = frozenset[DynamicOrigin]().union(*inputs.values())
    if len(mapped_over) > 1:
        first, second = sorted(map(str, mapped_over))[:2]
        message = (
            f"{owner}: solid '{handle}' cannot be mapped over two dynamic outputs: it is "
            f"downstream of {first} and of {second}. Collect one of them first, by .collect() or a "
            "DynamicCollectDependencyDefinition."
        )
        raise DagsterInvalidDefinitionError(message)
    own = [name for name, output in outputs.items() if output.is_dynamic]
    for origin in mapped_over if own else ():
        message = (
            f"{owner}: solid '{handle}' has the dynamic output '{own[0]}' and is itself mapped "
            f"over {origin}: dynamic outputs cannot be nested. Collect the values of solid "
            f"'{origin.solid}' first, by .collect() or a DynamicCollectDependencyDefinition."
        )
        raise DagsterInvalidDefinitionError(message)
    return {
        name: frozenset({DynamicOrigin(handle, name)}) if output.is_dynamic else mapped_over
        for name, output in outputs.items()
    }
