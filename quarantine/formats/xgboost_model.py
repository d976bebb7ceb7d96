"""What an XGBoost model says of itself, checked for what its predictor believes: trees, indices, counts.

After XGBoost's model schema (doc/model.schema) and src/tree/io_utils.h, src/gbm/gbtree_model.cc. The predictor walks a
tree without looking: a child outside of the tree, a circle or a feature that does not exist reads foreign memory or
never ends. It takes the document that the JSON or UBJSON reader made, whose arrays are sequences of numbers, and reads
no bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quarantine.formats.interface import Node

ROOT_PARENTS = frozenset({-1, 2147483647})
_LEARNER = frozenset({"attributes", "feature_names", "feature_types", "gradient_booster", "learner_model_param",
                      "objective", "cats"})  # fmt: skip
_TREE = frozenset(
    {
        "base_weights", "categories", "categories_nodes", "categories_segments", "categories_sizes",
        "default_left", "id", "leaf_child_counts", "leaf_weights", "left_children", "loss_changes",
        "parents", "right_children", "split_conditions", "split_indices", "split_type", "sum_hessian",
        "tree_param",
    }
)  # fmt: skip
_NODES = ("split_indices", "split_conditions", "default_left", "parents")
_PER_NODE = ("loss_changes", "sum_hessian", "split_type", "leaf_child_counts")


class Contradiction(Exception):
    """Parts of the model contradict each other."""


def is_model(document: object) -> bool:
    """Whether a JSON or UBJSON document is a model, or a booster's pickle, which holds one beside its settings."""
    held: Any = document
    if isinstance(held, Mapping) and isinstance(held.get("Model"), Mapping):
        held = held["Model"]
    for key in ("learner", "gradient_booster"):
        held = held.get(key) if isinstance(held, Mapping) else None
    if isinstance(held, Mapping) and isinstance(held.get("gbtree"), Mapping):
        held = held["gbtree"]  # dart's
    return isinstance(held, Mapping) and "model" in held


def check(node: Node, document: Mapping[str, Any]) -> None:
    """Report what contradicts itself; the first thing of each tree is enough."""
    if isinstance(document.get("Model"), Mapping):
        document = document["Model"]
    try:
        _model(node, document)
    except Contradiction as error:
        node.finding("boosting-contradiction", where="the model", why=str(error))
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError) as error:
        why = f"a part is missing or of another kind ({type(error).__name__}: {error})"
        node.finding("boosting-contradiction", where="the model", why=why)


def _model(node: Node, document: Mapping[str, Any]) -> None:
    learner = document["learner"]
    _known(node, learner, _LEARNER, "learner")
    version = document.get("version")
    if version is not None and not (len(version) == 3 and all(type(part) is int for part in version)):
        raise Contradiction("the version is no three numbers")
    param = learner["learner_model_param"]
    features = _count(param["num_feature"])
    groups = max(1, _count(param.get("num_class", 0)), _count(param.get("num_target", 1)))
    for key in ("feature_names", "feature_types"):
        names = learner.get(key) or []
        if len(names) not in (0, features) or not all(isinstance(name, str) for name in names):
            raise Contradiction(f"{key} has {len(names)} entries for {features} features")
    for key, value in (learner.get("attributes") or {}).items():
        if not isinstance(value, str):
            raise Contradiction("an attribute is no text")
        node.said(key, value)
    booster = learner["gradient_booster"]
    name = booster["name"]
    if name == "gblinear":
        weights = booster["model"]["weights"]
        if len(weights) != (features + 1) * groups:
            raise Contradiction(f"{len(weights)} weights for {features} features and {groups} outputs")
    elif name in ("gbtree", "dart"):
        inner = booster["gbtree"] if name == "dart" else booster
        trees = _trees(node, inner["model"], features, groups)
        if name == "dart" and len(booster["weight_drop"]) != trees:
            raise Contradiction("there are not as many weights as trees")
    else:
        raise Contradiction(f"the booster {name!r} is none of XGBoost's")


def _trees(node: Node, model: Mapping[str, Any], features: int, groups: int) -> int:
    trees, info = model["trees"], model["tree_info"]
    count = _count(model["gbtree_model_param"]["num_trees"])
    if not len(trees) == len(info) == count:
        raise Contradiction(
            f"{count} trees are announced, {len(trees)} are there, {len(info)} are for an output"
        )
    if not all(type(group) is int and 0 <= group < groups for group in info):
        raise Contradiction("a tree is for an output that does not exist")
    steps = model.get("iteration_indptr")
    if steps is not None and len(steps) and (
        list(steps) != sorted(steps) or steps[0] != 0 or steps[-1] != count):  # fmt: skip
        raise Contradiction("the iterations are no division of the trees")
    for index, tree in enumerate(trees):
        try:
            _known(node, tree, _TREE, "tree")
            check_tree(tree, features)
        except Contradiction as error:
            node.finding("boosting-contradiction", where=f"tree {index}", why=str(error))
            break
    return count


def check_tree(tree: Mapping[str, Any], features: int) -> None:
    """Walk a tree as a predictor does.

    Raises:
        Contradiction: a predictor would leave the tree's arrays or never end.
    """
    param = tree["tree_param"]
    nodes, outputs = _count(param["num_nodes"]), max(1, _count(param.get("size_leaf_vector", 1)))
    left, right = tree["left_children"], tree["right_children"]
    for key in ("left_children", "right_children", *_NODES, *_PER_NODE):
        if key in _PER_NODE and not len(tree.get(key, ())):
            continue
        if len(tree[key]) != nodes:
            raise Contradiction(f"{key} has {len(tree[key])} entries for {nodes} nodes")
    if len(tree.get("base_weights", ())) not in (0, nodes, nodes * outputs):
        raise Contradiction("base_weights has another number of entries than there are nodes")
    leaves = walk(left, right, tree["parents"], tree["split_indices"], features, several=outputs > 1)
    vector = tree.get("leaf_weights", ())
    if outputs > 1 and len(vector) and len(vector) < (max(leaves, default=-1) + 1) * outputs:
        raise Contradiction("a leaf's weights lie outside of leaf_weights")
    _categories(tree, nodes)


def walk(
    left: Sequence[int],
    right: Sequence[int],
    parents: Sequence[int],
    split: Sequence[int],
    features: int,
    *,
    several: bool = False,
) -> list[int]:
    """Follow a tree from its root. Each node has one parent, which says so too, and no way leads back.

    Returns the numbers of the leaves' vectors, of trees with ``several`` outputs.

    Raises:
        Contradiction: a child, parent or feature is out of range.
    """
    nodes = len(left)
    if not nodes or parents[0] not in ROOT_PARENTS:
        raise Contradiction("the tree has no root")
    leaves, todo, seen = [], [0], bytearray(nodes)
    while todo:
        at = todo.pop()
        if seen[at]:
            raise Contradiction(f"node {at} is reached twice")
        seen[at] = 1
        if left[at] == -1:
            if several:
                leaves.append(right[at])
            elif right[at] != -1:
                raise Contradiction(f"node {at} has one child")
            if several and not -1 <= right[at] < nodes:
                raise Contradiction(f"leaf {at} has a vector outside of the tree")
            continue
        for child in (left[at], right[at]):
            if type(child) is not int or not 0 < child < nodes:
                raise Contradiction(f"node {at} has the child {child} of {nodes} nodes")
            if parents[child] & 0x7FFFFFFF != at:
                raise Contradiction(f"node {child} does not know its parent {at}")
            todo.append(child)
        if type(split[at]) is not int or not 0 <= split[at] < max(1, features):
            raise Contradiction(f"node {at} asks for the feature {split[at]} of {features}")
    return leaves


def _categories(tree: Mapping[str, Any], nodes: int) -> None:
    held = [tree.get(f"categories{part}", ()) for part in ("", "_nodes", "_segments", "_sizes")]
    values, owners, starts, sizes = held
    if not len(owners) == len(starts) == len(sizes):
        raise Contradiction("the categories' tables differ in length")
    for owner, start, size in zip(owners, starts, sizes, strict=True):
        if not (0 <= owner < nodes and start >= 0 and size >= 0 and start + size <= len(values)):
            raise Contradiction("categories lie outside of their table")
    if not all(type(value) is int and 0 <= value < 1 << 24 for value in values):
        raise Contradiction("a category is no number that XGBoost takes")


def _count(value: object) -> int:
    number = int(value) if isinstance(value, str) and len(value) < 20 else value
    if type(number) is not int or not 0 <= number < 1 << 31:
        raise Contradiction(f"{str(value)[:40]!r} is no count")
    return number


def _known(node: Node, held: Mapping[str, Any], keys: frozenset[str], where: str) -> None:
    for key in sorted(set(held) - keys)[:4]:
        node.finding("boosting-unknown-key", where=where, key=key)
