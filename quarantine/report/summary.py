"""One verdict in a few words, for tables: what decided it, and how right the model was with and without an attacker."""

from __future__ import annotations

from quarantine.records import Decision, Verdict


def deciding(verdict: Verdict) -> str:
    """The rules, or else the policy's clause, that the decision came from; empty for a pass."""
    if verdict.decision is Decision.PASS:
        return ""
    reasons = [reason for reason in verdict.reasons if reason.decision is verdict.decision]
    rules = dict.fromkeys(rule for reason in reasons for rule in reason.rules)
    return ", ".join(rules) or reasons[0].clause


def accuracy(verdict: Verdict, name: str) -> str:
    """The worst measurement of that name (``clean_accuracy``, ``robust_accuracy``) in percent, or a dash."""
    values = [number.value for number in verdict.evidence.measurements if number.name == name]
    return f"{min(values):.0%}" if values else "-"
