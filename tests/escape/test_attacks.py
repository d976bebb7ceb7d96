"""About fifty ways out of the jail, all of which must fail, as root and as an ordinary user."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from quarantine.jail.bubblewrap import BubblewrapJail
from quarantine.jail.interface import Ending
from quarantine.jail.protocol import FactSeen, Input, Request
from quarantine.records import JailLimits

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "payload"))
from attacks import ATTACKS, ON_INPUT  # noqa: E402

LIMITS = JailLimits(memory_bytes=256 << 20, cpu_s=10, wall_s=30.0, pids=32, scratch_bytes=16 << 20)
NAMES = [*ATTACKS, *ON_INPUT]


def attack(names: list[str]) -> dict[str, str]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"model")
        file.flush()
        os.chmod(file.name, 0o666)  # the worst case: anybody could write, were it not for the jail
        fd = os.open(file.name, os.O_RDONLY)
        outcomes: dict[str, str] = {}
        try:
            entry = Input("model", fd, 5)
            jail = BubblewrapJail(worker_dir=HERE / "payload")
            result = jail.run(Request(task="attacks", inputs=(entry,), opinions=tuple(names)), LIMITS)
        finally:
            os.close(fd)
        assert result.ending is Ending.DONE, result.detail
        assert Path(file.name).read_bytes() == b"model"
        for fact in result.messages:
            if isinstance(fact, FactSeen):
                outcomes[fact.name] = fact.value
        return outcomes


@pytest.fixture(scope="module")
def outcomes() -> dict[str, str]:
    return attack(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_attack_is_refused(outcomes: dict[str, str], name: str) -> None:
    assert outcomes[name].startswith("refused: "), outcomes[name]


@pytest.mark.parametrize("name", ["tcp", "mount", "clone user", "bpf", "io_uring", "ptrace", "chmod input"])
def test_filtered_call_ends_in_eperm(outcomes: dict[str, str], name: str) -> None:
    assert "[Errno 1]" in outcomes[name]


@pytest.mark.parametrize("name", ["shell", "interpreter", "dropped file", "list root"])
def test_landlock_is_what_refuses_execution_and_listing(outcomes: dict[str, str], name: str) -> None:
    assert "[Errno 13]" in outcomes[name] or (name == "shell" and "[Errno 2]" in outcomes[name])


def test_ordinary_user_gets_the_same_jail() -> None:
    if os.geteuid():
        pytest.skip("only root can become somebody else; as an ordinary user the other tests say it")
    code = (
        "import os, sys\n"
        "os.setgroups([]); os.setgid(12345); os.setuid(12345)\n"
        "import json, test_attacks\n"
        "json.dump(test_attacks.attack(test_attacks.NAMES), sys.stdout)\n"
    )
    if not os.access(sys.base_prefix, os.R_OK) or sys.base_prefix.startswith("/root"):
        python = "/usr/bin/python3"
        if not _usable(python):
            pytest.skip("the interpreter lies where no ordinary user can read it")
    else:
        python = sys.executable
    path = os.pathsep.join([str(HERE), str(HERE.parents[1]), *[p for p in sys.path if "site-packages" in p]])
    ran = subprocess.run(
        [python, "-B", "-c", code],
        env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr.decode()
    seen = json.loads(ran.stdout)
    assert {name for name, value in seen.items() if value == "SUCCEEDED"} == set()
    assert set(seen) == set(NAMES)


def _usable(python: str) -> bool:
    if not Path(python).exists():
        return False
    asked = subprocess.run(
        [python, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, check=False
    )
    return asked.stdout.decode().strip() == str(sys.version_info[:2])
