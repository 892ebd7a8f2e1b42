"""A Dask-native distributed execution framework with Dagster's programming model."""
