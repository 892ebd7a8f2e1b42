"""Solids mapped over dynamic outputs: how they are composed, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dagsterlite import (
    CompositeSolidDefinition,
    DependencyDefinition,
    DynamicCollectDependencyDefinition,
    DynamicOutput,
    DynamicOutputDefinition,
    InputDefinition,
    Int,
    List,
    MultiDependencyDefinition,
    Nothing,
    OutputDefinition,
    PipelineDefinition,
    composite_solid,
    lambda_solid,
    pipeline,
    solid,
)
from dagsterlite.definitions.dependency import Dependency
from dagsterlite.definitions.subset import subset_pipeline
from dagsterlite.errors import (
    DagsterInvalidDefinitionError,
    DagsterInvalidSubsetError,
    DagsterInvariantViolationError,
    ParameterCheckError,
)


@solid(output_defs=[DynamicOutputDefinition(int)])
def numbers(_context):
    yield DynamicOutput(1, "one")


@solid(input_defs=[InputDefinition("number")], output_defs=[DynamicOutputDefinition(int)])
def numbers_from(_context, number):
    yield DynamicOutput(number, "one")


@lambda_solid
def plain():
    return 1


@lambda_solid
def double(number):
    return 2 * number


@lambda_solid
def add(first, second):
    return first + second


@lambda_solid(input_defs=[InputDefinition("found", List[Int])])
def total(found):
    return sum(found)


def edges(definition: PipelineDefinition | CompositeSolidDefinition, name: str) -> list[Dependency]:
    return list(definition.graph.dependencies[name].values())


MAPPED = [DependencyDefinition("numbers")]
COLLECTED = [DynamicCollectDependencyDefinition("double")]


# --- composing -----------------------------------------------------------------------------------


def test_a_solid_is_mapped_and_its_outputs_collected() -> None:
    @pipeline
    def sums():
        total(numbers().map(double).collect())

    assert edges(sums, "double") == MAPPED
    assert edges(sums, "total") == COLLECTED


def test_a_dynamic_output_is_collected_itself() -> None:
    @pipeline
    def sums():
        total(numbers().collect())

    assert edges(sums, "total") == [DynamicCollectDependencyDefinition("numbers")]


def test_a_function_that_calls_several_solids_is_mapped() -> None:
    @pipeline
    def sums():
        other = plain()
        firsts, seconds = numbers().map(lambda n: (double(n), add(double(n), other)))
        total(firsts.collect())
        total.alias("total_of_sums")(seconds.collect())

    assert edges(sums, "double") == MAPPED
    assert edges(sums, "double_2") == MAPPED
    assert edges(sums, "add") == [DependencyDefinition("double_2"), DependencyDefinition("plain")]
    assert edges(sums, "total_of_sums") == [DynamicCollectDependencyDefinition("add")]


def test_what_is_mapped_is_handed_on_like_any_output_and_mapped_again() -> None:
    @pipeline
    def sums():
        mapped = numbers().map(double)
        handed_on = double.alias("handed_on")(mapped)
        listed = total([mapped, handed_on])
        again = listed.map(double.alias("again"))
        total.alias("last")(again.collect())

    assert edges(sums, "handed_on") == [DependencyDefinition("double")]
    assert edges(sums, "again") == [DependencyDefinition("total")]
    assert edges(sums, "last") == [DynamicCollectDependencyDefinition("again")]


def quietly(number):
    double(number)


def test_a_mapped_function_may_return_nothing() -> None:
    @pipeline
    def effects():
        assert numbers().map(quietly) is None

    assert edges(effects, "double") == MAPPED


def test_one_of_several_outputs_is_dynamic() -> None:
    @solid(output_defs=[OutputDefinition(int, "count"), DynamicOutputDefinition(int, "values")])
    def both(_context):
        yield DynamicOutput(1, "one", "values")

    @pipeline
    def sums():
        count, values = both()
        double.alias("of_count")(count)
        total(values.map(double).collect())

    assert edges(sums, "of_count") == [DependencyDefinition("both", "count")]
    assert edges(sums, "double") == [DependencyDefinition("both", "values")]


def test_hand_written_dependencies_map_and_collect() -> None:
    dependencies: dict[str, dict[str, Dependency]] = {
        "double": {"number": DependencyDefinition("numbers")},
        "total": {"found": DynamicCollectDependencyDefinition("double")},
    }
    sums = PipelineDefinition([numbers, double, total], "sums", dependencies=dependencies)

    assert edges(sums, "double") == MAPPED
    assert edges(sums, "total") == COLLECTED
    assert sums.graph.upstream()["total"] == {"double"}


# --- composites ----------------------------------------------------------------------------------


def test_a_composite_may_hold_mapping_and_collecting_whole() -> None:
    @composite_solid
    def sum_of_all():
        return total(numbers().map(double).collect())

    @pipeline
    def sums():
        double.alias("twice")(sum_of_all())

    assert not sum_of_all.output_defs[0].is_dynamic
    assert edges(sums, "twice") == [DependencyDefinition("sum_of_all")]


@pytest.mark.parametrize("inside", [numbers, lambda: numbers().map(double)])
def test_the_output_of_a_composite_is_dynamic_where_that_inside_is(
    inside: Callable[[], Any],
) -> None:
    @composite_solid
    def dynamic():
        return inside()

    @pipeline
    def sums():
        total(dynamic().map(add_one_twice).collect())

    assert isinstance(dynamic.output_defs[0], DynamicOutputDefinition)
    assert edges(sums, "total") == [DynamicCollectDependencyDefinition("add_one_twice")]


@composite_solid
def add_one_twice(number):
    return double.alias("second")(double.alias("first")(number))


def test_the_output_of_a_composite_must_be_defined_as_it_is() -> None:
    with pytest.raises(
        DagsterInvalidDefinitionError,
        match="output 'result' is mapped from output 'result' of solid 'double', which has a value "
        "for each mapping key: define it by DynamicOutputDefinition",
    ):

        @composite_solid(output_defs=[OutputDefinition()])
        def hides():
            return numbers().map(double)

    with pytest.raises(DagsterInvalidDefinitionError, match="one value, not dynamic: define it by"):

        @composite_solid(output_defs=[DynamicOutputDefinition()])
        def pretends(number):
            return double(number)


# --- what is refused -----------------------------------------------------------------------------


def refused(fn: Callable[[], Any], message: str) -> None:
    with pytest.raises(DagsterInvalidDefinitionError, match=message):
        pipeline(name="refused")(fn)


def test_a_dynamic_output_is_not_handed_on_as_it_is() -> None:
    mend = r"emit.*numbers\(…\).map\(solid\), or hand on their list: numbers\(…\).collect\(\)"
    for call in (double, lambda n: total([n]), lambda n: add(n, plain())):
        refused(
            lambda call=call: call(numbers()),  # type: ignore[misc]
            mend.replace("emit.*", "dynamic output 'result' of solid 'numbers' as it is.*"),
        )


def test_a_solid_is_not_mapped_over_two_dynamic_outputs() -> None:
    refused(
        lambda: numbers().map(lambda n: numbers.alias("others")().map(lambda m: add(n, m))),
        "solid 'add' cannot be mapped over two dynamic outputs: it is downstream of output "
        "'result' of solid 'numbers' and of output 'result' of solid 'others'. Collect one",
    )


def test_dynamic_outputs_are_not_nested() -> None:
    refused(
        lambda: numbers().map(numbers_from).map(double),
        "solid 'numbers_from' has the dynamic output 'result' and is itself mapped over output "
        "'result' of solid 'numbers': dynamic outputs cannot be nested",
    )


def test_a_dynamic_output_inside_a_mapped_composite_is_nested_too() -> None:
    @composite_solid
    def inner(number):
        return total(numbers_from(number).map(double).collect())

    @composite_solid
    def outer(number):
        return inner(number)

    refused(
        lambda: numbers().map(outer),
        "'refused': solid 'outer.inner.numbers_from' has the dynamic output 'result' and is itself "
        "mapped over output 'result' of solid 'numbers'",
    )


def test_two_dynamic_outputs_do_not_meet_inside_a_composite() -> None:
    @composite_solid
    def inner(first, second):
        return add(first, second)

    refused(
        lambda: numbers().map(lambda n: numbers.alias("others")().map(lambda m: inner(n, m))),
        "solid 'inner.add' cannot be mapped over two dynamic outputs",
    )


def test_what_collected_one_dynamic_output_may_have_another() -> None:
    @pipeline
    def chained():
        again = numbers_from(total(numbers().map(double).collect()))
        total.alias("last")(again.map(double).collect())

    assert edges(chained, "last") == [DynamicCollectDependencyDefinition("double_2")]


def test_one_value_is_neither_mapped_nor_collected() -> None:
    for call in (lambda: plain().map(double), lambda: plain().collect()):
        with pytest.raises(
            DagsterInvariantViolationError, match="Output 'result' of solid 'plain' is not dynamic"
        ):
            pipeline(name="refused")(call)
    with pytest.raises(
        DagsterInvalidDefinitionError,
        match="input 'found' of solid 'total' collects output 'result' of solid 'plain', which is "
        "one value",
    ):
        PipelineDefinition(
            [plain, total],
            dependencies={
                "plain": {},
                "total": {"found": DynamicCollectDependencyDefinition("plain")},
            },
        )


def test_a_collected_list_is_an_inputs_only_source() -> None:
    refused(
        lambda: total([numbers().collect(), plain()]),
        "position 0 is given the collected output 'result' of solid 'numbers', which is a list by",
    )


def test_a_collected_list_needs_an_input_of_a_list_type() -> None:
    @lambda_solid(input_defs=[InputDefinition("number", Int)])
    def of_one(number):
        return number

    @lambda_solid(input_defs=[InputDefinition("start", Nothing)])
    def after():
        return None

    refused(lambda: of_one(numbers().collect()), "does not support fan-in")
    pipeline(name="fits")(lambda: after(numbers().collect()))


@pytest.mark.parametrize("deed", [iter, bool, lambda handle: handle[0]])
def test_a_handle_on_a_dynamic_output_has_no_value(deed: Callable[[Any], Any]) -> None:
    for make in (numbers, lambda: numbers().collect(), lambda: numbers().map(double)):
        with pytest.raises(DagsterInvariantViolationError, match="has no value while the graph"):
            pipeline(name="refused")(lambda make=make: deed(make()))  # type: ignore[misc]


def test_what_is_mapped_must_be_a_function_that_returns_outputs() -> None:
    with pytest.raises(ParameterCheckError, match="a function of one handle that calls solids"):
        pipeline(name="refused")(lambda: numbers().map("double"))
    refused(lambda: numbers().map(lambda n: (double(n), 1)), "mapped over it returned")
    refused(lambda: numbers().map(lambda n: double), "Return the output of a solid called inside")


def test_a_collected_solid_must_be_there() -> None:
    dependencies: dict[str, dict[str, Dependency]] = {
        "double": {"number": DependencyDefinition("numbers")},
        "total": {"found": DynamicCollectDependencyDefinition("dubble")},
    }
    with pytest.raises(DagsterInvalidDefinitionError, match="solid 'dubble', which is not there"):
        PipelineDefinition([numbers, double, total], dependencies=dependencies)


def test_a_dependency_of_another_form_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(DagsterInvalidDefinitionError, match="or DynamicCollectDependencyDefinit"):
        PipelineDefinition([total], dependencies={"total": {"found": "numbers"}})  # type: ignore[arg-type]
    collect: Any = DynamicCollectDependencyDefinition("numbers")
    with pytest.raises(DagsterInvalidDefinitionError, match="a source of dependencies"):
        PipelineDefinition(
            [numbers, total],
            dependencies={"total": {"found": MultiDependencyDefinition([collect])}},
        )


# --- parts of a pipeline -------------------------------------------------------------------------


def test_a_part_without_the_dynamic_solid_must_get_its_values_from_elsewhere() -> None:
    @solid(input_defs=[InputDefinition("number", Int)])
    def typed(_context, number):
        return number

    @pipeline
    def sums():
        total(numbers().map(typed).collect())

    part = subset_pipeline(sums, ["typed"])
    assert part.graph.dependencies["typed"] == {}
    part = subset_pipeline(sums, ["total"])
    assert part.graph.dependencies["total"] == {}
    with pytest.raises(DagsterInvalidSubsetError, match="collects output 'result' of solid 'type"):
        subset_pipeline(sums, ["typed", "total"])


def test_a_mapping_key_holds_letters_digits_and_underscores() -> None:
    assert DynamicOutput(1, "A_1") == DynamicOutput(1, mapping_key="A_1", output_name="result")
    for key in ("", "a.b", "a b", "a[b]", "é", "a\n", "?"):
        with pytest.raises(DagsterInvalidDefinitionError, match="is not a valid mapping key"):
            DynamicOutput(1, key)
    with pytest.raises(ParameterCheckError, match="argument 'mapping_key' must be a text, not 1"):
        DynamicOutput(1, 1)  # type: ignore[arg-type]
    with pytest.raises(ParameterCheckError, match="metadata_entries"):
        DynamicOutput(1, "a", metadata_entries=["x"])  # type: ignore[list-item]
