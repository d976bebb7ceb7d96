"""The contract of a format: tell it from its content, then read it strictly and claim every byte of it.

A format runs inside the jail. It may import the standard library and ``quarantine`` only, unless its docstring
names another library.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol


class Source(Protocol):
    """Random access to the bytes of one artifact, whatever holds them."""

    @property
    def size(self) -> int:
        """Length in bytes."""

    def read(self, offset: int, length: int) -> bytes:
        """Exactly the bytes that exist in ``[offset, offset+length)``; fewer at the end."""

    def open(self) -> BinaryIO:
        """A fresh, buffered, seekable, read-only file object at offset 0."""

    def view(self) -> AbstractContextManager[memoryview]:
        """All bytes, mapped rather than copied where they are a file."""


class Node(Protocol):
    """One artifact on its way through the worker. Everything a format or analyzer has to say, it says here."""

    path: str
    source: Source
    depth: int

    def claim(self, start: int, end: int) -> None:
        """Say that the bytes ``[start, end)`` were understood. Overlaps are allowed; gaps end a pass."""

    def finding(
        self,
        rule: str,
        *,
        offset: int | None = None,
        length: int | None = None,
        **evidence: object,
    ) -> None:
        """Report that ``rule`` matched. Evidence values are shortened and escaped for the wire; tuples are lines."""

    def unread(self) -> None:
        """Say that a part could not be read, so that the artifact is not complete. The finding says why."""

    def known_as(self, layout: str) -> None:
        """Name the format more closely than the reader's own name does: a zip is ``torch`` or ``npz``."""

    def expanded(self, size_bytes: int) -> None:
        """Count bytes that came out of compressed content.

        Raises:
            TooLarge: the submission has expanded to more than is followed.
        """

    def said(self, name: str, value: object) -> None:
        """Report what the supplier says about the model. It is shown as that and decides nothing."""

    def fact(self, name: str, value: object) -> None:
        """Report something true that is no finding."""

    def tensor(self, name: str, dtype: str, shape: Sequence[int], size_bytes: int) -> None:
        """Say that a tensor is here, under its name in the file; for a reviewer who asks for a table of them."""

    def child(self, name: str, source: Source | bytes, *, expect: str | None = None) -> None:
        """Queue a nested artifact, at ``path!name``. ``expect`` is the format that the loader will take it for;
        when given, it is read as that format whatever it looks like, and as what it looks like as well."""

    def siblings(self) -> Iterator[tuple[str, Source]]:
        """The other files of the submission: (untrusted relative path, source)."""

    def claim_sibling(self, path: str, start: int, end: int) -> None:
        """Say that ``[start, end)`` of another file is data of this artifact. It counts where nothing else
        explains that file, and only if that file is read after this one."""

    def described(self) -> list[tuple[int, int]]:
        """The ranges of this artifact that other files claimed as their data."""


class Format(Protocol):
    """One file format."""

    name: str

    def recognise(self, head: bytes, source: Source) -> bool:
        """True if the content is this format. ``head`` is the first 4 KiB."""

    def read(self, node: Node) -> None:
        """Validate strictly, claim bytes, queue children.

        Raises:
            Malformed: the content breaks the specification; what was found before it still counts.
        """


class Malformed(Exception):
    """The content breaks its format's specification at ``offset``."""

    def __init__(self, why: str, *, offset: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.offset = offset


class Unsupported(Malformed):
    """The content may be sound, but has a form that its reader does not follow: a version, a type or a byte order.

    Only for forms that the usual loader refuses to read at all, or that no loader runs anything in: a person decides
    about such a file, where one that breaks its format is rejected.
    """


class TooLarge(Malformed):
    """The content may be sound but is more than its reader takes; it was not read to its end."""
