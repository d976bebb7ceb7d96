"""One verdict in a few words, for tables: what decided it, and how right the model was with and without an attacker."""

from __future__ import annotations

from quarantine.records import Decision, Verdict


def deciding(verdict: Verdict) -> str:
    """The first rule (or the policy's clause) that the decision came from, and how many more; a dash for a pass."""
    if verdict.decision is Decision.PASS:
        return "-"
    reasons = [reason for reason in verdict.reasons if reason.decision is verdict.decision]
    rules = list(dict.fromkeys(rule for reason in reasons for rule in reason.rules)) or [reasons[0].clause]
    return rules[0] if len(rules) == 1 else f"{rules[0]}+{len(rules) - 1}"


def accuracy(verdict: Verdict, name: str) -> str:
    """The worst measurement of that name (``clean_accuracy``, ``robust_accuracy``) in percent, or a dash."""
    values = [number.value for number in verdict.evidence.measurements if number.name == name]
    return f"{min(values):.0%}" if values else "-"
