"""Make untrusted text safe to show: no control, format, bidi or surrogate characters, bounded length."""

from __future__ import annotations


def printable(untrusted: str, limit: int = 4096) -> str:
    """``untrusted`` with each character that does not show itself as a backslash escape.

    >>> printable("a\\x1b[31m\\u202eb")
    'a\\\\x1b[31m\\\\u202eb'
    """
    if not untrusted.isprintable():
        untrusted = "".join(_escape(character) for character in untrusted)
    return untrusted if len(untrusted) <= limit else untrusted[: limit - 1] + "…"


def _escape(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
