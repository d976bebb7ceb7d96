"""Texts that an unknown function is called with and that are worth something only to an attacker.

Commands, source code, addresses and absolute paths. It looks at the arguments of calls alone, never at data, and
decides nothing about names that are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from quarantine.analyzers.pickle.named import Arguments, Named, is_global

MAX_TEXTS = 64
MAX_LENGTH = 1 << 16
_PROGRAMS = (
    r"touch|whoami|curl|wget|bash|zsh|ncat|python[\d.]*|perl|ruby|calc(?:\.exe)?|powershell|cmd(?:\.exe)?|rm|cp|mv|chmod"
    r"|mkfifo|nohup|sudo|printenv|ifconfig|uname|nslookup|mkdir|echo|socat|gnome-calculator|xcalc|notepad(?:\.exe)?"
)
_CODE = re.compile(
    r"(?:^|[\s;(])(?:import\s+[A-Za-z_]\w*|from\s+[A-Za-z_][\w.]*\s+import\s)|__import__|\b(?:exec|eval|compile|open)\s*\("
    r"|\blambda\b[^:]{0,80}:|\b(?:os|posix|subprocess|sys|socket|shutil|builtins)\.\w+|__(?:globals|builtins|subclasses|class)__"
)
_COMMAND = re.compile(
    rf"\s*(?:/(?:usr/)?s?bin/)?(?:{_PROGRAMS})(?:\s+\S|\s*$)|\$\(|`[^`]+`|(?:;|&&|\|\|?)\s*(?:{_PROGRAMS}|sh|nc|cat|id|ls)\b"
    r"|/bin/(?:ba|z|da)?sh\b|/dev/tcp/|\b(?:sh|nc|cat|ls|sleep|kill|find)\s+[-/.~$]|>\s*/"
)
_ADDRESS = re.compile(r"\b(?:https?|ftps?|file|gs|s3|wss?|tcp|ldap|smb|data)://|\\\\[\w.-]+\\", re.IGNORECASE)
_PATH = re.compile(r"(?:/|~/|\.\./|[A-Za-z]:\\)[\w.]")


def payload_in(args: Arguments, name: str) -> str | None:
    """The first such text in the arguments of a call of ``name``, or None.

    Classes of honest libraries are made with paths and addresses; functions that restore objects are not.
    """
    function = not name.rpartition(".")[2].strip("_")[:1].isupper()
    for text in _texts(args):
        if _CODE.search(text) or _COMMAND.match(text) or (_COMMAND.search(text) and len(text) < 512):
            return text[:200]
        if function and (_ADDRESS.search(text) or (_PATH.match(text) and "\n" not in text)):
            return text[:200]
    return None


def _texts(args: Arguments) -> Iterator[str]:
    """The texts among the arguments, in their containers, and in what was made of texts."""
    todo, count = list(args), 0
    while todo and count < MAX_TEXTS:
        value = todo.pop(0)
        count += 1
        if isinstance(value, str):
            yield value[:MAX_LENGTH]
        elif isinstance(value, bytes | bytearray):
            yield value[:MAX_LENGTH].decode("latin-1")
        elif isinstance(value, list | tuple | set | frozenset):
            todo += list(value)[:MAX_TEXTS]
        elif isinstance(value, dict):
            todo += [*value.values()][:MAX_TEXTS]
        elif isinstance(value, Named) and not is_global(value):
            todo += [getattr(value, "args", ())]
