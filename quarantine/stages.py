"""Run one stage of a judgement: in jails of its own, over all files, with the limits of the policy.

A jail that lacks a protection that the policy demands ends the judgement; there is no other way to run a stage.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from quarantine.collect import Expected
from quarantine.errors import JailUnavailable
from quarantine.jail.interface import Jail, JailResult
from quarantine.jail.protocol import Input, Progress, Request
from quarantine.records import IntakeCard, Manifest, Policy, StageName

if TYPE_CHECKING:
    from quarantine.cache import Cache
    from quarantine.ruleset import Ruleset

FILES_PER_JAIL = 2_000
# Less than this is read sooner than another jail starts. A file counts as its bytes and FILE_COST_BYTES.
PARALLEL_FROM_BYTES = 64 << 20
FILE_COST_BYTES = 4096

OnProgress = Callable[[str, Progress], None]
Batch = list[tuple[str, int, int]]
StageRuns = list[tuple[JailResult, Sequence[Expected]]]


class Opened(Protocol):
    """A submission whose files are held open: what is hashed is what is analysed."""

    untrusted_name: str

    def manifest(self, on_bytes: Callable[[int, int], None] | None = None) -> Manifest:
        """Hash every file; raises ``Changed`` if any of them is not what it was when opened."""

    def batches(self, size: int) -> Iterator[Batch]:
        """Lists of (path, descriptor, size in bytes), descriptors valid until the next list."""


@dataclass(frozen=True)
class House:
    """What every judgement on this machine shares: jail, policy, rules, and what is kept of earlier ones."""

    jail: Jail
    policy: Policy
    cache: Cache | None = None

    @cached_property
    def rules(self) -> Ruleset:
        """Read when first asked for, which is while the first jail is at work.

        Raises:
            BadInput: a rule is unsound.
        """
        from quarantine.ruleset import load_rules

        return load_rules()


def bytes_of(what: str, on_progress: OnProgress | None) -> Callable[[int, int], None] | None:
    """Progress in bytes, told as the progress of ``what``."""
    if on_progress is None:
        return None
    return lambda done, total: on_progress(what, Progress(done=done, total=total, unit="bytes"))


class _Tally:
    """Adds up what the workers of one stage tell, each of its own files; several threads may tell."""

    def __init__(self, what: str, workers: int, on_progress: OnProgress) -> None:
        self._what, self._on_progress = what, on_progress
        self._latest: list[Progress | None] = [None] * workers
        self._lock = threading.Lock()

    def tell(self, worker: int, progress: Progress) -> None:
        """Take in what one worker says, and tell how far all of them are."""
        with self._lock:
            self._latest[worker] = progress
            known = [latest for latest in self._latest if latest]
        done, total = sum(each.done for each in known), sum(each.total for each in known)
        # Who waits is told when the stage has ended, not when the workers that spoke so far have.
        told = replace(progress, done=min(done, total - 1), total=total) if total else progress
        self._on_progress(self._what, told)


def run_stage(
    stage: StageName,
    task: str,
    opened: Opened,
    house: House,
    on_progress: OnProgress | None,
    *,
    opinions: tuple[str, ...] = (),
    card: IntakeCard | None = None,
) -> StageRuns:
    """Run one stage over all files, in as many jails as there are cores when there are many files."""
    limits = house.policy.limits[stage]
    what = " ".join((stage, *opinions))

    def tell(done: int) -> None:
        if on_progress:
            on_progress(what, Progress(done=done, total=1))

    def run(
        group: Batch, others: Batch, report: Callable[[Progress], None] | None
    ) -> tuple[JailResult, Sequence[Expected]]:
        request = Request(
            task=task,
            inputs=(
                *(Input(name, fd, size) for name, fd, size in group),
                *(Input(name, fd, size, own=False) for name, fd, size in others),
            ),
            opinions=opinions,
            model=card.model if card else None,
            evaluation=card.evaluation if card else None,
            budget_s=limits.wall_s * 0.8 if stage is StageName.PROBES else None,
        )
        result = house.jail.run(request, limits, on_progress=report)
        _require(house.policy.jail_minimum, result)
        return result, [Expected(name, size) for name, _, size in group]

    results: StageRuns = []
    tell(0)
    for batch in opened.batches(FILES_PER_JAIL):
        groups = [batch] if stage is StageName.PROBES else _split(batch)
        with ThreadPoolExecutor(max_workers=len(groups), thread_name_prefix=task) as pool:
            tally = _Tally(what, len(groups), on_progress) if on_progress else None
            reports = [partial(tally.tell, worker) if tally else None for worker in range(len(groups))]
            results.extend(pool.map(run, groups, _others(groups, batch, stage), reports))
    tell(1)
    return results


def _split(batch: Batch) -> list[Batch]:
    """Deal the files out by size, largest first, so that all cores end at about the same time."""
    cost = sum(item[2] + FILE_COST_BYTES for item in batch)
    count = min(os.cpu_count() or 1, 8, len(batch)) if cost >= PARALLEL_FROM_BYTES else 1
    groups: list[Batch] = [[] for _ in range(count)]
    loads = [0] * count
    for item in sorted(batch, key=lambda item: (-item[2], item[0])):
        lightest = loads.index(min(loads))
        groups[lightest].append(item)
        loads[lightest] += item[2] + FILE_COST_BYTES
    return groups


def _others(groups: list[Batch], batch: Batch, stage: StageName) -> list[Batch]:
    """What each group's worker is shown beside its own: static analysis reads files that speak of others."""
    if stage is not StageName.STATIC:
        return [[] for _ in groups]
    own = [{item[0] for item in group} for group in groups]
    return [[item for item in batch if item[0] not in names] for names in own]


def _require(minimum: Iterable[str], result: JailResult) -> None:
    missing = sorted(set(minimum) - set(result.protections))
    if missing:
        raise JailUnavailable(
            f"the jail lacks what the policy demands: {', '.join(missing)}",
            remedy="run `quarantine doctor` to see why; nothing was accepted from this run",
        )
