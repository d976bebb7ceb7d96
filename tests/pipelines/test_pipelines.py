"""The pipelines' own commands, run as they stand in their files: statuses, reports, names like options."""

from __future__ import annotations

import json
import os
import pickle
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from junitparser import JUnitXml

ROOT = Path(__file__).parents[2]
GITHUB, GITLAB = ROOT / "docs/pipelines/github", ROOT / "docs/pipelines/gitlab"
HOSTILE = b"\x80\x02cposix\nsystem\nX\x04\0\0\0true\x85R."
UNKNOWN = b"\x80\x02cmycompany.models\nThing\n."
LIKE_OPTIONS = ("--output=x.pkl", "-h.pkl", "--help", "a b.pkl", "$(touch canary).pkl", "*.pkl", "';x.pkl")


def document(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def step(name: str) -> dict[str, Any]:
    (found,) = [s for s in document(GITHUB / "action.yml")["runs"]["steps"] if s["name"] == name]
    return dict(found)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    (folder / "models").mkdir(parents=True)
    return folder


@pytest.fixture
def shell(quarantine_command: str, workspace: Path, tmp_path: Path) -> Any:
    """Run a script as a runner does, in the workspace."""

    def run(script: str, **variables: str) -> subprocess.CompletedProcess[str]:
        path = f"{Path(quarantine_command).parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=workspace,
            env={**os.environ, "PATH": path, "RUNNER_TEMP": str(tmp_path), **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


@pytest.fixture
def github(shell: Any, tmp_path: Path) -> Any:
    """The action's scan; its exit status, what it set, and stderr."""

    def run(paths: str, tier: str = "low", policy: str = "") -> tuple[int, dict[str, str], str]:
        told = tmp_path / "told"
        told.unlink(missing_ok=True)
        told.touch()
        done = shell(step("Scan")["run"], PATHS=paths, TIER=tier, POLICY=policy, GITHUB_OUTPUT=str(told))
        return (
            done.returncode,
            dict(line.split("=", 1) for line in told.read_text().splitlines()),
            done.stderr,
        )

    return run


@pytest.fixture
def gitlab(shell: Any) -> Any:
    """The template's job with its own variables."""

    def run(**variables: str) -> subprocess.CompletedProcess[str]:
        template = document(GITLAB / "quarantine.yml")
        (script,) = template["quarantine"]["script"]
        return shell(script, **{**template["variables"], **variables})  # type: ignore[no-any-return]

    return run


@pytest.mark.parametrize(
    ("content", "status"),
    [(pickle.dumps([1]), 0), (HOSTILE, 1), (UNKNOWN, 3)],
    ids=["pass", "reject", "review"],
)
def test_the_github_action_ends_with_the_verdict_and_writes_sarif(
    github: Any, workspace: Path, content: bytes, status: int
) -> None:
    (workspace / "models" / "model.pkl").write_bytes(content)
    code, told, _ = github("models\n")
    assert (code, told["status"]) == (status, str(status))
    log = json.loads(Path(told["sarif"]).read_text())
    assert log["version"] == "2.1.0"
    assert bool(log["runs"][0]["results"]) is (status != 0)


@pytest.mark.parametrize("paths", ["", "nothing-there", "models\nnothing-there"])
def test_the_github_action_fails_without_a_verdict_and_names_no_report(
    github: Any, workspace: Path, paths: str
) -> None:
    (workspace / "models" / "model.pkl").write_bytes(pickle.dumps([1]))
    (workspace / "quarantine.sarif").write_text("planted")
    assert github(paths)[:2] == (2, {"status": "2"})


@pytest.mark.parametrize("name", LIKE_OPTIONS)
def test_no_name_is_taken_for_an_option_or_for_shell(
    github: Any, gitlab: Any, workspace: Path, name: str
) -> None:
    (workspace / name).write_bytes(HOSTILE)
    assert github(name)[0] == 1
    assert gitlab(QUARANTINE_PATHS=name).returncode == 1
    assert {path.name for path in workspace.iterdir()} == {"models", name, "quarantine.xml"}


def test_inputs_are_no_options(github: Any, workspace: Path) -> None:
    (workspace / "models" / "model.pkl").write_bytes(HOSTILE)
    assert github("models", tier="low --help")[0] == 2
    assert github("models", policy="--help")[0] == 2


def test_no_script_holds_an_expression() -> None:
    for document_step in document(GITHUB / "action.yml")["runs"]["steps"]:
        assert "${{" not in document_step["run"]


def test_the_github_install_is_well_formed_shell_and_takes_no_module_of_the_workspace(shell: Any) -> None:
    install = step("Install")["run"]
    assert shell(f"bash -n <<'END'\n{install}\nEND").returncode == 0
    calls = re.findall(r"\S*python3?\"? +(\S+) -m", install)
    assert calls == ["-I", "-I"]


def test_the_github_workflow_uploads_what_the_action_wrote_also_when_it_failed() -> None:
    action, workflow = document(GITHUB / "action.yml"), document(GITHUB / "workflow.yml")
    checkout, scan, upload = workflow["jobs"]["quarantine"]["steps"]
    assert checkout["with"]["lfs"] is True
    assert set(scan["with"]) <= set(action["inputs"])
    assert upload["if"].startswith("always() && steps.quarantine.outputs.sarif")
    assert upload["with"]["sarif_file"] == "${{ steps.quarantine.outputs.sarif }}"
    assert "sarif" in action["outputs"]


@pytest.mark.parametrize(("content", "status"), [(pickle.dumps([1]), 0), (HOSTILE, 1), (UNKNOWN, 3)])
def test_the_gitlab_job_ends_with_the_verdict_and_writes_junit(
    gitlab: Any, workspace: Path, content: bytes, status: int
) -> None:
    (workspace / "models" / "model.pkl").write_bytes(content)
    assert gitlab().returncode == status
    job = document(GITLAB / "quarantine.yml")["quarantine"]
    suite = JUnitXml.fromfile(str(workspace / job["artifacts"]["reports"]["junit"]))
    assert suite.tests == 2
    assert bool(suite.failures) is (status != 0)
    assert job["artifacts"]["when"] == "always"
    assert "allow_failure" not in job


def test_the_gitlab_job_writes_through_no_link_and_leaves_no_planted_report(
    gitlab: Any, workspace: Path, tmp_path: Path
) -> None:
    (tmp_path / "profile").write_text("mine")
    (workspace / "quarantine.xml").symlink_to(tmp_path / "profile")
    (workspace / "models" / "model.pkl").write_bytes(HOSTILE)
    assert gitlab().returncode == 1
    assert (tmp_path / "profile").read_text() == "mine"
    assert gitlab(QUARANTINE_PATHS="nothing-there").returncode == 2
    assert not (workspace / "quarantine.xml").exists()


def test_the_gitlab_paths_are_parted_by_lines_only(gitlab: Any, workspace: Path) -> None:
    (workspace / "a b.pkl").write_bytes(pickle.dumps([1]))
    (workspace / "c.pkl").write_bytes(pickle.dumps([2]))
    assert gitlab(QUARANTINE_PATHS="a b.pkl\nc.pkl\n").returncode == 0
    assert len(JUnitXml.fromfile(str(workspace / "quarantine.xml"))) == 2


def hook() -> dict[str, Any]:
    (only,) = document(ROOT / ".pre-commit-hooks.yaml")
    return dict(only)


@pytest.mark.parametrize("name", LIKE_OPTIONS)
def test_the_hook_stops_a_hostile_file_whatever_it_is_called(
    quarantine_command: str, workspace: Path, name: str
) -> None:
    program, *arguments = shlex.split(hook()["entry"])
    assert Path(quarantine_command).name == program
    (workspace / name).write_bytes(HOSTILE)
    (workspace / "fine.pkl").write_bytes(pickle.dumps([1]))
    command = [quarantine_command, *arguments, "fine.pkl", name]
    assert subprocess.run(command, cwd=workspace, capture_output=True, check=False).returncode == 1
    assert {path.name for path in workspace.iterdir()} == {"models", name, "fine.pkl"}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a.pt", True),
        ("sub dir/A.PKL", True),
        ("m.tar.gz", True),
        ("model.safetensors", True),
        ("two\nlines.pkl", True),
        ("readme.md", False),
        ("pkl", False),
        ("a.pkl.txt", False),
    ],
)
def test_the_hook_takes_what_is_called_like_a_model(name: str, wanted: bool) -> None:
    assert bool(re.search(hook()["files"], name)) is wanted


def test_a_name_of_two_lines_is_no_verdict(quarantine_command: str, workspace: Path) -> None:
    (workspace / "two\nlines.pkl").write_bytes(pickle.dumps([1]))
    command = [quarantine_command, "scan", "--", "two\nlines.pkl"]
    done = subprocess.run(command, cwd=workspace, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
