"""The run config of a pipeline as a document to be filled in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagsterlite import (
    CheckError,
    DagsterInvariantViolationError,
    Field,
    ModeDefinition,
    ParameterCheckError,
    PresetDefinition,
    ResourceDefinition,
    composite_solid,
    pipeline,
    scaffold_run_config,
    solid,
    validate_run_config,
)
from dagsterlite.config.yaml_document import parse_yaml
from dagsterlite.run_config.resolved import EnvironmentConfig
from tests.test_config.test_properties import SAMPLES, UNHURRIED, Sample


@solid(
    config_schema={"path": str, "rows": Field(int, default_value=3)}, required_resource_keys={"db"}
)
def scaffolded(_context):
    """Load it."""


@composite_solid
def scaffolding():
    scaffolded()


@pipeline(
    mode_defs=[
        ModeDefinition("dev", {"db": ResourceDefinition.string_resource("Where it is.")}),
        ModeDefinition("prod", {"db": ResourceDefinition.none_resource()}),
    ],
    preset_defs=[
        PresetDefinition(
            "small",
            {"ops": {"scaffolded": {"config": {"path": "p"}}}, "resources": {"db": "d"}},
            ["scaffolded"],
            "dev",
        ),
    ],
)
def to_scaffold():
    scaffolding()
    scaffolded()


def test_a_scaffold_is_of_the_first_mode_and_fits_once_it_is_filled_in():
    document = scaffold_run_config(to_scaffold)

    assert document.startswith("# Run config of pipeline 'to_scaffold' in mode 'dev'.\nsolids:\n")
    assert "# Load it.\n" in document
    assert "# Where it is.\n" in document
    filled = document.replace("path:", "path: p").replace("    config:  #", "    config: d  #")
    config = parse_yaml(filled)
    assert config["solids"]["scaffolding"]["solids"]["scaffolded"]["config"] == {
        "path": "p",
        "rows": 3,
    }
    assert validate_run_config(to_scaffold, config, "dev") == config


def test_a_scaffold_of_another_mode_asks_for_what_that_needs():
    document = scaffold_run_config(to_scaffold, "prod", only_required=True)

    assert parse_yaml(document) == {
        "solids": {
            "scaffolding": {"solids": {"scaffolded": {"config": {"path": None}}}},
            "scaffolded": {"config": {"path": None}},
        }
    }


def test_a_scaffold_may_begin_with_a_preset_its_mode_and_its_selection():
    document = scaffold_run_config(to_scaffold, preset="small", only_required=True)

    assert document.startswith(
        "# Run config of pipeline 'to_scaffold' in mode 'dev' and preset 'small'.\n"
    )
    assert parse_yaml(document) == {
        "solids": {"scaffolded": {"config": {"path": "p"}}},
        "resources": {"db": "d"},
    }


def test_a_pipeline_that_needs_nothing_has_an_empty_scaffold():
    @pipeline
    def needs_nothing():
        pass

    assert parse_yaml(scaffold_run_config(needs_nothing, only_required=True)) == {}
    document = scaffold_run_config(needs_nothing)
    assert validate_run_config(needs_nothing, parse_yaml(document)) == parse_yaml(document)


def test_a_scaffold_refuses_what_a_run_refuses():
    with pytest.raises(CheckError, match=r"mode .* and preset"):
        scaffold_run_config(to_scaffold, "dev", "small")
    with pytest.raises(DagsterInvariantViolationError, match="Did you mean 'prod'"):
        scaffold_run_config(to_scaffold, "prd")
    with pytest.raises(ParameterCheckError, match="'pipeline'"):
        scaffold_run_config(5)  # type: ignore[arg-type]


@given(st.lists(SAMPLES, min_size=1, max_size=3), st.booleans())
@settings(UNHURRIED, max_examples=40)
def test_random_config_is_the_same_given_in_a_preset_by_its_scaffold_or_ahead(
    samples: list[Sample], only_required: bool
) -> None:
    solids = [
        solid(f"s{n}", config_schema=s.config_type)(lambda context: context.solid_config)
        for n, s in enumerate(samples)
    ]
    run_config = {"solids": {f"s{n}": {"config": s.value} for n, s in enumerate(samples)}}

    @pipeline(preset_defs=[PresetDefinition("given", run_config)])
    def given_later():
        for item in solids:
            item()

    @pipeline
    def given_ahead():
        for item, sample in zip(solids, samples, strict=True):
            item.configured(sample.value, f"{item.name}_ahead").alias(item.name)()

    document = scaffold_run_config(given_later, preset="given", only_required=only_required)

    environ = {"NUMBER": "42"}
    expected = EnvironmentConfig.build(given_later, run_config, environ=environ)
    scaffolded = EnvironmentConfig.build(given_later, parse_yaml(document), environ=environ)
    assert scaffolded.solids == expected.solids
    assert EnvironmentConfig.build(given_ahead, environ=environ).solids == expected.solids
