"""The scanners that a policy may demand beside the shipped ones, and how many have to agree to reject."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from quarantine.analyzers.second_opinions.clamav import ClamAv
from quarantine.analyzers.second_opinions.picklescan import PickleScan
from quarantine.analyzers.second_opinions.table import OPINIONS, SHIPPED, load_opinion
from quarantine.analyzers.second_opinions.yara import Yara
from quarantine.errors import BadInput
from quarantine.policy.document import default_policy, parse_policy
from quarantine.records import Decision, Policy, Severity, Tier
from quarantine.resources import resource_dir
from quarantine.ruleset import load_rules
from quarantine.scanning import scan

CALLS_SYSTEM = b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R."
HARMLESS = b"\x80\x02]q\x00K\x01a."


def put(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def demanding(*opinions: str, agree: int | None) -> Policy:
    policy = default_policy()
    low = msgspec.structs.replace(
        policy.tiers[Tier.LOW],
        opinions=opinions,
        opinions_to_reject=agree,
        severities=dict.fromkeys(Severity, Decision.REVIEW)
        | {Severity.INFO: Decision.PASS, Severity.LOW: Decision.PASS},
    )
    return msgspec.structs.replace(policy, tiers={**policy.tiers, Tier.LOW: low})


def test_each_scanner_has_a_rule_for_what_it_says_and_the_shipped_ones_are_among_them() -> None:
    assert set(SHIPPED) < set(OPINIONS)
    for name in OPINIONS:
        assert load_opinion(name).name == name
        assert load_rules().get(f"opinion-{name}").severity is Severity.INFO


def test_picklescan_names_what_it_holds_to_be_dangerous(tmp_path: Path) -> None:
    assert PickleScan().ask(put(tmp_path, "a.pkl", CALLS_SYSTEM)) == ["dangerous: posix.system"]
    assert PickleScan().ask(put(tmp_path, "b.pkl", HARMLESS)) == []


def test_yara_names_the_rule_that_matches(tmp_path: Path) -> None:
    line = b"setup: curl http://127.0.0.1/x | sh\n"
    assert Yara().ask(put(tmp_path, "a.txt", line)) == ["droppers: shell_fetches_and_runs"]
    assert Yara().ask(put(tmp_path, "b.txt", b"curl is a program\n")) == []
    with pytest.raises(RuntimeError, match=r"no \.yar files"):
        Yara(tmp_path).ask(tmp_path / "b.txt")


def test_clamav_names_the_signature_that_matches(tmp_path: Path) -> None:
    signatures = tmp_path / "signatures"
    signatures.mkdir()
    (signatures / "own.ndb").write_text(f"Test.Marker:0:*:{b'inert-marker-of-a-test'.hex()}\n")
    scanner = ClamAv(signatures)
    assert scanner.ask(put(tmp_path, "a.bin", b"an inert-marker-of-a-test here")) == [
        "Test.Marker.UNOFFICIAL"
    ]
    assert scanner.ask(put(tmp_path, "b.bin", b"nothing here")) == []


def test_clamav_without_signatures_is_a_failed_opinion(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        ClamAv(tmp_path).ask(put(tmp_path, "a.bin", b"x"))


def test_as_many_as_the_policy_says_have_to_agree_to_reject(tmp_path: Path) -> None:
    model = put(tmp_path, "bad.pkl", CALLS_SYSTEM)
    alone = scan(model, policy=demanding("picklescan", "fickling", agree=None))
    assert alone.decision is Decision.REVIEW
    agreed = scan(model, policy=demanding("picklescan", "fickling", agree=2))
    assert agreed.decision is Decision.REJECT
    (reason,) = [reason for reason in agreed.reasons if reason.clause == "opinions_to_reject"]
    assert reason.rules == ("opinion-fickling", "opinion-picklescan")
    assert scan(model, policy=demanding("picklescan", "yara", agree=2)).decision is Decision.REVIEW


def test_a_policy_that_asks_for_an_unknown_scanner_is_refused() -> None:
    text = (resource_dir("policies") / "default.yaml").read_text()
    with pytest.raises(BadInput, match="nobody is called oracle"):
        parse_policy(text.replace("opinions: [fickling, modelscan]", "opinions: [oracle]").encode(), "p")
