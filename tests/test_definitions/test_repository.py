"""Repositories of pipelines."""

from __future__ import annotations

import cloudpickle
import pytest

from dagsterlite import (
    CheckError,
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
    ParameterCheckError,
    PipelineDefinition,
    RepositoryDefinition,
    lambda_solid,
    pipeline,
    repository,
)


@lambda_solid
def one():
    return 1


@pipeline
def first():
    one()


@pipeline
def second():
    one.alias("other")()


def conflicting():
    @lambda_solid(name="one")
    def another():
        return 2

    @pipeline(name="third")
    def made():
        another()

    return made


def test_a_function_that_returns_a_list_makes_a_repository():
    @repository
    def mine():
        """All of mine."""
        return [first, second]

    assert isinstance(mine, RepositoryDefinition)
    assert (mine.name, mine.description) == ("mine", "All of mine.")
    assert mine.pipeline_names == ["first", "second"]
    assert mine.get_all_pipelines() == [first, second]
    assert mine.get_pipeline("second") is second
    assert mine.has_pipeline("first")
    assert not mine.has_pipeline("third")


def test_a_name_and_a_description_may_be_given():
    @repository(name="other", description="Others.")
    def mine():
        return []

    assert (mine.name, mine.description, mine.pipeline_names) == ("other", "Others.", [])


def test_functions_are_called_once_and_only_for_the_pipeline_that_is_asked_for():
    calls = []

    def make(name):
        calls.append(name)
        return pipeline(name=name)(one)

    @repository
    def lazy():
        return {
            "pipelines": {"first": first, "a": lambda: make("a")},
            "jobs": {"b": lambda: make("b")},
        }

    assert lazy.pipeline_names == lazy.job_names == ["first", "a", "b"]
    assert lazy.has_job("b")
    assert calls == []
    made = lazy.get_pipeline("a")
    assert lazy.get_job("a") is made
    assert calls == ["a"]
    assert lazy.get_all_jobs() == lazy.get_all_pipelines() == [first, made, lazy.get_job("b")]
    assert calls == ["a", "b"]


def test_a_name_that_is_not_there_is_told_with_those_that_are():
    mine = RepositoryDefinition("mine", [first, second])

    with pytest.raises(
        DagsterInvariantViolationError, match=r"'mine' has no pipeline 'frist'. Did you mean 'first"
    ):
        mine.get_pipeline("frist")


def test_what_a_function_raises_comes_through_and_it_is_called_again():
    outcomes = [ZeroDivisionError("not yet"), first]

    def make():
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    mine = RepositoryDefinition("mine", {"first": make})

    with pytest.raises(ZeroDivisionError):
        mine.get_pipeline("first")
    assert mine.get_pipeline("first") is first


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: second, "under the name 'first' is the pipeline 'second'"),
        (lambda: 5, "'first' returned 5 of type int; it must return a PipelineDefinition"),
        (lambda: PipelineDefinition([one]), "needs a name"),
    ],
)
def test_a_function_returns_the_pipeline_of_its_name(make, words):
    mine = RepositoryDefinition("mine", {"first": make})

    with pytest.raises(DagsterInvalidDefinitionError, match=f"repository 'mine': .*{words}"):
        mine.get_pipeline("first")


def test_two_definitions_of_one_solid_are_refused_with_both_pipelines():
    words = r"Conflicting definitions found in repository 'mine'.*'first' and 'third' named 'one'"

    with pytest.raises(DagsterInvalidDefinitionError, match=words):
        RepositoryDefinition("mine", [first, conflicting()])
    lazy = RepositoryDefinition("mine", {"first": first, "third": conflicting})
    with pytest.raises(DagsterInvalidDefinitionError, match=words):
        lazy.get_all_pipelines()


def test_one_solid_definition_may_stand_in_several_pipelines():
    assert len(RepositoryDefinition("mine", [first, second, first]).pipeline_names) == 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (5, "returned 5 of type int. It must return a list of pipelines"),
        (None, "returned None"),
        ({"schedules": {}}, "there are no schedules in dagsterlite"),
        ({"sensors": {}}, "there are no sensors in dagsterlite"),
        ({"pipelins": {}}, "Did you mean 'pipelines'?"),
        ({"pipelines": {"first": first}, "jobs": {"first": first}}, "'first' stands in both"),
        ({"pipelines": {"second": first}}, "under the name 'second' is the pipeline 'first'"),
        ({"pipelines": {"a b": lambda: first}}, "'a b' is not a valid name"),
        ({"pipelines": {"first": lambda _: first}}, r"'pipelines\['first'\]' must take 0"),
        ([first, pipeline(name="first")(one)], "two different pipelines named"),
    ],
)
def test_what_the_function_returns_is_checked(answer, words):
    with pytest.raises(DagsterInvalidDefinitionError, match=words) as caught:
        repository(name="mine")(lambda: answer)

    assert "repository 'mine'" in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([first, 5], "a list of pipelines, not 5"),
        ([conflicting], r"a list of pipelines \(functions that make them stand in a dict"),
        ({"pipelines": [first]}, "'pipelines' must be a dict from name"),
        ({"pipelines": {"first": 5}}, r"'pipelines\['first'\]' must be a pipeline, or a function"),
    ],
)
def test_what_is_no_pipeline_is_refused_by_its_place(answer, words):
    with pytest.raises(ParameterCheckError, match=words):
        repository(name="mine")(lambda: answer)


def test_a_repository_s_function_takes_nothing_and_returns():
    with pytest.raises(DagsterInvalidDefinitionError, match="must take no parameters"):

        @repository()  # type: ignore[arg-type]
        def takes(context):
            return []

    with pytest.raises(DagsterInvalidDefinitionError, match="its function yields"):

        @repository
        def yields():
            yield first

    with pytest.raises(DagsterInvalidDefinitionError, match="'no name' is not a valid name"):
        repository(name="no name")(list)
    with pytest.raises(CheckError, match="must decorate a function"):
        repository()(5)  # type: ignore[arg-type]
    with pytest.raises(ParameterCheckError, match="'pipelines' must be a list or dict"):
        RepositoryDefinition("mine", "first")  # type: ignore[arg-type]


def test_a_repository_travels():
    there = cloudpickle.loads(
        cloudpickle.dumps(RepositoryDefinition("mine", {"first": lambda: first}))
    )

    assert there.get_pipeline("first").solid_names == ["one"]
