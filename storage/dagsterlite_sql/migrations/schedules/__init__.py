"""Steps of the schema ``schedules``."""
