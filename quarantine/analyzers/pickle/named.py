"""What the checks know of recorded values."""

from __future__ import annotations

from typing import Protocol, TypeGuard, runtime_checkable

Arguments = tuple[object, ...]


@runtime_checkable
class Named(Protocol):
    """A recorded global or its instance: the dotted name, and the constraint; empty where it is not known good."""

    label: str
    constraint: str


def is_global(value: object) -> TypeGuard[Named]:
    """Whether ``value`` is a recorded global itself, not what a call of it made."""
    return isinstance(value, type) and isinstance(value, Named)
