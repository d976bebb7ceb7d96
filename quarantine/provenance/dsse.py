"""Dead Simple Signing Envelope, version 1 (secure-systems-lab/dsse, protocol.md and envelope.md).

One signature by one trusted key. An envelope is hostile until it verified; nothing in it is read before.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Meta, Struct

from quarantine.errors import IntegrityError
from quarantine.provenance.keys import FileSigner, good_signature, key_id

ENVELOPE_LIMIT_BYTES = 1 << 30
_REMEDY = "do not use this release; have it promoted again"


class Signature(Struct, frozen=True, forbid_unknown_fields=True):
    """One signature of an envelope."""

    keyid: Annotated[str, Meta(max_length=128)]
    sig: Annotated[str, Meta(max_length=256)]


class Envelope(Struct, frozen=True, forbid_unknown_fields=True):
    """The payload, what it is, and who signed both."""

    payload: str
    payloadType: Annotated[str, Meta(max_length=256)]
    signatures: Annotated[tuple[Signature, ...], Meta(min_length=1, max_length=16)]


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """What is signed: ``DSSEv1 SP LEN(type) SP type SP LEN(payload) SP payload`` (protocol.md)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def seal(payload_type: str, payload: bytes, signer: FileSigner) -> bytes:
    """The envelope of ``payload`` as JSON, signed by ``signer``."""
    signature = signer.sign(pre_authentication_encoding(payload_type, payload))
    return msgspec.json.encode(
        Envelope(
            payload=base64.b64encode(payload).decode(),
            payloadType=payload_type,
            signatures=(Signature(signer.key_id, base64.b64encode(signature).decode()),),
        )
    )


def unseal(envelope: bytes, payload_type: str, key: Ed25519PublicKey) -> bytes:
    """The payload, after its type and signature were checked.

    Raises:
        IntegrityError: no envelope, another type, or no good signature by ``key``.
    """
    try:
        if len(envelope) > ENVELOPE_LIMIT_BYTES:
            raise ValueError("it is too large")
        opened = msgspec.json.decode(envelope, type=Envelope)
        payload = base64.b64decode(opened.payload, validate=True)
        signatures = [
            base64.b64decode(s.sig, validate=True) for s in opened.signatures if s.keyid == key_id(key)
        ]
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, binascii.Error, RecursionError) as error:
        raise IntegrityError(f"the signed verdict is no envelope: {error}", remedy=_REMEDY) from error
    if opened.payloadType != payload_type:
        raise IntegrityError("the envelope holds something other than a verdict", remedy=_REMEDY)
    message = pre_authentication_encoding(payload_type, payload)
    if not any(good_signature(key, message, signature) for signature in signatures):
        raise IntegrityError("the signature is not good, or not by the key that was given", remedy=_REMEDY)
    return payload
