"""Steps of the schema ``event_logs``."""
