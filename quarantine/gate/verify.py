"""Check a release where it lies, offline: signature, every byte, the verdict, and whether the gate could open.

Order: the envelope's signature; the statement; no file more or less than the statement lists; every hash; the
verdict recomputed; the gate's own rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from quarantine.errors import BadInput, CustodyError, IntegrityError, NotPromotable
from quarantine.gate.opens import check_opens
from quarantine.intake.opened import open_path
from quarantine.provenance.dsse import unseal
from quarantine.provenance.keys import load_public
from quarantine.provenance.statement import PAYLOAD_TYPE, read_statement
from quarantine.records import Verdict
from quarantine.registries.directory import CONTENT_NAME, ENVELOPE_NAME


@dataclass(frozen=True)
class VerifyReport:
    """A release that is what was signed."""

    verdict: Verdict
    sentence: str


def verify(release: Path, public_key_pem: bytes) -> VerifyReport:
    """Check the release in a directory against the key that must have signed it.

    Raises:
        BadInput: there is no release, or the key is none.
        IntegrityError: bytes, signature or verdict are not what was signed.
    """
    key = load_public(public_key_pem)
    try:
        envelope = (release / ENVELOPE_NAME).read_bytes()
    except OSError as error:
        raise BadInput(
            f"{release} holds no {ENVELOPE_NAME}: {error.strerror}", remedy="name a release's directory"
        ) from error
    predicate = read_statement(unseal(envelope, PAYLOAD_TYPE, key)).predicate
    verdict = predicate.verdict
    try:
        with open_path(release / CONTENT_NAME) as opened:
            found = opened.manifest()
    except CustodyError as error:
        raise IntegrityError(error.what, remedy="do not use this release; have it promoted again") from error
    if found.digest != verdict.evidence.submission.digest:
        signed = {file.path: file for file in verdict.evidence.submission.manifest.files}
        present = {file.path: file for file in found.files}
        different = sorted(
            path for path in signed.keys() | present.keys() if signed.get(path) != present.get(path)
        )
        raise IntegrityError(
            f"{len(different)} file(s) are not what was signed, first {different[0]!r}",
            remedy="do not use this release; have it promoted again",
        )
    try:
        check_opens(verdict, predicate.approvals, submitter=predicate.submitter)
    except NotPromotable as error:
        raise IntegrityError(error.what, remedy="do not use this release; ask who signed it") from error
    sentence = (
        f"intact: {len(found.files)} file(s), {found.size_bytes:,} bytes, {found.digest}; "
        f"verdict {verdict.decision} ({verdict.digest}), signed by key {_short(public_key_pem)}"
    )
    return VerifyReport(verdict, sentence)


def _short(public_key_pem: bytes) -> str:
    from quarantine.provenance.keys import key_id

    return key_id(load_public(public_key_pem))[:16]
