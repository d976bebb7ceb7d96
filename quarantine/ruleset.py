"""Load the rules: one YAML document each, strict, with the examples that test them.

A rule gives a finding its severity, title and words. Workers only name rules, so nothing that runs in a jail
decides how bad something is.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from quarantine.errors import BadInput, NotFound
from quarantine.jail.interface import Ending
from quarantine.jail.protocol import AnyMessage, FindingSeen
from quarantine.records import Finding, Location, Severity, StageName
from quarantine.resources import resource_dir

UNKNOWN_RULE = "rule-unknown"
_PLACEHOLDER = re.compile(r"\{([a-z_]{1,64})\}")
_TEXT_LIMIT = 4096


class References(Struct, frozen=True, forbid_unknown_fields=True):
    """Where to read more: CWE, MITRE ATLAS technique and CVE ids."""

    cwe: tuple[Annotated[str, Meta(pattern=r"^CWE-\d+$")], ...] = ()
    atlas: tuple[Annotated[str, Meta(pattern=r"^AML\.T\d{4}(\.\d{3})?$")], ...] = ()
    cve: tuple[Annotated[str, Meta(pattern=r"^CVE-\d{4}-\d{4,}$")], ...] = ()


class Observed(Struct, frozen=True, forbid_unknown_fields=True):
    """What a worker said of the file ``model.bin`` of one byte, and how it ended; for what no file can bring about."""

    ending: Ending = Ending.DONE
    stage: StageName = StageName.STATIC
    messages: tuple[AnyMessage, ...] = ()


class Example(Struct, frozen=True, forbid_unknown_fields=True):
    """A small file that triggers its rule, or just misses it. One of hex, text and base64 holds the bytes.

    An example with ``observed`` instead is what a worker reports.
    """

    name: str
    triggers: bool
    file: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,100}$")] = "model.bin"
    hex: str | None = None
    text: str | None = None
    base64: str | None = None
    observed: Observed | None = None

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        if self.hex is not None:
            return bytes.fromhex(self.hex)
        if self.base64 is not None:
            return base64.b64decode(self.base64, validate=True)
        return (self.text or "").encode()


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """What to look for, why it matters, how bad it is, and what to do about it."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,64}$")]
    title: str
    severity: Severity
    matches: str
    message: str
    why: str
    remediation: str
    references: References
    examples: tuple[Example, ...] = ()


class Ruleset:
    """All rules by id, and the digest over every file that they come from. A rule is parsed when it is asked for."""

    def __init__(self, files: dict[Path, bytes], digest: str) -> None:
        self._files = {path.stem: (path, content) for path, content in files.items()}
        self._parsed: dict[str, Rule] = {}
        self.digest = digest

    def all(self) -> tuple[Rule, ...]:
        """Every rule, by id.

        Raises:
            BadInput: a file is no sound rule; the message names it, and the line where YAML breaks.
        """
        return tuple(rule for rule_id in sorted(self._files) if (rule := self._find(rule_id)))

    def _find(self, rule_id: str) -> Rule | None:
        if rule_id not in self._parsed and rule_id in self._files:
            self._parsed[rule_id] = _parse(*self._files[rule_id])
        return self._parsed.get(rule_id)

    def get(self, rule_id: str) -> Rule:
        """The rule with that id.

        Raises:
            NotFound: there is none.
            BadInput: its file is no sound rule.
        """
        found = self._find(rule_id)
        if found is None:
            raise NotFound(f"there is no rule {rule_id!r}", remedy="`quarantine rules list` shows them all")
        return found

    def finding(self, seen: FindingSeen, stage: StageName) -> Finding:
        """The finding that a worker's message stands for; a rule that nobody wrote is a finding of its own."""
        rule = self._find(seen.rule)
        evidence = dict(seen.evidence)
        if rule is None:
            rule = self.get(UNKNOWN_RULE)
            evidence["named_rule"] = seen.rule
        return Finding(
            rule=rule.id,
            title=rule.title,
            severity=rule.severity,
            stage=stage,
            artifact=seen.artifact,
            message=_fill(rule.message, {**evidence, "artifact": seen.artifact}),
            remediation=rule.remediation.strip(),
            analyzer=seen.analyzer,
            location=None if seen.offset is None else Location(offset=seen.offset, length=seen.length),
            evidence=evidence,
        )


def load_rules(folder: Path | None = None) -> Ruleset:
    """The rules in ``folder``, or those that travel with this installation.

    Raises:
        BadInput: the folder holds no rules.
    """
    folder = folder or resource_dir("rules")
    files: dict[Path, bytes] = {}
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        whole.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode() + content)
        if path.parent == folder and path.suffix == ".yaml":
            files[path] = content
    if folder / f"{UNKNOWN_RULE}.yaml" not in files:
        raise BadInput(f"{folder} lacks the rule {UNKNOWN_RULE!r}", remedy="reinstall the package")
    return Ruleset(files, "sha256:" + whole.hexdigest())


def _parse(path: Path, content: bytes) -> Rule:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        rule = msgspec.convert(yaml.load(content, loader), Rule)  # noqa: S506 - both are safe loaders
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise BadInput(f"{path} is no rule: {' '.join(str(error).split())}", remedy="correct it") from error
    if rule.id != path.stem:
        raise BadInput(f"{path} holds the rule {rule.id!r}", remedy="name the file after its rule")
    return rule


def _fill(message: str, values: dict[str, str]) -> str:
    filled = _PLACEHOLDER.sub(lambda match: values.get(match[1], "?"), " ".join(message.split()))
    return filled if len(filled) <= _TEXT_LIMIT else filled[: _TEXT_LIMIT - 1] + "…"
