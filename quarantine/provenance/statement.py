"""The attestation that goes with a release: an in-toto Statement v1 whose predicate is the verdict.

Subjects are the files of the manifest, so any in-toto verifier can match them.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from quarantine.errors import IntegrityError
from quarantine.records import Verdict, canonical

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE: Literal["https://in-toto.io/Statement/v1"] = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Literal["urn:model-quarantine:verdict:v1"] = "urn:model-quarantine:verdict:v1"


class Approval(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One person's recorded decision on one verdict."""

    submission: str
    verdict_digest: str
    subject: Annotated[str, Meta(min_length=1, max_length=256)]
    decision: Literal["approve", "decline"]
    comment: Annotated[str, Meta(max_length=4096)]
    time: str


class DigestSet(Struct, frozen=True, forbid_unknown_fields=True):
    """The digests of a subject."""

    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class Subject(Struct, frozen=True, forbid_unknown_fields=True):
    """One file of the release."""

    name: str
    digest: DigestSet


class Predicate(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The verdict, who handed the model in, and the decisions of people that opened the gate with it."""

    verdict_digest: str
    verdict: Verdict
    submitter: str
    approvals: tuple[Approval, ...] = ()


class Statement(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"type_": "_type"}):
    """in-toto Statement v1 (in-toto/attestation, spec/v1/statement.md)."""

    type_: Literal["https://in-toto.io/Statement/v1"]
    subject: tuple[Subject, ...]
    predicateType: Literal["urn:model-quarantine:verdict:v1"]
    predicate: Predicate


def state(verdict: Verdict, approvals: tuple[Approval, ...], *, submitter: str) -> bytes:
    """The statement about a verdict's submission, as canonical JSON."""
    return canonical(
        Statement(
            type_=STATEMENT_TYPE,
            subject=tuple(
                Subject(file.path, DigestSet(file.sha256))
                for file in verdict.evidence.submission.manifest.files
            ),
            predicateType=PREDICATE_TYPE,
            predicate=Predicate(
                verdict_digest=verdict.digest, verdict=verdict, submitter=submitter, approvals=approvals
            ),
        )
    )


def read_statement(payload: bytes) -> Statement:
    """A statement whose signature was checked before.

    Raises:
        IntegrityError: it is not exactly such a statement, or its parts speak of different things.
    """
    try:
        statement = msgspec.json.decode(payload, type=Statement)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise IntegrityError(
            f"the signed statement cannot be read: {error}", remedy="verify with the version that wrote it"
        ) from error
    predicate = statement.predicate
    listed = {(subject.name, subject.digest.sha256) for subject in statement.subject}
    files = {(file.path, file.sha256) for file in predicate.verdict.evidence.submission.manifest.files}
    if predicate.verdict.digest != predicate.verdict_digest or listed != files:
        raise IntegrityError(
            "the signed statement contradicts itself",
            remedy="do not use this release; have it promoted again",
        )
    return statement
