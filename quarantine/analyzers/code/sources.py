"""Python sources, judged as programs: what they can do, when, and whether they are plain.

A file that is plain is said to have been read. Everything else is a person's to read, and what it would do on import or
when its model is loaded is a finding by itself. Nothing is compiled, imported or run.
"""

from __future__ import annotations

import ast
import codecs
import re
import warnings

from quarantine.analyzers.code import capabilities as able
from quarantine.analyzers.code.capabilities import Phase
from quarantine.analyzers.code.plain import why_not_plain
from quarantine.analyzers.code.python import Hit, Source, hidden_text, odd_identifiers
from quarantine.formats.interface import Node

PYTHON = (".py", ".pyw", ".pyi")

_SCRIPTS = frozenset(
    {
        "setup.py",
        "__main__.py",
        "conftest.py",
        "sitecustomize.py",
        "usercustomize.py",
        "manage.py",
        "noxfile.py",
    }
)
_STARTERS = frozenset({"sitecustomize.py", "usercustomize.py"})
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_HONEST_CODECS = frozenset({"utf-8", "ascii", "iso8859-1", "utf-8-sig", "latin-1", "cp1252"})
_PLACES_LIMIT = 6


def python(node: Node, raw: bytes, name: str) -> None:
    """One Python file."""
    cookie = next(
        (match[1].decode("latin-1") for line in raw.split(b"\n")[:2] if (match := _COOKIE.match(line))),
        "utf-8",
    )
    try:
        known = codecs.lookup(cookie).name in _HONEST_CODECS
    except LookupError:
        known = False
    if not known:
        node.finding("code-obfuscated", what=f"the source says that it is written in {cookie}")
    if name in _STARTERS:
        node.finding(
            "code-on-import",
            what=f"{name} is run by every Python that finds it",
            when="at every start",
            places="its name",
        )
    text = raw.decode("utf-8", "replace")
    plain = judge(node, text, script=name in _SCRIPTS) and known and name not in _SCRIPTS
    plain = plain and not raw.startswith(b"#!")  # it may be run by what the line names
    if not plain and name.endswith(PYTHON):
        node.finding("text-source-code")


def judge(node: Node, text: str, *, place: str = "", script: bool = False) -> bool:
    """Report what the source is able to do; returns whether it is plain."""
    for line, what in (hidden := hidden_text(text)):
        node.finding("code-hidden-text", what=what, place=f"{place}line {line}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        node.finding("code-unparsable", why=f"{type(error).__name__}: {error}", place=place or "the file")
        return False
    odd = odd_identifiers(tree, text)
    for word in odd:
        node.finding("code-hidden-text", what=f"the identifier {word}", place=place or "the file")
    source = Source(tree, script)
    _report(node, source, place)
    if not source.names.settled:
        node.finding(
            "code-unparsable", why="its names cannot be followed to an end", place=place or "the file"
        )
    if hidden or odd or source.hits or not source.names.settled:
        return False
    why = why_not_plain(tree, source.names)
    if why:
        node.fact("code-not-plain", why)
        return False
    node.fact("code", "plain: it defines things and can do nothing else")
    return True


def _report(node: Node, source: Source, place: str) -> None:
    groups: dict[tuple[str, str, Phase], list[Hit]] = {}
    for hit in source.hits:
        if hit.capability == "persistence":
            node.finding("code-persistence", what=hit.name, place=f"{place}line {hit.line}")
            continue
        if hit.computed:
            node.finding(
                "code-obfuscated", what=f"line {hit.line}: {hit.name} is reached by a name put together"
            )
        rule = able.rule_of(hit.capability, hit.unit.phase)
        groups.setdefault((rule, hit.capability, hit.unit.phase), []).append(hit)
    for (rule, capability, phase), hits in groups.items():
        names = ", ".join(sorted({hit.name for hit in hits})[:_PLACES_LIMIT])
        places = tuple(dict.fromkeys(f"{place}line {hit.line}, in {hit.unit.name}" for hit in hits))[
            :_PLACES_LIMIT
        ]
        node.finding(rule, what=f"{capability} ({names})", when=_WHEN[phase], places=places)
    for sink, line, argument, _phase in source.decoded_sinks()[:_PLACES_LIMIT]:
        node.finding("code-obfuscated", what=f"line {line}: decoded data goes to {sink}")
        for index, value in enumerate(source.names.fold(argument)):
            raw = value.encode() if isinstance(value, str) else value
            if isinstance(raw, bytes) and raw:
                node.child(
                    f"decoded-{line}-{index}.py"
                    if isinstance(value, str) or raw.isascii()
                    else f"decoded-{line}-{index}",
                    raw,
                )
    for line, stream in source.unpickled()[:_PLACES_LIMIT]:
        node.child(f"pickle-{line}", stream, expect="pickle")
    if sent := source.secrets_and_network():
        node.finding("code-secrets", what=sent[1], place=f"{place}line {sent[0]}")


_WHEN = {
    Phase.IMPORT: "when it is imported",
    Phase.USED: "when the model is loaded or used",
    Phase.OTHER: "if its functions are called",
}
