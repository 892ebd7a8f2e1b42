"""Pipelines, runs and their progress as text for people; HTML joins from the same models."""
