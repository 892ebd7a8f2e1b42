"""The paths below ``core.execution``."""
