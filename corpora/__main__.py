"""``python -m corpora manifest`` and ``python -m corpora build DIR``."""

from __future__ import annotations

import argparse
from pathlib import Path

from corpora import catalogue


def main() -> None:
    """Parse the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m corpora", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("manifest", help="write corpora/manifest.yaml")
    build = commands.add_parser("build", help="write the samples")
    build.add_argument("folder", type=Path)
    build.add_argument("--group", choices=("benign", "malicious", "malformed"))
    build.add_argument("--only", metavar="ID")
    options = parser.parse_args()
    if options.command == "manifest":
        catalogue.MANIFEST.write_text(catalogue.manifest())
        return
    chosen = [
        c for c in catalogue.all_cases() if options.group in (None, c.group) and options.only in (None, c.id)
    ]
    if not chosen:
        parser.error(f"no case is called {options.only!r}")
    print(f"{len(catalogue.build(chosen, options.folder))} cases written to {options.folder}")


if __name__ == "__main__":
    main()
