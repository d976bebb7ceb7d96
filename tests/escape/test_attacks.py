"""Ways out of the jail, all of which must fail, as root and as an ordinary user, with and without the filter."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pyseccomp
import pytest

from quarantine.jail.bubblewrap import BubblewrapJail
from quarantine.jail.interface import Ending
from quarantine.jail.protocol import FactSeen, Input, Request
from quarantine.records import JailLimits
from tests.escape.payload.attacks import ATTACKS, ON_INPUT
from tests.escape.payload.attacks.leaks import SECRET
from tests.ordinary_user import run_as_ordinary_user

PAYLOAD = Path(__file__).parent / "payload"
LIMITS = JailLimits(memory_bytes=256 << 20, cpu_s=10, wall_s=60.0, pids=32, scratch_bytes=16 << 20)
NAMES = [*ATTACKS, *ON_INPUT]
CONTENT = b"model"


def attack(names: list[str], folder: Path) -> dict[str, str]:
    """What became of each attack; the input is a file that anybody could write, were it not for the jail."""
    model, secret = folder / "model", folder / SECRET
    for file in (model, secret):
        file.write_bytes(CONTENT)
        file.chmod(0o666)
    fd, leaked = os.open(model, os.O_RDONLY), os.open(secret, os.O_RDWR)
    os.set_inheritable(leaked, True)
    try:
        request = Request(task="attacks", inputs=(Input("model", fd, 5),), opinions=tuple(names))
        result = BubblewrapJail(worker_dir=PAYLOAD).run(request, LIMITS)
    finally:
        os.close(fd)
        os.close(leaked)
    assert result.ending is Ending.DONE, result.detail
    assert model.read_bytes() == CONTENT
    return {fact.name: fact.value for fact in result.messages if isinstance(fact, FactSeen)}


def succeeded(outcomes: dict[str, str]) -> dict[str, str]:
    return {name: outcome for name, outcome in outcomes.items() if not outcome.startswith("refused: ")}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOKEN", SECRET)
        return attack(NAMES, tmp_path_factory.mktemp("attack"))


@pytest.mark.parametrize("name", NAMES)
def test_attack_is_refused(outcomes: dict[str, str], name: str) -> None:
    assert outcomes[name].startswith("refused: "), outcomes[name]


@pytest.mark.parametrize(
    "name",
    """tcp,udp v6,unix,netlink,mount,clone user,bpf,io_uring,ptrace,keyctl,perf,personality,memfd,execveat
TIOCSTI,chmod input,chown input,touch input,lease input""".replace("\n", ",").split(","),
)
def test_filtered_call_ends_in_eperm(outcomes: dict[str, str], name: str) -> None:
    assert "[Errno 1]" in outcomes[name]


@pytest.mark.parametrize(
    "name", ["interpreter", "dropped file", "loader", "list root", "reopen input for writing"]
)
def test_landlock_is_what_refuses_execution_and_opening(outcomes: dict[str, str], name: str) -> None:
    assert "[Errno 13]" in outcomes[name]


def test_namespaces_and_landlock_hold_where_the_filter_lets_everything_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quarantine.jail.bubblewrap.filter_program", _permissive)
    names = ["tcp", "interfaces of the host", "mount", "unshare user", "pivot_root", "chroot", "shell"]
    names += ["interpreter", "dropped file", "read shadow", "list root", "kill a process of the host"]
    names += [
        "processes of the host",
        "bpf",
        "setuid",
        "perf",
        "block device",
        "write input",
        "ftruncate input",
    ]
    names += ["reopen input for writing", "map input shared", "environment"]
    assert not succeeded(attack(names, tmp_path))


def _permissive() -> bytes:
    with open(os.memfd_create("filter"), "w+b") as stream:
        pyseccomp.SyscallFilter(pyseccomp.ALLOW).export_bpf(stream)
        stream.seek(0, io.SEEK_SET)
        return stream.read()


def test_ordinary_user_gets_the_same_jail(tmp_path: Path) -> None:
    code = (
        "import json, os, pathlib, sys; assert os.getuid(); from tests.escape import test_attacks as t; "
        "json.dump(t.attack(t.NAMES, pathlib.Path.cwd()), sys.stdout)"
    )
    ran = run_as_ordinary_user(["-c", code], home=tmp_path)
    assert ran.returncode == 0, ran.stderr
    outcomes = json.loads(ran.stdout)
    assert set(outcomes) == set(NAMES)
    assert not succeeded(outcomes)


def test_ordinary_user_has_a_doctor_and_a_verdict(tmp_path: Path) -> None:
    model = tmp_path / "model.pkl"
    model.write_bytes(b"\x80\x02]q\x00K\x01a.")
    main = ["-c", "from quarantine.cli.main import run; run()"]
    healthy = run_as_ordinary_user([*main, "doctor"], home=tmp_path)
    assert healthy.returncode == 0, healthy.stdout + healthy.stderr
    judged = run_as_ordinary_user([*main, "scan", str(model), "--second-opinion"], home=tmp_path)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert judged.stdout.startswith("PASS")
