from __future__ import annotations

from typing import Any

import pytest

from dagsterlite import (
    CompositeSolidDefinition,
    ConfigMapping,
    DagsterInvalidConfigDefinitionError,
    DagsterInvalidConfigError,
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
    DependencyDefinition,
    GraphDefinition,
    GraphIn,
    GraphOut,
    In,
    InputDefinition,
    JobDefinition,
    Nothing,
    Out,
    OutputDefinition,
    ParameterCheckError,
    config_mapping,
    graph,
    job,
    op,
)


@op
def one() -> int:
    return 1


@op
def add(a: int, b: int = 1) -> int:
    return a + b


@op
def total(numbers: list[int]) -> int:
    return sum(numbers)


@op
def anything(value):
    return value


@op(out={"low": Out(), "high": Out()})
def split(n: int) -> tuple[int, int]:
    return n - 1, n + 1


def calls_one():
    return one()


@op(ins={"start": In(Nothing)}, out=Out(Nothing))
def waits():
    return None


def types_of(definition: GraphDefinition) -> tuple[dict[str, str], dict[str, str]]:
    return (
        {item.name: item.dagster_type.display_name for item in definition.input_defs},
        {item.name: item.dagster_type.display_name for item in definition.output_defs},
    )


# --- what a function describes -------------------------------------------------------------------


def test_a_graph_is_a_composite_read_off_its_function():
    @graph
    def twice(x: int) -> int:
        """Add it to itself."""
        return add(x, x)  # type: ignore[no-any-return]

    assert isinstance(twice, CompositeSolidDefinition)
    assert twice.label == "graph 'twice'"
    assert twice.description == "Add it to itself."
    assert types_of(twice) == ({"x": "Int"}, {"result": "Int"})
    assert twice.graph.solid_named("add").label == "op 'add'"


def test_inputs_and_outputs_without_annotation_are_of_the_type_of_what_they_lead_to():
    @graph
    def typed(x, xs, y):
        anything(x)
        total.alias("sums")(xs)
        return total([add(x), y])

    @graph
    def untyped(x):
        return anything(x)

    @graph
    def ends(start):
        return waits(start)

    assert types_of(typed) == ({"x": "Int", "xs": "[Int]", "y": "Int"}, {"result": "Int"})
    assert types_of(untyped) == ({"x": "Any"}, {"result": "Any"})
    assert types_of(ends) == ({"start": "Nothing"}, {"result": "Nothing"})


def test_a_graph_without_a_returned_output_has_none():
    @graph
    def silent():
        one()

    assert types_of(silent) == ({}, {})


@pytest.mark.parametrize(
    "body",
    [
        lambda: {"a": one(), "b": add(one.alias("first")())},
        lambda: (one(), add(one.alias("first")())),
    ],
)
def test_several_outputs_are_returned_by_name_or_in_the_order_of_out(body):
    made = graph(name="two", out={"a": GraphOut("The one."), "b": GraphOut()})(body)

    assert types_of(made)[1] == {"a": "Int", "b": "Int"}
    assert made.output_def_named("a").description == "The one."
    assert [m.maps_from.solid_name for m in made.output_mappings] == ["one", "add"]


def test_the_outputs_of_one_op_are_returned_at_once():
    @graph(out={"high": GraphOut(), "low": GraphOut()})
    def both(n):
        return split(n)

    places = {m.definition.name: m.maps_from.output_name for m in both.output_mappings}
    assert places == {"low": "low", "high": "high"}


def test_ins_describe_the_parameters():
    @graph(ins={"x": GraphIn("The number.")})
    def described(x, y: int = 3):
        return add(x, y)

    assert described.input_def_named("x").description == "The number."
    assert described.input_def_named("y").default_value == 3


def test_inputs_and_outputs_may_be_given_as_lists():
    @graph(input_defs=[InputDefinition("x", int)], output_defs=[OutputDefinition(int, "sum")])
    def older(x):
        return {"sum": add(x)}

    assert types_of(older) == ({"x": "Int"}, {"sum": "Int"})
    with pytest.raises(
        DagsterInvalidDefinitionError,
        match="'input_defs', 'ins' are two names of one argument",
    ):
        graph(ins={}, input_defs=[])(calls_one)


@pytest.mark.parametrize(
    ("arguments", "body", "words"),
    [
        ({}, lambda x: one(), "@graph 'g': input 'x' is handed to no op inside"),
        ({}, lambda: 5, "its function returned 5. Return an output of an op called inside"),
        ({"out": {"a": GraphOut()}}, lambda: None, "does not return output 'a' of out"),
        ({"out": {"a": GraphOut()}}, lambda: {"b": one()}, "output 'b' that is not in out"),
        ({}, lambda: add(one), "is given an op that was not called: write one"),
        ({}, lambda: add(5), "outputs of other ops and inputs of the graph can be handed on"),
        ({}, lambda: add(one(), c=one()), "op 'add' has no input 'c'"),
        ({"ins": {"y": GraphIn()}}, calls_one, "ins name 'y' but the function has no such"),
        ({}, lambda: waits(add(waits())), "input 'a' of op 'add', of type Int, needs a value"),
    ],
)
def test_a_function_that_describes_no_graph_is_refused(arguments, body, words):
    with pytest.raises(DagsterInvalidDefinitionError, match=words):
        graph(name="g", **arguments)(body)


def test_a_type_that_does_not_fit_is_refused():
    with pytest.raises(DagsterInvalidDefinitionError, match="both must be of type Int"):

        @graph
        def wrong(x: str):
            return add(x)

    with pytest.raises(DagsterInvalidDefinitionError, match=r"mapped from .*op 'add' of type Int"):

        @graph
        def also() -> str:
            return add(one())  # type: ignore[no-any-return]


def test_a_generator_describes_no_graph():
    with pytest.raises(DagsterInvalidDefinitionError, match="its function yields"):

        @graph
        def wrong():
            yield one()


def test_a_graph_is_called_inside_another_or_a_job_only():
    @graph
    def inner():
        return one()

    with pytest.raises(DagsterInvariantViolationError, match="under @job or @graph can it be"):
        inner()
    assert one() == 1


# --- by hand -------------------------------------------------------------------------------------


def test_a_graph_can_be_made_by_hand():
    made = GraphDefinition(
        "g",
        description="By hand.",
        node_defs=[one, add],
        dependencies={"add": {"a": DependencyDefinition("one")}},
        output_mappings=[OutputDefinition(int).mapping_from("add")],
        tags={"team": "data"},
    )

    assert made.execute_in_process().output_value() == 2
    assert (made.description, made.tags) == ("By hand.", {"team": "data"})
    with pytest.raises(DagsterInvalidDefinitionError, match=r"graph 'g' has no op 'onne'.*'one'"):
        GraphDefinition("g", node_defs=[one], dependencies={"onne": {}})
    with pytest.raises(DagsterInvalidDefinitionError, match="node_defs must be a list of ops"):
        GraphDefinition("g", node_defs=[lambda: 1])  # type: ignore[list-item]
    with pytest.raises(ParameterCheckError, match="'config' must be a dict or a ConfigMapping"):
        GraphDefinition("g", node_defs=[one], config="x")  # type: ignore[arg-type]


# --- in graphs and jobs --------------------------------------------------------------------------


def test_graphs_nest_in_graphs_and_jobs_and_are_placed_like_ops():
    @graph
    def inc(x):
        return add(x)

    @graph
    def thrice(x):
        return inc.alias("last")(inc(inc(x)))

    @job
    def nested():
        return thrice.tag({"size": "s"})(one())

    result = nested.execute_in_process()

    assert result.output_value() == 4
    assert result.output_for_node("thrice.inc_2.add") == 3
    assert result.output_for_node("thrice.last") == 4
    assert nested.solid_named("thrice").tags == {"size": "s"}


def test_a_graph_is_bound_to_several_jobs():
    @op(required_resource_keys={"db"}, config_schema={"n": int})
    def reads(context) -> str:
        """Read."""
        return f"{context.resources.db}-{context.op_config['n']}"

    @graph(tags={"a": "1", "b": "1"})
    def flow():
        """Flow."""
        return reads()

    local = flow.to_job(
        resource_defs={"db": "sqlite"}, config={"ops": {"reads": {"config": {"n": 1}}}}
    )
    prod = flow.to_job(
        name="prod", description="Prod.", resource_defs={"db": "postgres"}, tags={"b": "2"},
        metadata={"owner": "data"},
    )  # fmt: skip

    assert isinstance(local, JobDefinition)
    assert (local.name, local.description, local.tags) == ("flow", "Flow.", {"a": "1", "b": "1"})
    assert (prod.name, prod.description, prod.tags) == ("prod", "Prod.", {"a": "1", "b": "2"})
    assert prod.metadata == {"owner": "data"}
    assert local.execute_in_process().output_value() == "sqlite-1"
    config = {"ops": {"reads": {"config": {"n": 2}}}}
    assert prod.execute_in_process(config).output_value() == "postgres-2"


def test_graphs_and_jobs_tell_of_their_nodes():
    @graph
    def inner():
        return add(one(), one.alias("other")())

    @job
    def outer():
        inner()

    assert [node.name for node in inner.nodes] == ["one", "other", "add"]
    assert inner.node_defs == [one, add]
    assert inner.node_dict["other"].definition is one
    assert outer.node_named("inner").definition is inner
    assert (outer.has_node_named("inner"), outer.has_node_named("one")) == (True, False)
    with pytest.raises(DagsterInvariantViolationError, match="job 'outer' has no op 'iner'"):
        outer.node_named("iner")


def test_a_graph_runs_by_itself_with_values_for_its_inputs():
    @graph
    def sums(x, y):
        return add(x, y)

    assert sums.execute_in_process(input_values={"x": 2, "y": 3}).output_value() == 5
    assert sums.execute_in_process({"inputs": {"x": 2, "y": {"value": 4}}}).output_value() == 6
    mixed = sums.execute_in_process({"inputs": {"x": 2}}, input_values={"y": 7})
    assert mixed.output_value() == 9


# --- config --------------------------------------------------------------------------------------


@op(config_schema={"n": int, "m": int})
def scaled(context) -> int:
    return int(context.op_config["n"]) * int(context.op_config["m"])


def test_a_config_mapping_gives_a_graph_a_config_of_its_own():
    mapping = ConfigMapping(lambda n: {"scaled": {"config": {"n": n, "m": 10}}}, int)

    @graph(config=mapping)
    def simple():
        return scaled()

    @job
    def outer():
        return simple()

    inside: dict[str, Any] = {"ops": {"simple": {"config": 3}}}
    assert outer.execute_in_process(inside).output_value() == 30
    assert simple.execute_in_process({"ops": {"config": 4}}).output_value() == 40


def test_a_config_mapping_without_a_schema_takes_any_config_and_none():
    @config_mapping()
    def times_ten(config: int | None) -> dict[str, Any]:
        return {"scaled": {"config": {"n": config or 1, "m": 10}}}

    @graph(config=times_ten)
    def simple():
        return scaled()

    @job
    def outer():
        return simple()

    inside: dict[str, Any] = {"ops": {"simple": {"config": 3}}}
    assert outer.execute_in_process(inside).output_value() == 30
    assert outer.execute_in_process().output_value() == 10


def test_a_dict_is_the_config_of_a_graphs_ops_where_none_is_given():
    @graph(config={"scaled": {"config": {"n": 2, "m": 3}}})
    def simple():
        return scaled()

    @job
    def outer():
        return simple()

    assert simple.execute_in_process().output_value() == 6
    assert outer.execute_in_process().output_value() == 6
    given = {"scaled": {"config": {"n": 5, "m": 5}}}
    assert simple.execute_in_process({"ops": given}).output_value() == 25
    assert outer.execute_in_process({"ops": {"simple": {"ops": given}}}).output_value() == 25


def test_a_dict_that_is_no_config_of_a_graphs_ops_is_told_when_a_job_is_made():
    @graph(config={"scaled": {"config": {"n": 2}}})
    def simple():
        return scaled()

    with pytest.raises(
        DagsterInvalidConfigDefinitionError,
        match=r"graph 'simple': argument 'config' is wrong: .*Missing required field \"m\"",
    ):

        @job
        def outer():
            simple()

    with pytest.raises(DagsterInvalidConfigError, match=r'"scald" at path ops. Did you mean'):
        graph(name="slip", config={"scald": {}})(lambda: scaled()).to_job()  # noqa: PLW0108
