"""A registry in a directory: ``models/<name>/<version>/`` with the files under ``model/`` and the signed verdict.

A release is built under ``.staging/`` and appears with one rename; a reader never sees half of it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path, PurePosixPath

from quarantine.durable import sync_directory
from quarantine.errors import IntegrityError, NotPromotable, StateError
from quarantine.records import FileEntry, Manifest, canonical
from quarantine.registries.interface import Registry, Release

ENVELOPE_NAME = "verdict.dsse.json"
MANIFEST_NAME = "manifest.json"
CONTENT_NAME = "model"
_CHUNK = 1 << 20


class DirectoryRegistry(Registry):
    """A registry below ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def publish(self, release: Release) -> str:
        """See ``Registry.publish``."""
        name = safe_name(release.untrusted_name) or release.manifest.digest[7:19]
        target = self._root / "models" / name / safe_name(release.version)
        try:
            if target.exists():
                return self._same(target, release)
            return self._publish(target, release)
        except OSError as error:
            raise StateError(
                f"the registry {self._root} cannot be written: {error.strerror}",
                remedy="free space or make it writable, then promote again",
            ) from error

    def _publish(self, target: Path, release: Release) -> str:
        staging = self._root / ".staging"
        staging.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=staging))
        try:
            for file in release.manifest.files:
                _copy(release.content, work / CONTENT_NAME, file)
            _write(work / MANIFEST_NAME, canonical(release.manifest))
            _write(work / ENVELOPE_NAME, release.envelope)
            for folder, _, _ in os.walk(work, topdown=False):
                Path(folder).chmod(0o755)
                sync_directory(Path(folder))
            try:
                work.rename(target)
            except OSError:
                if target.exists():
                    return self._same(target, release)
                raise
            sync_directory(target.parent)
            return str(target)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _same(self, target: Path, release: Release) -> str:
        if read_manifest(target).digest == release.manifest.digest:
            return str(target)
        raise NotPromotable(
            f"the registry holds another release at {target}", remedy="hand the model in under another name"
        )


def safe_name(untrusted: str) -> str:
    """``untrusted`` as one path component of letters, digits, ``.``, ``_`` and ``-``; may become empty."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", untrusted).strip(".-")[:100]


def read_manifest(release: Path) -> Manifest:
    """The manifest beside a release; not signed, so it only tells releases apart.

    Raises:
        IntegrityError: it is missing or no manifest.
    """
    import msgspec

    try:
        return msgspec.json.decode((release / MANIFEST_NAME).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise IntegrityError(
            f"{release} has no sound manifest", remedy="remove it and promote again"
        ) from error


def _copy(source: Path, target: Path, file: FileEntry) -> None:
    parts = PurePosixPath(file.path).parts
    if not parts or file.path.startswith("/") or any(part in {"..", "."} for part in parts):
        raise IntegrityError(f"the manifest names {file.path!r}", remedy="do not promote this submission")
    destination = target.joinpath(*parts)
    destination.parent.mkdir(parents=True, exist_ok=True)
    sha256, size = hashlib.sha256(), 0
    reading = os.open(source.joinpath(*parts), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    writing = os.open(destination, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
    with open(reading, "rb") as before, open(writing, "wb") as after:
        while chunk := before.read(_CHUNK):
            sha256.update(chunk)
            size += len(chunk)
            after.write(chunk)
        after.flush()
        os.fsync(writing)
    if (size, sha256.hexdigest()) != (file.size_bytes, file.sha256):
        raise IntegrityError(
            f"{file.path!r} in custody is not what was judged", remedy="check the vault; nothing was promoted"
        )


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
    with open(fd, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(fd)
