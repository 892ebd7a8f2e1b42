"""The paths of the contexts that user code is given."""
