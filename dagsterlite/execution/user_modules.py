"""Files of the user's code, loaded as modules."""

from __future__ import annotations

import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

from dagsterlite.errors import DagsterPipelineLoadError


def load_file(path: str) -> ModuleType:
    """Load a file of Python as a module.

    Raises:
        DagsterPipelineLoadError: it is no file of Python.
        BaseException: what its code raises.
    """
    name = _module_name(path)
    spec = spec_from_file_location(name, os.path.abspath(path))
    if spec is None or spec.loader is None:
        message = f"{path} is no file of Python: its name must end in .py."
        raise DagsterPipelineLoadError(message)
    module = module_from_spec(spec)
    # Values of classes that the file defines are pickled by the module's name.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _module_name(path: str) -> str:
    """Return the file's own name as ``import`` knows it, or another where that one is taken."""
    stem = os.path.splitext(os.path.basename(path))[0]
    is_taken = stem in sys.modules or stem in sys.stdlib_module_names
    return f"pipelines_in_{stem}" if is_taken or not stem.isidentifier() else stem
