"""The two vocabularies of one implementation: solids in pipelines, ops in jobs."""

from __future__ import annotations

from dataclasses import dataclass

from dagsterlite.errors import with_article


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """How definitions of one vocabulary are called, in messages and in run config."""

    #: What computes.
    node: str
    #: A graph that stands in another as one node.
    composite: str
    #: What is run.
    pipeline: str
    #: The section of run config in which nodes are configured, the same inside composites.
    section: str
    #: The argument that holds the definitions in a graph.
    node_defs: str
    #: What makes a node of a function.
    node_decorators: str
    #: What makes a graph of a function.
    graph_decorators: str
    #: The arguments that hold the inputs and outputs of a definition.
    inputs: str
    outputs: str
    #: What defines an output of any number of values.
    dynamic_output: str
    #: The function or method that runs a pipeline, and its argument that selects nodes.
    runner: str
    selection: str
    #: Whether a pipeline has several modes, by name.
    has_modes: bool

    @property
    def a_node(self) -> str:
        """The node with its article."""
        return with_article(self.node)

    def provider(self, mode_name: str) -> str:
        """Return what provides a node's resources."""
        return f"mode '{mode_name}'" if self.has_modes else "resource_defs"


SOLIDS = Vocabulary(
    node="solid",
    composite="composite solid",
    pipeline="pipeline",
    section="solids",
    node_defs="solid_defs",
    node_decorators="@solid or @lambda_solid",
    graph_decorators="@pipeline or @composite_solid",
    inputs="input_defs",
    outputs="output_defs",
    dynamic_output="DynamicOutputDefinition",
    runner="execute_pipeline",
    selection="solid_selection",
    has_modes=True,
)

OPS = Vocabulary(
    node="op",
    composite="graph",
    pipeline="job",
    section="ops",
    node_defs="node_defs",
    node_decorators="@op",
    graph_decorators="@job or @graph",
    inputs="ins",
    outputs="out",
    dynamic_output="DynamicOut",
    runner="execute_in_process",
    selection="op_selection",
    has_modes=False,
)

OTHER_SECTION = {SOLIDS.section: OPS.section, OPS.section: SOLIDS.section}
"""For each name of the section of nodes, its other name: both mean the same (decision 23)."""
