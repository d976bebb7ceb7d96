"""The ledger: an append-only, hash-chained record of everything decided, with signed checkpoints.

Change, removal and reordering break the chain; truncation is told by the last checkpoint, a copy of which
(the anchor) is kept elsewhere. Nothing here repairs silently: a torn last line is moved aside and recorded.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

from quarantine.durable import append_durably, replace_file
from quarantine.errors import IntegrityError
from quarantine.records import Record, canonical
from quarantine.vault.vault import storage_errors

GENESIS = "0" * 64


class Signer(Protocol):
    """A key that signs checkpoints."""

    key_id: str

    def sign(self, message: bytes) -> bytes:
        """The signature of ``message``."""


Check = Callable[[str, bytes, bytes], bool]
"""(key id, message, signature) -> whether the signature is good."""


class Entry(Record, frozen=True, kw_only=True):
    """One line. ``prev`` is the SHA-256 of the line before it; ``key`` makes a repeated append harmless."""

    seq: int
    prev: str
    time: str
    event: str
    subject: str
    key: str
    body: dict[str, Any]


class Checkpoint(Record, frozen=True, kw_only=True):
    """A signed statement that line ``seq`` had the SHA-256 ``hash``."""

    seq: int
    hash: str
    time: str
    key_id: str
    signature: str = ""

    @property
    def message(self) -> bytes:
        """What is signed."""
        return canonical(msgspec.structs.replace(self, signature=""))


@dataclass(frozen=True)
class LedgerReport:
    """What a check of the whole ledger found; ``problems`` is empty if it is sound.

    Removing lines behind number ``sealed``, the last one that a checkpoint covers, could not be told.
    """

    entries: int
    checkpoints: int
    sealed: int
    problems: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """True if nothing was found."""
        return not self.problems


class Ledger:
    """The ledger in one directory; ``anchor`` is the file, elsewhere, that holds the last checkpoint too."""

    def __init__(self, directory: Path, *, anchor: Path | None = None) -> None:
        self._path = directory / "ledger.jsonl"
        self._torn = directory / "ledger.torn"
        self._checkpoints = directory / "checkpoints.jsonl"
        self._lock = directory / "ledger.lock"
        self._anchor = anchor
        self._offset, self._seq, self._prev = 0, 0, GENESIS
        self._keys: dict[str, Entry] = {}
        with storage_errors(directory):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def append(self, event: str, body: dict[str, Any], *, subject: str = "", key: str | None = None) -> Entry:
        """Record ``event``; with a ``key`` that is already recorded, return that entry and write nothing.

        Raises:
            StateError: the ledger cannot be written.
            IntegrityError: the ledger is not what was written; nothing is added to it.
        """
        with self._locked():
            self._read_on()
            if key is not None and key in self._keys:
                return self._keys[key]
            return self._write(event, body, subject, key or "")

    def find(self, key: str) -> Entry | None:
        """The entry that was appended with ``key``.

        Raises:
            IntegrityError: the ledger is not what was written.
        """
        with self._locked():
            self._read_on()
            return self._keys.get(key)

    def checkpoint(self, signer: Signer) -> Checkpoint:
        """Sign where the ledger stands now, and keep a copy at the anchor."""
        with self._locked():
            self._read_on()
            unsigned = Checkpoint(seq=self._seq, hash=self._prev, time=_now(), key_id=signer.key_id)
            signature = signer.sign(unsigned.message).hex()
            signed = msgspec.structs.replace(unsigned, signature=signature)
            append_durably(self._checkpoints, canonical(signed) + b"\n")
            if self._anchor is not None:
                replace_file(self._anchor, canonical(signed) + b"\n")
            return signed

    def entries(self) -> Iterator[Entry]:
        """All entries, oldest first, as they are written; ``verify`` says whether to believe them."""
        if self._path.exists():
            with self._path.open("rb") as file:
                for line in file:
                    yield msgspec.json.decode(line, type=Entry)

    def verify(self, check: Check | None = None) -> LedgerReport:
        """Read everything again: the chain, every checkpoint, the anchor, and with ``check`` signatures."""
        problems: list[str] = []
        with self._locked():
            lines = self._path.read_bytes().splitlines(keepends=True) if self._path.exists() else []
            hashes = _chain(lines, problems)
            checkpoints = self._load_checkpoints(problems)
        for point, where in checkpoints:
            if point.seq >= len(hashes):
                problems.append(f"{where}: line {point.seq} was recorded and is gone (truncated)")
            elif hashes[point.seq] != point.hash:
                problems.append(f"{where}: line {point.seq} or one before it was changed")
            if check and not check(point.key_id, point.message, _unhex(point.signature)):
                problems.append(f"{where}: the signature is not good")
        sealed = max((point.seq for point, _ in checkpoints), default=0)
        return LedgerReport(len(lines), len(checkpoints), sealed, tuple(problems))

    def _load_checkpoints(self, problems: list[str]) -> list[tuple[Checkpoint, str]]:
        found = []
        for path in (self._checkpoints, self._anchor):
            lines = path.read_bytes().splitlines() if path and path.exists() else []
            for number, line in enumerate(lines, 1):
                where = f"checkpoint {number}" if path == self._checkpoints else "anchor"
                try:
                    found.append((msgspec.json.decode(line, type=Checkpoint), where))
                except msgspec.MsgspecError:
                    problems.append(f"{where} cannot be read")
        anchors = [point for point, where in found if where == "anchor"]
        points = [point for point, where in found if where != "anchor"]
        if anchors and anchors[0] not in points:
            problems.append("the anchor's checkpoint is missing from the list of checkpoints")
        return found

    def _write(self, event: str, body: dict[str, Any], subject: str, key: str) -> Entry:
        entry = Entry(
            seq=self._seq + 1,
            prev=self._prev,
            time=_now(),
            event=event,
            subject=subject,
            key=key,
            body=msgspec.to_builtins(body),
        )
        line = canonical(entry) + b"\n"
        append_durably(self._path, line)
        self._advance(entry, line)
        return entry

    def _read_on(self) -> None:
        """Take in what was appended since, by any process; move a torn last line aside."""
        if not self._path.exists():
            if self._seq:
                raise _broken("it was removed")
            return
        with self._path.open("rb") as file:
            if os.fstat(file.fileno()).st_size < self._offset:
                raise _broken("it was truncated")
            file.seek(self._offset)
            for line in file.read().splitlines(keepends=True):
                if not line.endswith(b"\n"):
                    self._set_aside(line)
                    return
                try:
                    entry = msgspec.json.decode(line, type=Entry)
                except msgspec.MsgspecError:
                    raise _broken(f"line {self._seq + 1} cannot be read") from None
                if entry.prev != self._prev or entry.seq != self._seq + 1:
                    raise _broken(f"line {self._seq + 1} does not follow from the one before")
                self._advance(entry, line)

    def _set_aside(self, torn: bytes) -> None:
        append_durably(self._torn, torn + b"\n")
        with self._path.open("r+b") as file:
            file.truncate(self._offset)
            os.fsync(file.fileno())
        body = {"bytes": len(torn), "sha256": hashlib.sha256(torn).hexdigest()}
        self._write("ledger.torn-line-set-aside", body, "ledger", "")

    def _advance(self, entry: Entry, line: bytes) -> None:
        self._offset += len(line)
        self._seq, self._prev = entry.seq, hashlib.sha256(line).hexdigest()
        if entry.key:
            self._keys[entry.key] = entry

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with storage_errors(self._path):
            fd = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX)
                yield
            finally:
                os.close(fd)


def _chain(lines: list[bytes], problems: list[str]) -> list[str]:
    hashes = [GENESIS]
    for number, line in enumerate(lines, 1):
        try:
            entry = msgspec.json.decode(line, type=Entry)
        except msgspec.MsgspecError:
            problems.append(f"line {number} cannot be read")
        else:
            if entry.seq != number or entry.prev != hashes[-1] or canonical(entry) + b"\n" != line:
                problems.append(
                    f"line {number} does not follow from the one before (changed, moved or removed)"
                )
        hashes.append(hashlib.sha256(line).hexdigest())
    return hashes


def _unhex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _broken(why: str) -> IntegrityError:
    return IntegrityError(
        f"the ledger is not what was written: {why}", remedy="run `quarantine ledger verify`"
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
