"""The contract of a registry: take a release whole, or not at all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from quarantine.records import Manifest


@dataclass(frozen=True)
class Release:
    """What is published: the files under ``content`` as the manifest lists them, and the signed verdict."""

    untrusted_name: str
    version: str
    content: Path
    manifest: Manifest
    envelope: bytes


class Registry(ABC):
    """Where the enterprise takes models from."""

    @abstractmethod
    def publish(self, release: Release) -> str:
        """Copy, checking each file's size and SHA-256 against the manifest, and make it visible in one step.

        Publishing the same release again succeeds and changes nothing. Returns where it lies.

        Raises:
            IntegrityError: the bytes are not those of the manifest; nothing became visible.
            NotPromotable: another release has that name and version.
            StateError: the registry cannot be written.
        """
