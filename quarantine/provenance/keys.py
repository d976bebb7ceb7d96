"""The Ed25519 key that signs verdicts and ledger checkpoints (RFC 8032), kept as PEM files.

The private key never leaves its file but into the signer. Keys in a token come later, behind the same signer.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from quarantine.errors import BadInput, NotFound, StateError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PRIVATE_NAME, PUBLIC_NAME = "signing-key.pem", "signing-key.pub.pem"


@dataclass(frozen=True)
class KeyFiles:
    """Where a key pair lies."""

    private_path: Path
    public_path: Path


class FileSigner:
    """Signs with a private key from a file. ``key_id`` is the SHA-256 of the public key's DER, in hex."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_pem = _public_pem(key.public_key())
        self.key_id = key_id(key.public_key())

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of ``message``."""
        return self._key.sign(message)


def init(directory: Path) -> KeyFiles:
    """Make a key pair; one that is there already is never replaced.

    Raises:
        BadInput: there is a key already.
        StateError: the directory cannot be written.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    files = KeyFiles(directory / PRIVATE_NAME, directory / PUBLIC_NAME)
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_new(files.private_path, private, 0o600)
        _write_new(files.public_path, _public_pem(key.public_key()), 0o644)
    except FileExistsError:
        raise BadInput(
            f"there is a key in {directory} already", remedy="keep it, or move it away yourself"
        ) from None
    except OSError as error:
        raise StateError(
            f"cannot write keys to {directory}: {error.strerror}", remedy="make the directory writable"
        ) from error
    return files


def load_signer(directory: Path) -> FileSigner:
    """The signer of the key in ``directory``.

    Raises:
        NotFound: there is no key.
        BadInput: the file is no Ed25519 key, or others may read it.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = directory / PRIVATE_NAME
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        raise NotFound(f"there is no signing key {path}", remedy="run `quarantine keys init`") from None
    with open(fd, "rb") as file:
        if os.fstat(fd).st_mode & 0o077:
            raise BadInput(f"others may read {path}", remedy=f"make a new key, or run `chmod 600 {path}`")
        content = file.read(1 << 16)
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(f"{path} is no Ed25519 key", remedy="restore it from your copy")
    return FileSigner(key)


def load_public(pem: bytes) -> Ed25519PublicKey:
    """The public key in ``pem``.

    Raises:
        BadInput: it is no Ed25519 public key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise BadInput(
            "the key is no Ed25519 public key in PEM", remedy="give the file that `keys init` made"
        )
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """Hex SHA-256 of the key's SubjectPublicKeyInfo (RFC 5280) in DER."""
    from cryptography.hazmat.primitives import serialization

    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def good_signature(key: Ed25519PublicKey, message: bytes, signature: bytes) -> bool:
    """True if ``signature`` is the key's over ``message``."""
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _public_pem(key: Ed25519PublicKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _write_new(path: Path, content: bytes, mode: int) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with open(fd, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(fd)
