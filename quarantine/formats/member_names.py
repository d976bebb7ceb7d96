"""What the name of an archive's member would do to a program that unpacks it, and which names are the same to some.

After CWE-22 and what Windows, macOS, PyTorch and Python's zipfile and tarfile make of names. It opens nothing.
"""

from __future__ import annotations

import posixpath
import unicodedata


def way_out(name: str) -> str | None:
    """How a member of this name would leave the folder that it is unpacked into; None if it stays."""
    plain = name.replace("\\", "/")
    drive = len(plain) > 1 and plain[1] == ":"
    if "\0" in name or plain.startswith("/") or drive or ".." in plain.split("/"):
        return "its name"
    return None


def same_to_someone(name: str) -> str:
    """One form of all names that one program or another would take for the same member.

    PyTorch and file systems look names up without regard to case, Windows cuts dots and blanks at a part's end, macOS
    composes letters, and NUL ends a name in C.
    """
    plain = unicodedata.normalize("NFKC", name.split("\0", 1)[0].replace("\\", "/")).casefold()
    parts = [part if part in (".", "..") else part.rstrip(" .") for part in plain.split("/")]
    whole = posixpath.normpath("/".join(parts)) if any(parts) else ""
    return whole.removeprefix("./")
