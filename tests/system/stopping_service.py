"""Run the real command ``quarantine``, but halt between two steps of the service until told to go on.

``python stopping_service.py STEP quarantine-arguments...``: at STEP one line ``at STEP`` goes to standard
output, and nothing happens until a line comes in on standard input or the process is killed.
"""

from __future__ import annotations

import sys
from functools import partial, wraps
from pathlib import Path
from typing import Any

from quarantine import service
from quarantine.cli.main import run
from quarantine.ledger.ledger import Entry, Ledger
from quarantine.registries.directory import DirectoryRegistry


def main() -> None:
    """See the module."""
    wanted = sys.argv.pop(1)

    def halt(step: str) -> None:
        if step == wanted:
            print(f"at {step}", flush=True)
            sys.stdin.readline()

    append, publish = Ledger.append, DirectoryRegistry._publish

    @wraps(append)
    def appending(self: Ledger, event: str, *arguments: Any, **named: Any) -> Entry:
        halt(f"before {event}")
        entry = append(self, event, *arguments, **named)
        halt(f"after {event}")
        return entry

    @wraps(publish)
    def publishing(self: DirectoryRegistry, target: Path, release: Any) -> str:
        halt("before publishing")
        where = publish(self, target, release)
        halt("after publishing")
        return where

    Ledger.append = appending  # type: ignore[method-assign]
    DirectoryRegistry._publish = publishing  # type: ignore[method-assign]
    service.open_inbox = partial(service.open_inbox, checkpoint=halt)
    run()


if __name__ == "__main__":
    main()
