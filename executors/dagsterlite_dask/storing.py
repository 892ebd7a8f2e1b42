"""Which workers still store what steps have handed on, before these have their end. Pure."""

from __future__ import annotations

from collections.abc import Container


class Storing:
    """Steps that came to the end of their code, and whose outputs are stored behind it."""

    def __init__(self) -> None:
        self._workers: dict[str, str] = {}
        #: Steps whose workers did not come to tell that all is stored.
        self._given_up: set[str] = set()

    def note(self, step_key: str, worker: str) -> list[str]:
        """Note that a worker stores what a step has handed on.

        Args:
            step_key: The step.
            worker: The worker's address; empty where it turns out that nobody stores it.

        Returns:
            What is to be told.
        """
        self._workers[step_key] = worker
        self._given_up.discard(step_key)
        return [] if worker else self.give_up([worker])

    def give_up(self, workers: Container[str]) -> list[str]:
        """Wait no longer for workers; return what is to be told."""
        return [self._give_up(key) for key, worker in self._all() if worker in workers]

    def give_up_others(self, workers: Container[str]) -> list[str]:
        """Wait no longer for workers but these; return what is to be told."""
        return [self._give_up(key) for key, worker in self._all() if worker not in workers]

    def _all(self) -> list[tuple[str, str]]:
        return list(self._workers.items())

    def _give_up(self, step_key: str) -> str:
        worker = self._workers.pop(step_key) or "that it ran on"
        self._given_up.add(step_key)
        return (
            f'Step "{step_key}" came to its end, but worker {worker} did not tell that its outputs '
            "are stored. Where they are not, it runs again."
        )

    def forget(self, step_key: str) -> None:
        """Forget a step that has its end, or whose task does not count any more."""
        self._workers.pop(step_key, None)
        self._given_up.discard(step_key)

    def is_waited_for(self, step_key: str) -> bool:
        """Return whether a worker stores what a step has handed on."""
        return step_key in self._workers

    def is_given_up(self, step_key: str) -> bool:
        """Return whether the worker is not waited for any more that stored it."""
        return step_key in self._given_up
