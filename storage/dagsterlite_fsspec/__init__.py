"""Intermediates, file managers and compute logs on any fsspec file system."""
