"""A release that is not exactly what was signed does not verify."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from quarantine.errors import BadInput, IntegrityError
from quarantine.gate.verify import verify
from quarantine.provenance import keys
from quarantine.provenance.dsse import seal
from quarantine.provenance.statement import PAYLOAD_TYPE, state
from quarantine.records import Decision
from quarantine.registries.directory import safe_name
from tests.gate.conftest import Case


@pytest.fixture
def release(case: Case, registry: Path) -> Path:
    return Path(case.desk.promote(case.judged(Decision.PASS).id, registry))


@pytest.fixture
def public(case: Case) -> bytes:
    return (case.desk.keys / "signing-key.pub.pem").read_bytes()


def replace(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


@pytest.mark.parametrize(
    "tamper",
    [
        lambda m: replace(m / "w.bin", b"weightS"),
        lambda m: replace(m / "w.bin", b""),
        lambda m: (m / "w.bin").unlink(),
        lambda m: (m / "more.py").write_bytes(b""),
        lambda m: (m / "w.bin").rename(m / "v.bin"),
        lambda m: ((m / "w.bin").unlink(), (m / "w.bin").symlink_to("/etc/hostname")),
    ],
    ids=["changed", "emptied", "removed", "added", "renamed", "linked"],
)
def test_tampered_files_do_not_verify(release: Path, public: bytes, tamper) -> None:
    tamper(release / "model")
    with pytest.raises(IntegrityError):
        verify(release, public)


def test_another_key_does_not_verify(release: Path, tmp_path: Path) -> None:
    other = keys.init(tmp_path / "other").public_path.read_bytes()
    with pytest.raises(IntegrityError, match="signature"):
        verify(release, other)


def test_a_changed_payload_does_not_verify(release: Path, public: bytes) -> None:
    path = release / "verdict.dsse.json"
    envelope = json.loads(path.read_text())
    payload = base64.b64decode(envelope["payload"]).replace(b'"low"', b'"LOW"', 1)
    envelope["payload"] = base64.b64encode(payload).decode()
    replace(path, json.dumps(envelope).encode())
    with pytest.raises(IntegrityError, match="signature"):
        verify(release, public)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[" * 100_000, b"\xff", b'{"payload":"!","payloadType":"x","signatures":[]}']
)
def test_garbage_in_place_of_the_envelope_is_one_clear_error(
    release: Path, public: bytes, content: bytes
) -> None:
    replace(release / "verdict.dsse.json", content)
    with pytest.raises(IntegrityError, match="envelope"):
        verify(release, public)


def test_a_signed_reject_does_not_verify(case: Case, release: Path, public: bytes) -> None:
    """Even whoever holds the key cannot pass a reject off as a release."""
    row = case.judged(Decision.REJECT)
    statement = state(case.desk.verdict(row.id), (), submitter="ann")
    replace(release / "verdict.dsse.json", seal(PAYLOAD_TYPE, statement, case.desk.signer()))
    with pytest.raises(IntegrityError, match="reject"):
        verify(release, public)


def test_a_verdict_swapped_with_another_releases_does_not_verify(
    case: Case, release: Path, public: bytes, registry: Path, tmp_path: Path
) -> None:
    (case.drop / "w.bin").write_bytes(b"other weights")
    other = Path(case.desk.promote(case.judged(Decision.PASS).id, tmp_path / "second"))
    replace(release / "verdict.dsse.json", (other / "verdict.dsse.json").read_bytes())
    with pytest.raises(IntegrityError, match=r"w\.bin"):
        verify(release, public)


def test_no_release_and_no_key_are_bad_input(tmp_path: Path, release: Path, public: bytes) -> None:
    with pytest.raises(BadInput):
        verify(tmp_path / "nothing", public)
    with pytest.raises(BadInput):
        verify(release, b"no key")


def test_a_private_key_that_others_may_read_is_refused(case: Case) -> None:
    (case.desk.keys / "signing-key.pem").chmod(0o644)
    with pytest.raises(BadInput, match="others may read"):
        case.desk.signer()


def test_a_key_is_never_overwritten(case: Case) -> None:
    with pytest.raises(BadInput, match="already"):
        keys.init(case.desk.keys)


@pytest.mark.parametrize(
    ("untrusted", "safe"),
    [("../../etc", "etc"), ("..", ""), ("", ""), (".hidden", "hidden"), ("a/b\x00c", "a-b-c"), ("-rf", "rf")],
)
def test_names_become_one_harmless_path_component(untrusted: str, safe: str) -> None:
    assert safe_name(untrusted) == safe
