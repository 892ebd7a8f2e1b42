"""Steps of the schema ``event_index``."""
