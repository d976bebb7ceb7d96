"""What Git leaves in a folder and runs from it: hooks, filters, commands in its settings; and pointers of Git LFS.

After githooks(5), gitattributes(5), git-config(1) and https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md.
"""

from __future__ import annotations

import re

from quarantine.formats.interface import Malformed, Node

_HONEST_FILTERS = frozenset({"lfs", "-filter", "xet"})
_FILTER = re.compile(r"(?:^|\s)filter=(\S+)")
# Settings whose values Git runs, or that name files which it runs.
_NAMES = (
    "fsmonitor|sshcommand|hookspath|pager|editor|askpass|gitproxy|external|textconv|clean|smudge|process|driver|"
    "helper|program|cmd|path|update|packobjectshook|vcs"
)
_COMMANDS = re.compile(
    rf"^[ \t]*(?:{_NAMES})[ \t]*=[ \t]*(.*)$|^[ \t]*[\w.-]+[ \t]*=[ \t]*(!.*|ext::.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_HONEST_SETTINGS = re.compile(
    r"git-lfs\b[^;|&`$]*$|^(?:true|false|cache|store|manager|[\w./-]+)$", re.IGNORECASE
)
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-\d-\S+ [^\n]+\n)*"
    rb"oid sha256:[0-9a-f]{64}\nsize \d{1,18}\n?"
)


def pointer(node: Node) -> None:
    """A pointer stands where the model should be: what it stands for was not looked at.

    Raises:
        Malformed: it is no pointer of the specification.
    """
    raw = node.source.read(0, node.source.size)
    if not _POINTER.fullmatch(raw):
        raise Malformed("not a pointer of Git LFS")
    node.finding(
        "lfs-pointer",
        oid=raw.split(b"oid ")[1][:71].decode(),
        size=raw.rsplit(b"size ", 1)[1].strip().decode(),
    )


def attributes(node: Node) -> None:
    """Filters other than LFS run a program for every file that is checked out."""
    text = node.source.read(0, node.source.size).decode("utf-8", "replace")
    for name in sorted(set(_FILTER.findall(text)) - _HONEST_FILTERS):
        node.finding("git-runs-program", what=f"the filter {name}")


def settings(node: Node) -> None:
    """Settings whose values Git runs."""
    text = node.source.read(0, node.source.size).decode("utf-8", "replace")
    for match in _COMMANDS.finditer(text):
        value = (match[1] or match[2] or "").strip().strip('"')
        if value.startswith(("!", "ext::")) or not _HONEST_SETTINGS.search(value):
            node.finding("git-runs-program", what=f"the setting {match[0].strip()[:200]}")


def inside(node: Node) -> None:
    """A file of Git's own folder."""
    path = node.path.lower()
    if "/hooks/" in f"/{path}" and not path.endswith(".sample"):
        node.finding("git-runs-program", what=f"the hook {path.rpartition('/')[2]}")
    elif path.rpartition("/")[2].startswith("config") or path.endswith((".git/modules", "info/attributes")):
        settings(node)
        attributes(node)
