"""Boosters' files whose tables lead their predictor out of them, and pickles that hand one over."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from corpora import opcodes as op
from corpora.case import MADE, Case, hostile

RULES = ("boosting-*", "format-malformed", "coverage-*")


def _xgboost(change: Callable[[dict[str, Any]], object]) -> bytes:
    document = json.loads((MADE / "boosting/xgboost17-tree.json").read_text())
    change(document)
    return json.dumps(document).encode()


def _tree(document: dict[str, Any]) -> Any:
    return document["learner"]["gradient_booster"]["model"]["trees"][0]


def _put(key: str, index: int, value: int) -> Callable[[dict[str, Any]], object]:
    return lambda document: _tree(document)[key].__setitem__(index, value)


JSON: dict[str, tuple[str, Callable[[dict[str, Any]], object]]] = {
    "child-outside": ("a child far outside of the tree", _put("left_children", 0, 1 << 20)),
    "child-negative": ("a negative child that is no leaf's", _put("right_children", 0, -7)),
    "circle": ("a leaf that leads back to the root", _put("left_children", 1, 0)),
    "feature-outside": ("a split by a feature that does not exist", _put("split_indices", 0, 99)),
    "short-array": (
        "thresholds for fewer nodes than there are",
        lambda d: _tree(d)["split_conditions"].pop(),
    ),
    "many-nodes": ("more nodes than arrays", lambda d: _tree(d)["tree_param"].update(num_nodes="2000000000")),
    "output-outside": (
        "a tree for an output that does not exist, which the predictor writes to",
        lambda d: d["learner"]["gradient_booster"]["model"]["tree_info"].__setitem__(0, 1 << 20),
    ),
    "categories-outside": (
        "categories outside of their table",
        lambda d: _tree(d).update(categories_nodes=[0], categories_segments=[1 << 30], categories_sizes=[8]),
    ),
    "names-short": ("names for fewer features", lambda d: d["learner"].update(feature_names=["a"])),
}
LIGHTGBM: dict[str, tuple[str, bytes, bytes]] = {
    "child-outside": ("a child far outside of the tree", b"left_child=", b"left_child=1000000 "),
    "circle": ("a child that leads back to the root", b"\nright_child=", b"\nright_child=0 "),
    "feature-outside": ("a split by a feature that does not exist", b"split_feature=", b"split_feature=77"),
    "sizes": ("sizes that lead the loader into the middle of a tree", b"tree_sizes=", b"tree_sizes=1"),
    "categories": ("fewer categories than the table says", b"cat_boundaries=0", b"cat_boundaries=9"),
    "text-behind": ("text between trees that is none", b"end of trees", b"payload\nend of trees"),
}


def _pickled(content: bytes) -> bytes:
    """A booster whose state's dictionary is changed behind BUILD, so that only the first buffer counts."""
    handle = op.text("handle")
    state = op.EMPTY_DICT + op.put(1) + handle + op.raw(content) + op.SETITEM + op.BUILD
    return op.stream(
        op.name("xgboost.core", "Booster") + op.EMPTY_TUPLE + op.NEWOBJ + state
        + op.get(1) + handle + op.NONE + op.SETITEM + op.POP
    )  # fmt: skip


def cases() -> list[Case]:
    """All of them."""

    def lightgbm(old: bytes, new: bytes) -> bytes:
        return (MADE / "boosting/lightgbm43-cat.txt").read_bytes().replace(old, new, 1)

    found = [
        hostile(f"xgboost-{n}", "model.json", lambda _, c=c: _xgboost(c), text, RULES, "reject")  # type: ignore[misc]
        for n, (text, c) in JSON.items()
    ]
    found += [
        hostile(f"lightgbm-{n}", "model.txt", lambda _, o=o, w=w: lightgbm(o, w), text, RULES, "reject")  # type: ignore[misc]
        for n, (text, o, w) in LIGHTGBM.items()
    ]
    broken = _xgboost(JSON["child-outside"][1])
    structures = bytearray((MADE / "boosting/xgboost17-tree.model").read_bytes())
    at = structures.index(b"gbtree") + 6 + 160 + 148  # the first node
    structures[at + 4 : at + 8] = (1 << 24).to_bytes(4, "little")
    core = bytearray((MADE / "boosting/cat.cbm").read_bytes())
    core[8:12] = b"\xf0\xff\xff\x7f"

    def of(content: bytes) -> Callable[[Path], bytes]:
        return lambda _: content

    return [
        *found,
        hostile(
            "xgboost-in-a-pickle",
            "model.pkl",
            of(_pickled(broken)),
            "a broken model in a booster's state",
            RULES,
        ),
        hostile(
            "xgboost-structures",
            "model.bin",
            of(bytes(structures)),
            "a child outside, in C structures",
            RULES,
        ),
        hostile(
            "catboost-offset", "model.cbm", of(bytes(core)), "a root outside of the core", RULES, "review"
        ),
        hostile(
            "xgboost-appended", "model.ubj", of(_appended()), "bytes behind the document", RULES, "review"
        ),
        hostile(
            "xgboost-huge-array",
            "model.ubj",
            of(b"{L" + (7).to_bytes(8, "big") + b"learner[$d#L" + (1 << 60).to_bytes(8, "big")),
            "an array of 2^60 numbers",
            RULES,
            "review",
        ),
    ]


def _appended() -> bytes:
    return (MADE / "boosting/xgboost21-cat.ubj").read_bytes() + b"payload"
