"""What several rooms' tests share: the installed command, run as a user would run it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Quarantine = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def quarantine_command() -> str:
    """The console script of the environment that runs the tests."""
    return str(Path(sys.executable).with_name("quarantine"))


@pytest.fixture
def quarantine(quarantine_command: str, tmp_path: Path) -> Quarantine:
    """Run ``quarantine`` with a state directory of the test's own."""

    def run(*arguments: str | Path, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [quarantine_command, *map(str, arguments)],
            check=False,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "QUARANTINE_STATE": str(tmp_path / "state")},
        )

    return run
