"""What texts hold beside their words: credentials that were left in, and programs or archives that were packed in.

Credentials are told by the marks that their issuers give them (never by their disorder), and are never repeated in
full. Packed content is told by what it unpacks to, and is followed as an artifact. Tensor data is no text.
"""

from __future__ import annotations

import base64
import binascii
import re

from quarantine.formats.interface import Node

SIZE_LIMIT_BYTES = 32 << 20
_FOUND_LIMIT = 8
_VARIETY = 10
_MARKS = tuple(
    (re.compile(pattern), what)
    for pattern, what in (
        (rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", "an AWS access key"),
        (rb"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{60,}\b", "a GitHub token"),
        (rb"\bglpat-[\w-]{20,}\b", "a GitLab token"),
        (rb"\bhf_[A-Za-z]{34}\b", "a Hugging Face token"),
        (rb"\bsk-(?:proj-|ant-|svcacct-)?[\w-]{32,}\b", "a key of a model service"),
        (rb"\bxox[abeprs]-[0-9A-Za-z-]{20,}\b", "a Slack token"),
        (rb"\bAIza[0-9A-Za-z_-]{35}\b", "a Google key"),
        (rb"\b[sr]k_live_[0-9A-Za-z]{20,}\b", "a Stripe key"),
        (rb"\bnpm_[A-Za-z0-9]{36}\b|\bpypi-AgEI[\w-]{50,}\b", "a package registry's token"),
        (rb"AccountKey=[A-Za-z0-9+/]{80,}={0,2}", "an Azure storage key"),
        (rb"-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED |PGP )?PRIVATE KEY", "a private key"),
        (
            rb"\b[a-z][a-z0-9+.-]{2,12}://[^\s/:@'\"<>{}$%]{1,64}:[^\s/:@'\"<>{}$%*]{4,128}@[\w.-]+",
            "an address with a password",
        ),
    )
)
_PLACEHOLDER = re.compile(
    rb"example|xxxx|your[-_]|placeholder|dummy|changeme|password@|:pass(?:word)?@|\.\.\.|<|1234567890|abcdef",
    re.IGNORECASE,
)
_BASE64 = re.compile(rb"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{60,}={0,2}(?![A-Za-z0-9+/_=-])")
_HEX = re.compile(rb"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{2}){40,}(?![0-9A-Za-z])")
_PACKED = {
    b"PK\x03\x04": "a ZIP archive",
    b"\x7fELF": "a program",
    b"\x1f\x8b\x08": "gzip data",
    b"BZh": "bzip2 data",
    b"\xfd7zXZ\0": "xz data",
    b"\x89HDF\r\n\x1a\n": "HDF5",
    b"#!/": "a script",
    b"\xca\xfe\xba\xbe": "a program",
    b"\0asm": "a program",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
}
_PYTHON = re.compile(rb"^\s*(?:import|from)\s+\w|\b(?:exec|eval|__import__|os\.system|subprocess)\s*[(.]")
_PRINTABLE = bytes(range(32, 127)) + b"\n\r\t"


class HeldTextAnalyzer:
    """Looks through texts."""

    name = "held-text"

    def analyze(self, node: Node) -> None:
        """Report credentials; follow what is packed."""
        if node.source.size > SIZE_LIMIT_BYTES:
            return
        raw = node.source.read(0, node.source.size)
        told = 0
        for pattern, what in _MARKS:
            for match in pattern.finditer(raw):
                if told < _FOUND_LIMIT and _real(match[0]):
                    told += 1
                    node.finding(
                        "text-secret",
                        what=what,
                        value=_masked(match[0]),
                        place=f"line {raw.count(10, 0, match.start()) + 1}",
                    )
        _packed(node, raw)


def _real(value: bytes) -> bool:
    return value.startswith(b"-----") or (len(set(value)) >= _VARIETY and not _PLACEHOLDER.search(value))


def _masked(value: bytes) -> str:
    """The beginning alone, by which its owner knows it."""
    shown = value.split(b":")[0] if b"://" in value else value[:6]
    return f"{shown[:6].decode('latin-1')}... ({len(value)} characters)"


def _packed(node: Node, raw: bytes) -> None:
    found = 0
    for pattern, unpack in ((_BASE64, _from_base64), (_HEX, binascii.unhexlify)):
        for match in pattern.finditer(raw):
            try:
                start = unpack(match[0][:128])
                what = next(
                    (what for magic, what in _PACKED.items() if start.startswith(magic)), None
                ) or _program(start)
                if what is None:
                    continue
                content = unpack(match[0])
            except (ValueError, binascii.Error):
                continue
            found += 1
            if found > _FOUND_LIMIT:
                return
            node.finding("text-packed", offset=match.start(), length=len(match[0]), what=what)
            name = f"packed-{match.start()}" + (".py" if what.startswith("Python") else "")
            node.child(name, content)


def _from_base64(text: bytes) -> bytes:
    text = text.rstrip(b"=")
    text = text[: len(text) - (len(text) % 4 == 1)]
    return base64.b64decode(text.translate(bytes.maketrans(b"-_", b"+/")) + b"=" * (-len(text) % 4))


def _program(start: bytes) -> str | None:
    if start.startswith(b"MZ") and b"\0" in start:
        return "a program"
    whole = start[:90]
    if not whole.translate(None, _PRINTABLE) and _PYTHON.search(whole):
        return "Python source"
    return None
