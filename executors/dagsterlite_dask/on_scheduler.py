"""What is run inside the scheduler. Its code travels by value: nothing of ours is there."""

from __future__ import annotations

from typing import Any


def forget_topic(topic: str, dask_scheduler: Any = None) -> None:
    """Remove a topic and all that was told on it."""
    dask_scheduler._broker._topics.pop(topic, None)
