"""Read a policy: YAML, strict, with errors that name the line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from quarantine.analyzers.second_opinions.table import OPINIONS
from quarantine.errors import BadInput
from quarantine.printable import printable
from quarantine.records import SCHEMA_VERSION, Decision, Policy, Severity, StageName, Tier, TierPolicy
from quarantine.resources import resource_dir

_REMEDY = "correct it; the built-in policy is an example"


def default_policy() -> Policy:
    """The policy that travels with this installation."""
    path = resource_dir("policies") / "default.yaml"
    return parse_policy(path.read_bytes(), str(path))


def parse_policy(content: bytes, source: str) -> Policy:
    """The policy in ``content``; ``source`` names the file in errors.

    Raises:
        BadInput: no YAML, an unknown key, a wrong value, or a policy that would pass what nobody looked at.
    """
    import yaml

    where = printable(source, 1024)
    loader = _loader()
    try:
        document = yaml.load(content, loader)  # noqa: S506 - both are safe loaders
        repeated = next(_repeated(yaml.compose(content, loader), set()), None)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise BadInput(f"{where}{line}: {error.problem or 'is no YAML'}", remedy=_REMEDY) from error
    except (yaml.YAMLError, RecursionError, ValueError, TypeError, LookupError, AttributeError) as error:
        # PyYAML lets the errors of its converters through, as for `!!timestamp x` and `!!bool x`.
        raise BadInput(f"{where} is no YAML: {printable(str(error), 200)}", remedy=_REMEDY) from error
    if repeated is not None:
        key, number = printable(repeated.value, 100), repeated.start_mark.line + 1
        raise BadInput(f"{where}, line {number}: {key} is given twice", remedy=_REMEDY)
    try:
        policy = msgspec.convert(document, Policy)
    except msgspec.ValidationError as error:
        message = str(error)
        line = _line_of(content, message)
        raise BadInput(f"{where}{line}: {printable(message, 500)}", remedy=_REMEDY) from error
    for complaint in _unsound(policy):
        raise BadInput(f"{where}: {complaint}", remedy=_REMEDY)
    return policy


def _loader() -> Any:
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _unsound(policy: Policy) -> list[str]:
    complaints = []
    if policy.schema != SCHEMA_VERSION:
        complaints.append(f"schema {policy.schema!r} is not {SCHEMA_VERSION!r}")
    if missing := sorted(set(Tier) - set(policy.tiers)):
        complaints.append(f"tiers lacks {', '.join(missing)}")
    if unlimited := sorted(set(StageName) - set(policy.limits)):
        complaints.append(f"limits lacks {', '.join(unlimited)}")
    complaints += [
        f"waivers: {waiver.expires} is no day of the calendar"
        for waiver in policy.waivers
        if not _is_day(waiver.expires)
    ]
    for tier, demands in policy.tiers.items():
        complaints += [f"tiers.{tier}: {complaint}" for complaint in _unsound_tier(demands)]
    return complaints


def _unsound_tier(demands: TierPolicy) -> list[str]:
    complaints = []
    if missing := sorted(set(Severity) - set(demands.severities)):
        complaints.append(f"severities lacks {', '.join(missing)}")
    ranks = [demands.severities[severity].rank for severity in Severity if severity in demands.severities]
    if ranks != sorted(ranks):
        complaints.append("a worse severity leads to a better decision")
    if demands.severities.get(Severity.CRITICAL) is Decision.PASS:
        complaints.append("critical findings pass")
    if demands.incomplete_coverage is Decision.PASS:
        complaints.append("incomplete_coverage passes, but what nobody looked at never does")
    if unknown := sorted(set(demands.opinions) - set(OPINIONS)):
        complaints.append(f"opinions: nobody is called {', '.join(unknown)}; there are {', '.join(OPINIONS)}")
    return complaints


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _repeated(node: Any, visited: set[int]) -> Iterator[Any]:
    """Keys that a mapping gives twice: YAML's loaders silently keep the last, a reviewer reads the first."""
    import yaml

    if not isinstance(node, yaml.CollectionNode) or id(node) in visited:
        return
    visited.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _repeated(child, visited)
        return
    seen: set[str] = set()
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                yield key
            seen.add(key.value)
        yield from _repeated(value, visited)


def _line_of(content: bytes, message: str) -> str:
    """Follow the path that the validator names (``$.tiers[...].x``) or the unknown field to its line."""
    import re

    import yaml

    node: Any = yaml.compose(content, _loader())  # the one that took it: PyYAML's two do not take the same
    path = re.search(r"at `(?:key in )?\$([^`]*)`", message)
    unknown = re.search(r"unknown field `([^`]*)`", message)
    steps = re.findall(r"\.([A-Za-z_]+)", path[1]) if path else []
    for step in [*steps, *([unknown[1]] if unknown else [])]:
        if not isinstance(node, yaml.MappingNode):
            break
        values = [*_values(node, step), *(found for _, child in node.value for found in _values(child, step))]
        if not values:
            break
        node = values[0]
    return f", line {node.start_mark.line + 1}" if node is not None else ""


def _values(node: Any, key: str) -> list[Any]:
    import yaml

    if not isinstance(node, yaml.MappingNode):
        return []
    return [value for name, value in node.value if name.value == key]
