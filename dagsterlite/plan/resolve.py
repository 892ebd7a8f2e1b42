"""From an unresolved step to the steps that it comes to, once mapping keys are known. Pure.

A step mapped over a dynamic output comes to one step for each mapping key; one that collects gets
its list's sources. Where the dynamic output did not come to be, since its step failed or left an
optional output out, a mapped step stands for itself, under its key with ``[?]``: it does not run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dagsterlite.events.receipt import Receipt
from dagsterlite.handles import (
    UNKNOWN_KEY,
    UnresolvedStepHandle,
    mapped_key,
    split_mapped_key,
)
from dagsterlite.plan.step import (
    CollectingStep,
    ExecutionStep,
    FanOut,
    FromDynamicCollect,
    FromMappedOutput,
    FromMultipleSources,
    FromStepOutput,
    MappingKey,
    MappingKeys,
    SingleSource,
    StepInput,
    UnresolvedStep,
)

NEVER_YIELDED: tuple[MappingKey, ...] = (None,)


def mapping_keys_of(fan_out: FanOut, receipt: Receipt) -> tuple[MappingKey, ...]:
    """Return the mapping keys of a dynamic output from the receipt of its step."""
    keys = receipt.mapping_keys(fan_out.output.output_name)
    return keys if receipt.is_success and (keys or fan_out.is_required) else NEVER_YIELDED


def resolve(step: UnresolvedStep, mapping_keys: MappingKeys) -> tuple[ExecutionStep, ...]:
    """Return the steps that an unresolved one comes to.

    Args:
        step: The unresolved step.
        mapping_keys: Those of all dynamic outputs that it waits for.
    """
    keys = (None,) if step.mapped_over is None else mapping_keys[step.mapped_over.output]
    make = _maker(step, mapping_keys)
    return tuple(make(key) for key in keys)


def resolve_for_key(
    step: UnresolvedStep, step_key: str, mapping_keys: MappingKeys
) -> ExecutionStep:
    """Return the one of the steps that an unresolved one comes to that has a given key.

    Args:
        step: The unresolved step.
        step_key: The key of the step that is wanted.
        mapping_keys: Those of all dynamic outputs that it collects.
    """
    _, key = split_mapped_key(step_key)
    return _maker(step, mapping_keys)(None if key == UNKNOWN_KEY else key)


def _maker(
    step: UnresolvedStep, mapping_keys: MappingKeys
) -> Callable[[MappingKey], ExecutionStep]:
    """Return what makes the step for a mapping key; the lists that it collects are made once."""
    inputs = tuple(_collected(step_input, mapping_keys) for step_input in step.inputs)
    collected = {fan_out.output: mapping_keys[fan_out.output] for fan_out in step.collected}

    def make(key: MappingKey) -> ExecutionStep:
        handle = step.handle
        if key is not None and isinstance(handle, UnresolvedStepHandle):
            handle = handle.resolve(key)
        own = tuple(_mapped(step_input, key) for step_input in inputs)
        if collected:
            return CollectingStep(handle, handle.key, step.solid, own, step.outputs, collected)
        return ExecutionStep(handle, handle.key, step.solid, own, step.outputs)

    return make


def _collected(step_input: StepInput, mapping_keys: MappingKeys) -> StepInput:
    """Return an input with the sources of what it collects in place of the word that it does."""
    sources = step_input.sources()
    if not any(isinstance(source, FromDynamicCollect) for source in sources):
        return step_input
    found: list[SingleSource] = []
    for source in sources:
        if isinstance(source, FromDynamicCollect):
            keys = mapping_keys[source.fan_out.output]
            found += [_for_mapping_key(source, key) for key in keys]
        else:
            found.append(source)
    return replace(step_input, source=FromMultipleSources(tuple(found)))


def _mapped(step_input: StepInput, key: MappingKey) -> StepInput:
    source = step_input.source
    if isinstance(source, FromMappedOutput):
        return replace(step_input, source=_for_mapping_key(source, key))
    if isinstance(source, FromMultipleSources):
        sources = tuple(
            _for_mapping_key(one, key) if isinstance(one, FromMappedOutput) else one
            for one in source.sources
        )
        return replace(step_input, source=FromMultipleSources(sources))
    return step_input


def _for_mapping_key(
    source: FromMappedOutput | FromDynamicCollect, key: MappingKey
) -> FromStepOutput:
    handle = source.step_output_handle
    if key is None:
        return FromStepOutput(handle)
    if handle == source.fan_out.output:
        return FromStepOutput(replace(handle, mapping_key=key))
    base, _ = split_mapped_key(handle.step_key)
    return FromStepOutput(replace(handle, step_key=mapped_key(base, key)))
