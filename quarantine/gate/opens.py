"""Does the gate open for this verdict? The rule, in one place, for promotion and for later verification.

pass opens it. review opens it with an approval of the very verdict by a person who did not hand the model in,
in tier high by two. reject never opens it: nobody overrides one alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from quarantine.errors import NotPromotable
from quarantine.policy.verdict import replay
from quarantine.provenance.statement import Approval
from quarantine.records import Decision, Tier, Verdict


def check_opens(verdict: Verdict, approvals: Sequence[Approval], *, submitter: str) -> None:
    """Return if the gate opens.

    Raises:
        NotPromotable: it does not, and why.
    """
    result = replay(verdict)
    if not result.agrees:
        raise NotPromotable(f"the verdict does not stand: {result.sentence}", remedy="judge the model again")
    if verdict.decision is Decision.PASS:
        return
    if verdict.decision is Decision.REJECT:
        raise NotPromotable("the verdict is reject", remedy="a rejected model needs a new, clean submission")
    mine = [a for a in approvals if a.verdict_digest == verdict.digest]
    if any(approval.decision == "decline" for approval in mine):
        raise NotPromotable(
            "a reviewer declined it", remedy="settle the objection and hand the model in again"
        )
    approvers = {approval.subject for approval in mine} - {submitter, verdict_owner(verdict)}
    needed = 2 if verdict.evidence.tier is Tier.HIGH else 1
    if len(approvers) < needed:
        raise NotPromotable(
            f"the verdict is review and {needed - len(approvers)} approval(s) by other people are missing",
            remedy="have a second person look at it and run `quarantine decide ID approve`",
        )


def verdict_owner(verdict: Verdict) -> str | None:
    """The owner that the card names; owners do not approve their own models."""
    card = verdict.evidence.card
    return card.owner if card else None
