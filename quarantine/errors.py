"""Every error that a user can meet: what happened, to which file, and what to do next.

QuarantineError
|- UsageError              the caller asked for something that cannot be
|  |- BadInput             a path, card, policy or rule that cannot be used
|  |- NotFound             an id, name or digest that is not known
|- CustodyError            a drop that could not be taken into custody
|  |- Unreadable
|  |- NotAcceptable        links, devices, path tricks
|  |- Changed              the bytes changed while they were read
|- JailError
|  |- JailUnavailable      no backend meets the policy's minimum
|  |- JailFailed           the jail did not start
|- GateError
|  |- NotPromotable        the verdict does not open the gate
|  |- IntegrityError       bytes, signature or ledger are not what was recorded
|- StateError              the state directory cannot be used (full, read-only, locked)
"""

from __future__ import annotations


class QuarantineError(Exception):
    """Base: ``what`` happened (with the file or id it happened to) and the ``remedy``."""

    def __init__(self, what: str, *, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}"


class UsageError(QuarantineError):
    """The caller asked for something that cannot be."""


class BadInput(UsageError):
    """A path, card, policy or rule that cannot be used as given."""


class NotFound(UsageError):
    """An id, name or digest that is not known here."""


class CustodyError(QuarantineError):
    """A drop that could not be taken into custody."""


class Unreadable(CustodyError):
    """A file of the drop cannot be opened or read."""


class NotAcceptable(CustodyError):
    """The drop holds something that is never taken: a link, a device, a socket, a path trick."""


class Changed(CustodyError):
    """The bytes changed while they were read."""


class JailError(QuarantineError):
    """The isolation that every scan needs is not there or did not hold."""


class JailUnavailable(JailError):
    """No jail backend meets the policy's minimum on this machine."""


class JailFailed(JailError):
    """The jail itself could not be started."""


class GateError(QuarantineError):
    """The gate stays shut."""


class NotPromotable(GateError):
    """The verdict, or a missing approval, does not allow the promotion."""


class IntegrityError(GateError):
    """Bytes, a signature or the ledger are not what was recorded."""


class StateError(QuarantineError):
    """The state directory cannot be used."""
