"""``python -m dagsterlite``: the command line."""

from __future__ import annotations

from dagsterlite.cli import main

if __name__ == "__main__":
    main()
