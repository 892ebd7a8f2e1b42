"""Steps of the schema ``runs``."""
