"""The dotted paths by which the documents, and programs with them, name some public classes.

Seeds 001 and 002 have ``core.execution.context.compute.AbstractComputeExecutionContext`` and
``core.instance.DagsterInstance``. All that is public is in ``dagsterlite`` itself.
"""
