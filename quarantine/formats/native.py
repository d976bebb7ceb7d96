"""Machine code and bytecode (ELF, PE, Mach-O, WebAssembly, Java classes, DEX, ar archives): never part of a model.

Told by magic and the fields behind it. What is only loaded needs none of these; nothing is claimed of what they hold
beyond that, because the finding refuses them.
"""

from __future__ import annotations

from quarantine.formats.interface import Node, Source

# Magic -> kind; where a magic is short or shared, ``kind_of`` checks more.
_MAGICS = {
    b"\x7fELF": "ELF",
    b"\xfe\xed\xfa\xce": "Mach-O",
    b"\xfe\xed\xfa\xcf": "Mach-O",
    b"\xce\xfa\xed\xfe": "Mach-O",
    b"\xcf\xfa\xed\xfe": "Mach-O",
    b"\xbe\xba\xfe\xca": "Mach-O",
    b"\xca\xfe\xba\xbf": "Mach-O",
    b"\xbf\xba\xfe\xca": "Mach-O",
    b"\0asm": "WebAssembly",
    b"dex\n": "DEX",
    b"dey\n": "DEX",
    b"!<arch>\n": "library archive",
    b"!<thin>\n": "library archive",
    b"BC\xc0\xde": "LLVM bitcode",
    b"\x1bLua": "Lua bytecode",
    b"L\0\0\0\x01\x14\x02\0": "Windows link",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "Windows compound file",
}
_FAT, _FAT_ARCHITECTURES = b"\xca\xfe\xba\xbe", 40
_JAVA_VERSIONS = range(45, 120)


def kind_of(head: bytes, source: Source) -> str | None:
    """What kind of program begins so; None if it is none."""
    if head[:4] == _FAT:  # the number of architectures, or Java's minor and major version
        count = int.from_bytes(head[4:8], "big")
        if 0 < count < _FAT_ARCHITECTURES:
            return "Mach-O, for several machines"
        return "Java class" if int.from_bytes(head[6:8], "big") in _JAVA_VERSIONS else None
    if head[:2] == b"MZ":
        at = int.from_bytes(head[0x3C:0x40], "little")
        if source.read(at, 4) == b"PE\0\0" or b"This program cannot be run in DOS mode" in head:
            return "PE"
        return "DOS" if source.read(at, 2) in (b"NE", b"LE", b"LX") else None
    return next((kind for magic, kind in _MAGICS.items() if head.startswith(magic)), None)


class Native:
    """A program or a library of machine code or bytecode."""

    name = "native"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The magic, and the fields behind it."""
        return kind_of(head, source) is not None

    def read(self, node: Node) -> None:
        """Report it."""
        node.finding("format-executable", kind=kind_of(node.source.read(0, 4096), node.source))
