"""Scripts of other languages and files of build tools: what they fetch from elsewhere and run. Matched, never run.

Shell is not parsed: a script is a person's to read in any case, and the patterns only say where to begin.
"""

from __future__ import annotations

import re

from quarantine.formats.interface import Node

_SCRIPTS = (".sh", ".bash", ".zsh", ".bat", ".cmd", ".ps1", ".command")
_REQUIREMENTS = re.compile(
    r"(?:^|[-_.])requirements[\w.-]*\.(?:txt|in)$|^constraints[\w.-]*\.txt$|^pip\.conf$"
)
_READ_LIMIT = 1 << 20
_PLACES_LIMIT = 8
# Each with what it is; the first that matches a line is told.
_PATTERNS = tuple(
    (re.compile(pattern, re.IGNORECASE), what)
    for pattern, what in (
        (
            r"(?:curl|wget|fetch)\b[^\n|;]*\|\s*(?:sudo\s+)?(?:env\s+)?(?:\S*/)?(?:ba|z|da|k)?sh\b",
            "a download is run by a shell",
        ),
        (
            r"(?:curl|wget)\b[^\n|]*\|\s*(?:sudo\s+)?\S*(?:python|perl|ruby|node|php)[\d.]*\b",
            "a download is run by an interpreter",
        ),
        (r"(?:ba|z)?sh\s+(?:-c\s+)?[\"']?(?:<\(|\$\()\s*(?:curl|wget)", "a download is run by a shell"),
        (
            r"base64\s+(?:-d|-D|--decode)\b[^\n]*\|\s*(?:sudo\s+)?\S*(?:sh|python|perl)[\d.]*\b",
            "decoded text is run",
        ),
        (r"/dev/(?:tcp|udp)/", "a connection by the shell"),
        (r"\bnc(?:at)?\b[^\n]*\s-[a-z]*[ec]\b", "a shell on a connection"),
        (
            r"\b(?:iex|invoke-expression)\b|-enc(?:odedcommand)?\s+[A-Za-z0-9+/=]{20,}",
            "text is run by PowerShell",
        ),
        (r"\beval\s+[\"']?\$\(\s*(?:curl|wget|base64|echo)", "text from elsewhere is evaluated"),
        (r"crontab\s+-|>>?\s*\S*(?:/etc/cron|\.bashrc|\.profile|\.zshrc|authorized_keys)", "it stays behind"),
        (r"\brm\s+-[a-z]*r[a-z]*f?[a-z]*\s+(?:/|~|\$HOME)(?:\s|\*|$)", "everything is deleted"),
        (
            r"\b(?:python[\d.]*|perl|ruby|node)\s+-[ce]\s+[\"'][^\"'\n]{200,}",
            "a long program stands in one line",
        ),
    )
)
_ELSEWHERE = re.compile(
    r"""^\s*(?:-\s+)?(?:["']?)(?:--?(?:index-url|i|extra-index-url|find-links|f|trusted-host|e|editable)(?:[\s=]|$)|
    (?:[\w\[\].,-]+\s*@\s*)?(?:git|hg|svn|bzr)\+|(?:[\w\[\].,-]+\s*@\s*)?(?:https?|file|ftp)://|\.{0,2}/?[^\s#]*\.(?:whl|tar\.gz|zip|egg)(?:[\s#;"']|$))
    |^\s*(?:index-url|extra-index-url|find-links)\s*=""",
    re.VERBOSE | re.IGNORECASE,
)
_DOCKER = re.compile(
    r"^\s*(?:ADD\s+(?:--\S+\s+)*https?://|RUN\b.*(?:--index-url|--extra-index-url|git\+))", re.IGNORECASE
)


def shell(node: Node, name: str, head: bytes) -> None:
    """Look at scripts, requirements and build files."""
    lists = bool(_REQUIREMENTS.search(name)) or name in (
        "conda.yaml",
        "conda.yml",
        "environment.yml",
        "environment.yaml",
        "python_env.yaml",
        "pipfile",
        "pyproject.toml",
        "setup.cfg",
    )
    build = name == "makefile" or name.startswith("dockerfile") or name.endswith((".dockerfile", ".mk"))
    script = name.endswith(_SCRIPTS) or head.startswith(b"#!")
    if not (lists or build or script):
        return
    text = node.source.read(0, _READ_LIMIT).decode("utf-8", "replace")
    if lists:
        requirements(node, text)
    else:
        if build:
            node.finding("text-source-code")
        commands(node, text, "")


def commands(node: Node, text: str, place: str) -> None:
    """Name lines that fetch something and run it, or stay behind."""
    told = 0
    for number, line in enumerate(text.replace("\\\n", " ").splitlines(), 1):
        what = next((what for pattern, what in _PATTERNS if pattern.search(line[:4096])), None)
        if what is None and _DOCKER.search(line[:4096]):
            what = "an image takes something from elsewhere"
        if what and told < _PLACES_LIMIT:
            told += 1
            node.finding("shell-runs-download", what=what, place=f"{place}line {number}")


def requirements(node: Node, text: str) -> None:
    """Name dependencies that come from elsewhere than the package index. (pip, Requirements File Format)"""
    told = 0
    for number, line in enumerate(text.replace("\\\n", " ").splitlines(), 1):
        if _ELSEWHERE.match(line[:1024]) and told < _PLACES_LIMIT:
            told += 1
            node.finding("requirements-elsewhere", line=line.strip()[:200], place=f"line {number}")
