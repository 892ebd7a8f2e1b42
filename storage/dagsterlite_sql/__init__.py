"""Runs, events and schedules in SQLite, Postgres and MySQL."""
