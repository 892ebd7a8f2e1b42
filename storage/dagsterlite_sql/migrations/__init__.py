"""The way from each version of a schema to the next: a package a schema, a numbered module a step.

A module that was released is never edited: databases in the field were made by it. Each step uses
alembic's operations and says all that it does itself, never by way of today's ``schema``.
"""
