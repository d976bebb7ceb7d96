"""XML that fetches, expands or runs something: PMML and drawings. Addresses are of this machine alone."""

from __future__ import annotations

from corpora.case import MADE, Case, hostile

_HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_SVG = b'<svg xmlns="http://www.w3.org/2000/svg">%s</svg>\n'


def _pmml(old: bytes, new: bytes) -> bytes:
    return (MADE / "pmml/nyoka-tree.pmml").read_bytes().replace(old, new, 1)


def cases() -> list[Case]:
    """All of them."""
    doctype = b"<!DOCTYPE PMML [%s]>\n<PMML "
    bomb = b'<!ENTITY a "aaaaaaaaaa">' + b"".join(
        b'<!ENTITY %c "&%c;&%c;&%c;&%c;">' % (c + 1, c, c, c, c) for c in b"abcdefgh"
    )
    found: dict[str, tuple[str, str, bytes]] = {
        "pmml-file-entity": (
            "xml-doctype", "an entity that is a file of the machine",
            _pmml(b"<PMML ", doctype % b'<!ENTITY x SYSTEM "file:///etc/hostname">').replace(b"Default", b"&x;"),
        ),
        "pmml-address": (
            "xml-doctype", "a document type at an address",
            _pmml(b"<PMML ", b'<!DOCTYPE PMML SYSTEM "http://127.0.0.1:9/a.dtd">\n<PMML '),
        ),
        "pmml-parameter-entity": (
            "xml-doctype", "a parameter entity at an address",
            _pmml(b"<PMML ", doctype % b'<!ENTITY % p SYSTEM "http://127.0.0.1:9/a"> %p;'),
        ),
        "pmml-bomb": ("xml-doctype", "entities that expand to gigabytes", _pmml(b"<PMML ", doctype % bomb)),
        "pmml-hidden-type": (
            "xml-doctype", "a document type behind a long comment, without an XML declaration",
            b"<!--" + b"x" * 9000 + b"-->\n" + (doctype % b'<!ENTITY x SYSTEM "file:///etc/hostname">') + b"/>",
        ),
        "pmml-class": (
            "pmml-class", "a function that is a Java class",
            _pmml(b"</DataDictionary>", b'</DataDictionary><TransformationDictionary><DerivedField name="d" '
                  b'optype="continuous" dataType="double"><Apply function="com.example.Run"/></DerivedField>'
                  b"</TransformationDictionary>"),
        ),
        "xml-include": (
            "xml-external-reference", "an include of another file",
            _HEAD + b'<a xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="/etc/hostname" parse="text"/></a>',
        ),
        "svg-script": ("xml-script", "a script in a drawing", _SVG % b"<script>1</script>"),
        "svg-handler": ("xml-script", "a handler in a drawing", _SVG % b'<image onerror="a()"/>'),
        "svg-link": ("xml-script", "a link that is a program", _SVG % b'<a href="\tjavascript:a()"><path/></a>'),
        "xsl": (
            "xml-script", "a stylesheet program",
            _HEAD + b'<x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform"/>',
        ),
    }  # fmt: skip
    mild = {"xml-include"}
    return [
        hostile(name, f"model.{'pmml' if name.startswith('pmml') else 'svg'}", lambda _, c=content: c, text, (rule,),  # type: ignore[misc]
                "review" if name in mild else "reject")
        for name, (rule, text, content) in found.items()
    ]  # fmt: skip
