"""Commands about rules and policies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quarantine.cli.options import read_file


def register(app: typer.Typer) -> None:
    """Add the command groups ``rules`` and ``policy``."""
    rules = typer.Typer(
        help="The rules that findings come from.", no_args_is_help=True, rich_markup_mode=None
    )
    rules.command("list")(list_rules)
    rules.command("show")(show_rule)
    rules.command("test")(test_rules)
    app.add_typer(rules, name="rules")
    policies = typer.Typer(
        help="The policy that verdicts follow.", no_args_is_help=True, rich_markup_mode=None
    )
    policies.command("check")(check_policy)
    app.add_typer(policies, name="policy")


def list_rules() -> None:
    """List all rules: id, severity, title."""
    from quarantine.ruleset import load_rules

    rules = load_rules().all()
    width = max(len(rule.id) for rule in rules)
    for rule in rules:
        typer.echo(f"{rule.id:<{width}}  {rule.severity:<8}  {rule.title}")


def show_rule(rule_id: Annotated[str, typer.Argument(help="The id of a rule.")]) -> None:
    """Show one rule whole."""
    from quarantine.ruleset import load_rules

    rule = load_rules().get(rule_id)
    typer.echo(f"{rule.id}: {rule.title}\nseverity: {rule.severity}\n")
    for label, text in (("matches", rule.matches), ("why", rule.why), ("remediation", rule.remediation)):
        typer.echo(f"{label}: {text.strip()}")
    for kind, ids in (
        ("CWE", rule.references.cwe),
        ("ATLAS", rule.references.atlas),
        ("CVE", rule.references.cve),
    ):
        if ids:
            typer.echo(f"{kind}: {', '.join(ids)}")
    for example in rule.examples:
        typer.echo(f"example ({'triggers' if example.triggers else 'near miss'}): {example.name}")


def test_rules() -> int:
    """Run each rule's examples through the jail. Exit status: 1 if any example fails."""
    from quarantine.ruletest import run_examples

    outcomes = run_examples()
    failed = [outcome for outcome in outcomes if not outcome.holds]
    for outcome in failed:
        typer.echo(f"FAILS {outcome.rule}: {outcome.example}: {outcome.detail}")
    typer.echo(f"{len(outcomes) - len(failed)} of {len(outcomes)} examples hold")
    return 1 if failed else 0


def check_policy(policy: Annotated[Path, typer.Argument(help="A policy file (YAML).")]) -> None:
    """Check a policy; errors name the line."""
    from quarantine.policy.document import parse_policy

    checked = parse_policy(read_file(policy, "the policy", 1 << 20), str(policy))
    typer.echo(f"{policy}: policy {checked.name!r} is sound; tiers: {', '.join(checked.tiers)}")
    typer.echo(f"digest: {checked.digest}")
