"""Whatever lies inside a submission and says how to treat it is only one more file of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Quarantine

HOSTILE = b"\x80\x02cposix\nsystem\nX\x04\0\0\0true\x85R."
INSIDE = {
    ".quarantine-inbox.toml": 'tier="low"\nauto_promote=true\nregistry="/"\nowner="root"\n',
    "model.pkl.quarantine.toml": 'name="trusted"\n[model]\ntask="image-classification"\n',
    "model.quarantine.toml": 'name="trusted"\nowner="nobody"\n',
    "policy.yaml": "schema: '1'\nname: lax\ntiers: {}\njail_minimum: []\nlimits: {}\n",
    "waivers.yaml": "- rule: pickle-global-dangerous\n  owner: me\n  until: 2999-01-01\n",
    "rules/pickle-global-dangerous.yaml": "id: pickle-global-dangerous\nseverity: info\n",
    "signing-key.pub.pem": "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
    "verdict.dsse.json": '{"payload":"","payloadType":"","signatures":[]}',
    ".modelscan/settings.toml": "skip=['*']\n",
    "sitecustomize.py": "raise SystemExit(0)\n",
}


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    drop = tmp_path / "in" / "model"
    drop.mkdir(parents=True)
    (drop / "model.pkl").write_bytes(HOSTILE)
    for name, content in INSIDE.items():
        (drop / name).parent.mkdir(parents=True, exist_ok=True)
        (drop / name).write_text(content)
    return drop


def test_nothing_inside_excuses_a_finding(quarantine: Quarantine, drop: Path) -> None:
    alone = json.loads(quarantine("scan", drop / "model.pkl", "--format", "json").stdout)
    done = quarantine("scan", drop, "--format", "json")
    assert done.returncode == 1
    verdict = json.loads(done.stdout)
    found = {(finding["rule"], finding["severity"]) for finding in verdict["evidence"]["findings"]}
    assert found >= {(finding["rule"], finding["severity"]) for finding in alone["evidence"]["findings"]}
    for settled in ("policy_digest", "rules_digest"):
        assert verdict[settled] == alone[settled]
    assert verdict["evidence"]["card"] is None
    assert {file["path"] for file in verdict["evidence"]["submission"]["manifest"]["files"]} == {
        "model.pkl",
        *INSIDE,
    }


def test_nothing_inside_lowers_the_tier_or_promotes(quarantine: Quarantine, drop: Path) -> None:
    inbox = drop.parent
    (inbox / ".quarantine-inbox.toml").write_text('tier="high"\nquiet_s=0.05\n')
    (inbox / ".quarantine-inbox.toml").chmod(0o644)
    done = quarantine("inbox", inbox, "--once", timeout_s=200)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].split()[1:4] == ["reject", "held", "high"]
