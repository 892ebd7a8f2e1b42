"""What is promised of speed, measured: ``python -m benchmarks``."""
