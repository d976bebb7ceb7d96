"""Promotion: the one way from custody to a registry.

In this order, and any failure leaves the registry as it was: the gate's rule on verdict and approvals; the
signature over the statement; the copy, each byte checked against the manifest; one rename; the ledger. The
intent is recorded before the copy, so a crash between the two shows and the step can run again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from quarantine.gate.opens import check_opens
from quarantine.ledger.ledger import Ledger
from quarantine.provenance.dsse import seal
from quarantine.provenance.keys import FileSigner
from quarantine.provenance.statement import PAYLOAD_TYPE, Approval, state
from quarantine.records import Verdict
from quarantine.registries.interface import Registry, Release


def promote(
    verdict: Verdict,
    content: Path,
    registry: Registry,
    *,
    approvals: Sequence[Approval],
    submitter: str,
    signer: FileSigner,
    ledger: Ledger,
) -> str:
    """Promote the submission that ``verdict`` judged and whose bytes lie in ``content``; returns where it lies.

    Raises:
        NotPromotable: the gate does not open, or the registry holds another release of that name.
        IntegrityError: the bytes in custody are not those that were judged.
        StateError: registry or ledger cannot be written.
    """
    check_opens(verdict, approvals, submitter=submitter)
    submission = verdict.evidence.submission
    card = verdict.evidence.card
    release = Release(
        untrusted_name=(card.name if card else None) or submission.untrusted_name,
        version=(card.version if card else None) or submission.digest[7:19],
        content=content,
        manifest=submission.manifest,
        envelope=seal(PAYLOAD_TYPE, state(verdict, tuple(approvals), submitter=submitter), signer),
    )
    body = {"verdict": verdict.digest, "key": signer.key_id}
    ledger.append("promotion.begun", body, subject=submission.digest, key=f"begun:{verdict.digest}")
    where = registry.publish(release)
    ledger.append(
        "promotion.done",
        {**body, "where": where},
        subject=submission.digest,
        key=f"done:{verdict.digest}:{where}",
    )
    ledger.checkpoint(signer)
    return where
