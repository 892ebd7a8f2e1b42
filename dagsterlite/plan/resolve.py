"""From an unresolved step to the steps that it comes to, once mapping keys are known. Pure.

A step mapped over a dynamic output comes to one step for each mapping key; one that collects gets
its list's sources. Where the dynamic output did not come to be, since its step failed or left an
optional output out, a mapped step stands for itself, under its key with ``[?]``: it does not run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dagsterlite.events.receipt import Receipt
from dagsterlite.handles import (
    UNKNOWN_KEY,
    StepHandleUnion,
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
    """Return the steps that an unresolved one comes to, as far as mapping keys are known.

    Where not all are known that it waits for, what it comes to is unresolved still.
    """
    over = step.mapped_over
    if over is None or over.output not in mapping_keys:
        return (_make(step, _collected_inputs(step, mapping_keys), mapping_keys),)
    return _make_mapped(step, mapping_keys[over.output], mapping_keys)


def resolve_for_key(
    step: UnresolvedStep, step_key: str, mapping_keys: MappingKeys
) -> ExecutionStep:
    """Return the one of the steps that an unresolved one comes to that has a given key.

    Args:
        step: The unresolved step.
        step_key: The key of the step that is wanted.
        mapping_keys: Those of all dynamic outputs that it collects.
    """
    if step.mapped_over is None:
        return _make(step, _collected_inputs(step, mapping_keys), mapping_keys)
    _, key = split_mapped_key(step_key)
    (found,) = _make_mapped(step, (None if key == UNKNOWN_KEY else key,), mapping_keys)
    return found


def _make_mapped(
    step: UnresolvedStep, keys: Iterable[MappingKey], mapping_keys: MappingKeys
) -> tuple[ExecutionStep, ...]:
    inputs = _collected_inputs(step, mapping_keys)
    unmapped = replace(step, mapped_over=None)
    made = []
    for key in keys:
        handle = step.handle
        if key is not None and isinstance(handle, UnresolvedStepHandle):
            handle = handle.resolve(key)
        own = tuple(_mapped(step_input, key) for step_input in inputs)
        made.append(_make(unmapped, own, mapping_keys, handle))
    return tuple(made)


def _make(
    step: UnresolvedStep,
    inputs: tuple[StepInput, ...],
    mapping_keys: MappingKeys,
    handle: StepHandleUnion | None = None,
) -> ExecutionStep:
    handle = handle or step.handle
    parts = (handle, handle.key, step.solid, inputs, step.outputs)
    collected = {
        fan_out.output: mapping_keys[fan_out.output]
        for fan_out in step.collected
        if fan_out.output in mapping_keys
    }
    known = {**step.mapping_keys, **collected}
    if step.mapped_over is not None or len(collected) < len(step.collected):
        return UnresolvedStep(*parts, step.mapped_over, known)
    return CollectingStep(*parts, known) if known else ExecutionStep(*parts)


def _collected_inputs(step: UnresolvedStep, mapping_keys: MappingKeys) -> tuple[StepInput, ...]:
    """Return the step's inputs, the lists made that it collects."""
    return tuple(_collected(step_input, mapping_keys) for step_input in step.inputs)


def _collected(step_input: StepInput, mapping_keys: MappingKeys) -> StepInput:
    sources = step_input.single_sources
    if not any(_is_known(source, mapping_keys) for source in sources):
        return step_input
    found: list[SingleSource] = []
    for source in sources:
        if isinstance(source, FromDynamicCollect) and _is_known(source, mapping_keys):
            keys = mapping_keys[source.fan_out.output]
            found += [_for_mapping_key(source, key) for key in keys]
        else:
            found.append(source)
    return replace(step_input, source=FromMultipleSources(tuple(found)))


def _is_known(source: SingleSource, mapping_keys: MappingKeys) -> bool:
    return isinstance(source, FromDynamicCollect) and source.fan_out.output in mapping_keys


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
