"""The library call: judge files where they lie, without taking them into custody."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from quarantine.errors import CustodyError
from quarantine.pipeline import evaluate
from quarantine.records import IntakeCard, Policy, Tier, Verdict
from quarantine.stages import House, OnProgress


def open_house(policy: Policy | None = None, cache: Path | None = None) -> House:
    """The jail, policy and rules of this installation; ``cache`` is a folder in which results are kept.

    Raises:
        JailUnavailable: this machine has no jail that can be used.
        BadInput: the cache cannot be used.
    """
    from quarantine.jail.backends import open_jail
    from quarantine.policy.document import default_policy

    kept = None
    if cache is not None:
        from quarantine.cache import Cache

        kept = Cache(cache)
    return House(jail=open_jail(), policy=policy or default_policy(), cache=kept)


def scan(
    path: str | os.PathLike[str],
    *,
    tier: Tier = Tier.LOW,
    policy: Policy | None = None,
    card: IntakeCard | None = None,
    second_opinion: bool = False,
    on_progress: OnProgress | None = None,
) -> Verdict:
    """Judge one model, a file or a directory, in the same jail that the command line uses.

    ``second_opinion`` asks the other scanners too where the policy does not demand them anyway.

    >>> import quarantine
    >>> quarantine.scan("model.safetensors").decision  # doctest: +SKIP
    <Decision.PASS: 'pass'>

    Raises:
        Unreadable, NotAcceptable, Changed: the path cannot be read as one unchanging set of bytes.
        JailUnavailable, JailFailed: nothing was scanned, as there is no jail.
    """
    house, opinions = open_house(policy), _shipped_opinions() if second_opinion else ()
    return _scan_one(Path(path), house, tier=tier, card=card, opinions=opinions, on_progress=on_progress)


def scan_many(
    paths: Sequence[Path],
    *,
    tier: Tier = Tier.LOW,
    policy: Policy | None = None,
    card: IntakeCard | None = None,
    second_opinion: bool = False,
    cache: Path | None = None,
    on_progress: OnProgress | None = None,
) -> tuple[Verdict, ...]:
    """Judge several models, each in jails of its own, as many at a time as there are cores.

    What was judged before by the same rules is taken from the folder ``cache``; it costs its hash only.
    """
    house, opinions = open_house(policy, cache), _shipped_opinions() if second_opinion else ()
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="scan") as pool:
        jobs = [
            pool.submit(
                _scan_one,
                path,
                house,
                tier=tier,
                card=card,
                opinions=opinions,
                on_progress=_of_one(path, on_progress) if len(paths) > 1 else on_progress,
            )
            for path in paths
        ]
        return tuple(job.result() for job in jobs)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict that decides the exit status of several."""
    return max(verdicts, key=lambda verdict: verdict.decision.rank)


def _of_one(path: Path, on_progress: OnProgress | None) -> OnProgress | None:
    """Tell whose progress it is; of several models some are under way at the same time."""
    if on_progress is None:
        return None
    return lambda what, progress: on_progress(f"{path}: {what}", progress)


def _shipped_opinions() -> tuple[str, ...]:
    from quarantine.analyzers.second_opinions.table import SHIPPED

    return SHIPPED


def _scan_one(
    path: Path,
    house: House,
    *,
    tier: Tier,
    card: IntakeCard | None,
    opinions: tuple[str, ...],
    on_progress: OnProgress | None,
) -> Verdict:
    from quarantine.intake.opened import open_path

    try:
        with open_path(path) as opened:
            return evaluate(opened, house, tier=tier, card=card, opinions=opinions, on_progress=on_progress)
    except CustodyError as error:
        # What is inside is named from the submission on; of several, the user has to know which.
        if error.what.startswith((f"{path}:", f"{path.name}:")):
            raise
        raise type(error)(f"{path}: {error.what}", remedy=error.remedy) from error
