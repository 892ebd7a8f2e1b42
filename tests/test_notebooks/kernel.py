"""Real kernels for tests: cells go in, messages come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

CELL_SECONDS = 90


@dataclass
class Cell:
    """What one cell gave."""

    #: The kind and content of each message, in order.
    messages: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the contents of the messages of a kind."""
        return [content for found, content in self.messages if found == kind]

    @property
    def printed(self) -> str:
        """What was printed."""
        return "".join(c["text"] for c in self.of("stream") if c["name"] == "stdout")

    @property
    def html(self) -> list[str]:
        """All HTML that was shown, in order; what replaces something too."""
        kinds = ("display_data", "update_display_data", "execute_result")
        data = [content["data"] for kind, content in self.messages if kind in kinds]
        return [one["text/html"] for one in data if "text/html" in one]

    @property
    def last_html(self) -> list[str]:
        """The HTML that stands under the cell in the end: what was replaced is gone."""
        shown: dict[object, str] = {}
        for number, (kind, content) in enumerate(self.messages):
            if kind in {"display_data", "update_display_data", "execute_result"}:
                place = content.get("transient", {}).get("display_id", number)
                shown[place] = content["data"].get("text/html", "")
        return [html for html in shown.values() if html]

    @property
    def plain_results(self) -> list[str]:
        """The values that the cell ended with, where they show themselves as text only."""
        data = [content["data"] for content in self.of("execute_result")]
        return [one["text/plain"] for one in data if "text/html" not in one]

    @property
    def error(self) -> tuple[str, str] | None:
        """The name and text of what the cell raised; None where it raised nothing."""
        return next(((c["ename"], c["evalue"]) for c in self.of("error")), None)


class Kernel:
    """A kernel that runs this interpreter."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self._manager = manager
        self._client = client

    def run(self, code: str, hear: Callable[[str, dict[str, Any]], None] | None = None) -> Cell:
        """Run a cell to its end; ``hear`` is told of each message as it comes."""
        cell = Cell()

        def take(message: dict[str, Any]) -> None:
            kind, content = message["msg_type"], message["content"]
            cell.messages.append((kind, content))
            if hear is not None:
                hear(kind, content)

        self._client.execute_interactive(
            code, allow_stdin=False, output_hook=take, timeout=CELL_SECONDS
        )
        return cell

    def must(self, code: str) -> Cell:
        """Run a cell that raises nothing."""
        cell = self.run(code)
        assert cell.error is None, cell.error
        return cell

    def interrupt(self) -> None:
        """Do what a notebook's stop button does."""
        self._manager.interrupt_kernel()


@contextmanager
def running_kernel(folder: Path) -> Iterator[Kernel]:
    """Run a kernel in a folder, with nothing of the user's own settings."""
    specs = KernelSpecManager(kernel_dirs=[])
    manager = KernelManager(kernel_name="python3", kernel_spec_manager=specs)
    (folder / "ipython").mkdir()
    manager.start_kernel(
        cwd=str(folder), extra_arguments=[f"--IPKernelApp.ipython_dir={folder / 'ipython'}"]
    )
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=CELL_SECONDS)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
