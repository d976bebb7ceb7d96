"""What a configuration names for instantiation: a class of a framework, something dangerous, or something unknown.

The classes are data under ``rules/targets``, enumerated from the frameworks' source by ``corpora/generate_targets.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache

from quarantine.analyzers.pickle.names import DOORS, Standing, judge
from quarantine.resources import resource_dir

DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


@cache
def _listed() -> frozenset[str]:
    found = set()
    for path in sorted((resource_dir("rules") / "targets").glob("*.json")):
        for module, names in json.loads(path.read_text()).items():
            found |= {f"{module}.{name}" for name in names}
    return frozenset(found)


def standing(target: str) -> Standing:
    """Known good if a list has the class; dangerous if any part of the way to it is."""
    if target in _listed():
        return Standing.GOOD
    parts = target.split(".")
    if not DOTTED.fullmatch(target):
        return Standing.DANGEROUS if "${" in target or not target.isidentifier() else Standing.UNKNOWN
    # A target is looked up part by part, and any part before the last may be a module or an attribute that is one.
    splits = [(".".join(parts[:at]), parts[at]) for at in range(1, len(parts))]
    splits += [(part, parts[-1]) for part in parts[:-1] if part in DOORS]
    if any(judge(*split).standing is Standing.DANGEROUS for split in splits):
        return Standing.DANGEROUS
    return Standing.UNKNOWN


def calls(value: dict[str, object]) -> Iterator[tuple[str, str, str]]:
    """(rule, key, target) of what CompVis' ``target`` and Lightning's ``class_path`` make out of one object."""
    for key, beside in (("target", "params"), ("class_path", "init_args")):
        target = value.get(key)
        if beside in value and isinstance(target, str) and DOTTED.fullmatch(target):
            found = standing(target)
            if found is Standing.DANGEROUS:
                yield "config-calls", key, target
            elif found is Standing.UNKNOWN:
                yield "config-target-unknown", key, target
