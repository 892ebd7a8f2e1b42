"""What happens in a run, as records: yielded by user code, told by the engine, kept in the log."""
