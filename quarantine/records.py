"""The words of the product as frozen, strict, JSON-serialisable types.

Every step reads and writes these and nothing else. Decoding rejects unknown fields, so a record that
crossed a trust boundary is either exactly what is written here or an error. The JSON schemas under
``docs/schema/`` are exported from this module.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

SCHEMA_VERSION = "1"
SAID = "said:"
"""How the name of a fact begins that is only what the supplier says of the model."""
CONTEXT = ("opcodes", "bytes")
"""Keys of evidence that hold lines around a finding's place rather than one value."""

Digest = Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}$")]
Text = Annotated[str, Meta(max_length=4096)]
Size = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Record(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all records: immutable, keyword-only, strict about unknown fields."""


class Severity(StrEnum):
    """How bad a finding is. Only a rule decides it; a worker never does."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Position from 0 (info) to 4 (critical), for ordering."""
        return list(Severity).index(self)


class Decision(StrEnum):
    """The three verdicts, best first."""

    PASS = "pass"
    REVIEW = "review"
    REJECT = "reject"

    @property
    def rank(self) -> int:
        """Position from 0 (pass) to 2 (reject); the worst of several is the one of highest rank."""
        return list(Decision).index(self)


class Tier(StrEnum):
    """Risk tier: how much has to be shown before a model passes."""

    LOW = "low"
    STANDARD = "standard"
    HIGH = "high"


class StageName(StrEnum):
    """A step that runs in jails of its own."""

    STATIC = "static"
    OPINIONS = "opinions"
    PROBES = "probes"


class Outcome(StrEnum):
    """How a stage ended."""

    DONE = "done"
    FAILED = "failed"
    NOT_RUN = "not-run"


class FileEntry(Record, frozen=True, kw_only=True):
    """One file of a submission: relative POSIX path, size in bytes, SHA-256 in hex."""

    path: Text
    size_bytes: Size
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class Manifest(Record, frozen=True, kw_only=True):
    """The sorted list of files that a submission consists of."""

    files: tuple[FileEntry, ...]

    @property
    def digest(self) -> str:
        """``sha256:`` of the canonical form: a compact JSON array of [path, size, sha256], sorted by path."""
        from hashlib import sha256

        rows = sorted((f.path, f.size_bytes, f.sha256) for f in self.files)
        return "sha256:" + sha256(msgspec.json.encode(rows)).hexdigest()

    @property
    def size_bytes(self) -> int:
        """Sum of the sizes of all files."""
        return sum(f.size_bytes for f in self.files)


class Submission(Record, frozen=True, kw_only=True):
    """One model handed in. ``digest`` is the manifest's digest and identifies it; the name is untrusted."""

    digest: Digest
    untrusted_name: Text
    taken_at: str
    manifest: Manifest


class ModelSpec(Record, frozen=True, kw_only=True):
    """How to run the model, as the submitter declares it. Needed only by probes."""

    task: Annotated[str, Meta(pattern=r"^(image|tabular)-classification$")]
    input_shape: tuple[Annotated[int, Meta(ge=1, le=1 << 20)], ...]
    classes: Annotated[int, Meta(ge=2, le=100_000)]
    architecture: str | None = None
    clip_min: float = 0.0
    clip_max: float = 1.0


class EvaluationSpec(Record, frozen=True, kw_only=True):
    """Evaluation data for probes: one of the registered sets, by name."""

    set_name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]


class IntakeCard(Record, frozen=True, kw_only=True):
    """What the person who hands the model in declares; never read from inside the submission."""

    name: Text | None = None
    version: Text | None = None
    source: Text | None = None
    publisher: Text | None = None
    licence: Text | None = None
    intended_use: Text | None = None
    owner: Text | None = None
    threat_model: Text | None = None
    contract: Text | None = None
    data_sources: tuple[Text, ...] = ()
    baseline: Digest | None = None
    model: ModelSpec | None = None
    evaluation: EvaluationSpec | None = None


class Location(Record, frozen=True, kw_only=True):
    """Where in an artifact: byte offset and, if known, length in bytes."""

    offset: Size
    length: Size | None = None


class Finding(Record, frozen=True, kw_only=True):
    """Something a rule speaks of, at a place, with what was seen there."""

    rule: Text
    title: Text
    severity: Severity
    stage: StageName
    artifact: Text
    message: Text
    remediation: Text
    analyzer: Text
    location: Location | None = None
    evidence: dict[str, Text] = {}


class Fact(Record, frozen=True, kw_only=True):
    """Something true of an artifact that is no finding: a tensor count; or, named ``said:``, what the supplier says."""

    artifact: Text
    name: Text
    value: Text
    analyzer: Text


class Measurement(Record, frozen=True, kw_only=True):
    """A number with its uncertainty: ``low`` and ``high`` bound the 95 % interval where there is one."""

    probe: Text
    name: Text
    value: float
    unit: Text
    low: float | None = None
    high: float | None = None
    samples: int | None = None
    context: dict[str, Text] = {}


class Artifact(Record, frozen=True, kw_only=True):
    """One node of the unpacked tree. ``path`` is ``file!member!member``; untrusted text."""

    path: Text
    format: Text
    size_bytes: Size
    claimed_bytes: Size
    analyzers: tuple[str, ...]
    complete: bool


class Gap(Record, frozen=True, kw_only=True):
    """Something that was not looked at, and why."""

    subject: Text
    reason: Text


class StageReport(Record, frozen=True, kw_only=True):
    """How a stage ended and what it ran on."""

    stage: StageName
    outcome: Outcome
    reason: Text = ""
    device: Text | None = None


class Coverage(Record, frozen=True, kw_only=True):
    """What was looked at. ``complete`` only if every byte of every artifact was claimed by a parser."""

    complete: bool
    artifacts: tuple[Artifact, ...]
    stages: tuple[StageReport, ...]
    gaps: tuple[Gap, ...]


class Waiver(Record, frozen=True, kw_only=True):
    """A risk accepted by a named owner until a date (``YYYY-MM-DD``), for one rule and one submission."""

    rule: Text
    submission: Digest
    owner: Text
    reason: Text
    expires: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class TierPolicy(Record, frozen=True, kw_only=True):
    """What one tier demands. Severities and absences map to the decision they lead to.

    ``opinions`` names the scanners that have to be asked; if ``opinions_to_reject`` of all that were asked complain of
    one file, that rejects the submission.
    """

    severities: dict[Severity, Decision]
    incomplete_coverage: Decision
    required_card_fields: tuple[str, ...] = ()
    missing_card: Decision = Decision.PASS
    probes_when_runnable: Decision = Decision.PASS
    robust_accuracy_floor: float | None = None
    not_yet_shown: tuple[str, ...] = ()
    opinions: tuple[str, ...] = ()
    opinions_to_reject: Annotated[int, Meta(ge=1)] | None = None


class JailLimits(Record, frozen=True, kw_only=True):
    """What a jailed worker may use. A worker over a limit is ended, which leaves no coverage."""

    memory_bytes: Annotated[int, Meta(ge=64 << 20)] = 2 << 30
    cpu_s: Annotated[int, Meta(ge=1)] = 300
    wall_s: Annotated[float, Meta(gt=0)] = 600.0
    pids: Annotated[int, Meta(ge=1, le=4096)] = 64
    scratch_bytes: Annotated[int, Meta(ge=1 << 20)] = 64 << 20
    output_bytes: Annotated[int, Meta(ge=1 << 16)] = 64 << 20
    messages: Annotated[int, Meta(ge=100)] = 500_000


class Policy(Record, frozen=True, kw_only=True):
    """The whole policy as data, so that a stored verdict can be recomputed from itself."""

    schema: str
    name: Text
    tiers: dict[Tier, TierPolicy]
    jail_minimum: tuple[str, ...]
    limits: dict[StageName, JailLimits]
    auto_promote: bool = False
    waivers: tuple[Waiver, ...] = ()

    @property
    def digest(self) -> str:
        """``sha256:`` of the policy's canonical JSON."""
        return digest_of(self)


class Evidence(Record, frozen=True, kw_only=True):
    """Everything the decision is computed from. The decision is a pure function of this and the policy."""

    submission: Submission
    tier: Tier
    card: IntakeCard | None
    findings: tuple[Finding, ...]
    facts: tuple[Fact, ...]
    measurements: tuple[Measurement, ...]
    coverage: Coverage
    evaluated_at: str


class Reason(Record, frozen=True, kw_only=True):
    """One step of the decision: the policy clause, what it decided, and why in a sentence."""

    clause: Text
    decision: Decision
    message: Text
    rules: tuple[str, ...] = ()


class Verdict(Record, frozen=True, kw_only=True):
    """The product's answer and its record. Everything needed to recompute it is inside."""

    schema: str
    decision: Decision
    reasons: tuple[Reason, ...]
    evidence: Evidence
    policy: Policy
    policy_digest: Digest
    rules_digest: Digest
    versions: dict[str, str]

    @property
    def digest(self) -> str:
        """``sha256:`` of the verdict's canonical JSON; what approvals and attestations point at."""
        return digest_of(self)


def canonical(record: object) -> bytes:
    """Compact JSON with sorted keys: the same record always gives the same bytes."""
    return msgspec.json.encode(record, order="sorted")


def digest_of(record: object) -> str:
    """``sha256:`` and the hex SHA-256 of the canonical JSON of a record."""
    # Not at the top: a worker computes no digest and would load OpenSSL for nothing.
    from hashlib import sha256

    return "sha256:" + sha256(canonical(record)).hexdigest()
