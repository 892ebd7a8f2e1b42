"""What users declare: solids, pipelines, modes, resources, loggers, executors and storages."""
