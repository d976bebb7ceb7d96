"""R's serialisation, ``.rds`` and ``.rda``, versions 2 and 3: every kind of object, walked without recursion.

After src/main/serialize.c (ReadItem, ReadBC) and saveload.c of R 4. Reading one makes objects and calls nothing, with
these exceptions, each a finding: a promise, which R evaluates when somebody touches it (CVE-2024-27322); an active
binding; compact vectors of foreign packages; names that R calls on its own. Calls and functions run when the model is
used, and are judged by what they call: formulas and calls of honest models do arithmetic and fit models.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any

from quarantine.formats.interface import Malformed, Node, Source
from quarantine.formats.r_stream import Ascii, Cursor, Xdr

ITEMS_LIMIT = 20_000_000
DEPTH_LIMIT = 10_000
NAME_LIMIT = 1 << 16
_HEAD = re.compile(rb"(?:RD(?P<kind>[XA])(?P<save>[23])\n)?(?:(?P<xdr>X\n)\0\0\0[\2\3]|(?P<ascii>A\n)[23]\n)")
_NATIVE = re.compile(rb"(?:RDB[23]\n)?B\n[\2\3]\0\0\0")
NIL, SYMBOL, PAIRS, CLOSURE, ENVIRONMENT, PROMISE, CALL, SPECIAL, BUILTIN, CHARS = range(10)
LOGICAL, INTEGER, REAL, COMPLEX, STRINGS = 10, 13, 14, 15, 16
DOTS, VECTOR, EXPRESSION, BYTECODE = 17, 19, 20, 21
POINTER, WEAK, RAW, OBJECT = 22, 23, 24, 25
ALTREP, ATTR_PAIRS, ATTR_CALL, BASE_ENV, EMPTY_ENV, CODE_REF, CODE_DEF = 238, 239, 240, 241, 242, 243, 244
PACKAGE, NAMESPACE, BASE_SPACE, MISSING_ARG = range(248, 252)
UNBOUND, GLOBAL_ENV, NIL_VALUE, REFERENCE = range(252, 256)
_SINGLE = frozenset({BASE_ENV, EMPTY_ENV, BASE_SPACE, MISSING_ARG, UNBOUND, GLOBAL_ENV, NIL_VALUE, NIL})
_CHAINED = frozenset({PAIRS, CALL, CLOSURE, PROMISE, DOTS})
_ATTRIBUTES, _TAG = 1 << 9, 1 << 10
_ACTIVE = 1 << (12 + 15)  # the bit of an active binding among the levels
# R's own compact vectors; those that map a file are not among them.
_COMPACT = re.compile(
    rb"compact_(?:int|real)seq|deferred_string|wrap_(?:integer|logical|real|complex|raw|string|list)"
)
_HARMFUL = frozenset(
    {
        "system", "system2", "shell", "shell.exec", "pipe", "fifo", "socketConnection", "serverSocket",
        "url", "download.file", "download.packages", "install.packages", "source", "sys.source", "unlink",
        "file.remove", "file.rename", "file.copy", "dyn.load", "library.dynam", "browseURL", "Sys.setenv",
        "setwd", "quit", "q", "writeBin", "writeLines", "sink", "readRenviron", "reg.finalizer",
        "makeActiveBinding", "url.show", "file.edit", "Sys.chmod", "mcparallel", "curl", "saveRDS",
        "readRDS", "load", "dput", "dget", "unserialize", "serialize", "file", "gzfile", "bzfile",
        "xzfile", "readLines", "scan", "read.csv", "read.table", "write.csv", "write.table", "write",
        "cat", "loadNamespace",
    }
)  # fmt: skip
_QUIET = frozenset({"cat", "library", "file", "loadNamespace", "writeLines", "scan", "write"})
"""Of those, what honest functions call too; a person looks at functions anyway."""
_INDIRECT = frozenset(
    {
        "eval", "evalq", "eval.parent", "parse", "str2lang", "str2expression", "do.call", "get", "get0",
        "mget", "assign", "match.fun", "Recall", "delayedAssign", "library", "require", "requireNamespace",
        "attachNamespace", "attach", ".Call", ".External", ".External2", ".C", ".Fortran", ".Internal",
        ".Primitive", "Reduce", "sapply", "lapply", "vapply", "Map", "environment<-", "body<-", "options",
        "trace", "untrace", "on.exit", "sys.function", "local", "with", ":::", "function",
    }
)  # fmt: skip
_EVALUATED = frozenset({b"predvars", b"variables"})
"""Attributes of a model's terms that are evaluated whenever it predicts."""
_MODELLING = frozenset(
    {
        "~", "+", "-", "*", "/", "^", ":", "(", "|", "||", "&", "&&", "!", "<", ">", "<=", ">=", "==",
        "!=", "[", "[[", "$", "{", "::", "%in%", "%%", "%/%", "%o%", "%*%", "I", "list", "c", "cbind",
        "rbind", "abs", "acos", "asin", "atan", "atan2", "ceiling", "cos", "cosh", "cumsum", "cut", "diff",
        "exp", "expm1", "floor", "ifelse", "interaction", "is.na", "is.null", "log", "log10", "log1p",
        "log2", "logb", "logit", "lag", "max", "mean", "median", "min", "nchar", "pmax", "pmin",
        "quantile", "rank", "round", "sd", "sign", "sin", "sinh", "sqrt", "sum", "tan", "tanh", "trunc",
        "var", "factor", "ordered", "as.factor", "as.numeric", "as.integer", "as.character", "as.logical",
        "as.double", "as.Date", "as.ordered", "relevel", "droplevels", "levels", "scale", "poly", "polym",
        "ns", "bs", "nsk", "rcs", "pol", "lsp", "s", "te", "ti", "t2", "lo", "offset", "weights", "Surv",
        "strata", "cluster", "frailty", "pspline", "ridge", "Error", "C", "contr.treatment", "contr.sum",
        "contr.helmert", "contr.poly", "seq", "seq_len", "rep", "length", "nrow", "ncol", "months",
        "weekdays", "trend", "season", "fourier", "Q", "toupper", "tolower", "paste", "paste0", "substr",
        "crossprod", "t", "matrix", "data.frame", "mo", "gp", "mm", "random", "rw", "ar", "bbs", "bols",
        "brandom", "pb", "pvc", "cs", "cy", "ga", "stats", "base", "splines", "mgcv", "survival",
    }
)  # fmt: skip
_HOOKS = frozenset({".First", ".Last", ".First.sys", ".Last.sys", ".Rprofile", ".onLoad", ".onAttach", ".onUnload",
                    ".Last.value", ".Renviron", ".noGenerics"})  # fmt: skip


class RData:
    """A stream of R objects."""

    name = "r-data"

    def recognise(self, head: bytes, source: Source) -> bool:
        """The mark of the spelling, and a version."""
        return _HEAD.match(head) is not None or _NATIVE.match(head) is not None

    def read(self, node: Node) -> None:
        """Walk the objects to the end."""
        match = _HEAD.match(node.source.read(0, 16))
        if match is None:
            raise Malformed("not in XDR or ASCII, which are the same on every machine", offset=0)
        with node.source.view() as data:
            start = match.end("xdr") if match["xdr"] else match.end("ascii")
            cursor: Cursor = Xdr(data, start) if match["xdr"] else Ascii(data, start)
            _Reader(node, cursor).stream(saved=match["save"] is not None)
            if isinstance(cursor, Ascii):
                cursor.finish()
            node.claim(0, cursor.at)


Step = Generator["Step", Any, Any]


class _Reader:
    """One pass. Every method that reads objects yields the steps inside of it, so that depth costs no recursion."""

    def __init__(self, node: Node, cursor: Cursor) -> None:
        self._node, self._in = node, cursor
        self._items = 0
        self._references: list[bytes | None] = []
        self._code: list[int] = []
        self._functions = self._frames = self._lazy = self._formulas = 0
        self._said: set[tuple[str, str]] = set()

    def stream(self, *, saved: bool) -> None:
        """The header and the object; a saved workspace is a list of named ones."""
        version, writer = self._in.integer(), self._in.integer()
        self._in.integer()
        if version not in (2, 3):
            raise Malformed("the version is none of R's", offset=0)
        if version == 3:
            self._in.raw(self._length(64))
        self._node.said("R version", f"{writer >> 16}.{writer >> 8 & 255}.{writer & 255}")
        self._run(self._item(top=saved))

    def _run(self, first: Step) -> None:
        stack, value = [first], None
        while stack:
            try:
                stack.append(stack[-1].send(value))
                value = None
            except StopIteration as done:
                stack.pop()
                value = done.value
            if len(stack) > DEPTH_LIMIT:
                raise Malformed("objects nest too deeply", offset=self._in.at)

    def _say(self, rule: str, name: str, **more: object) -> None:
        if (rule, name) not in self._said and len(self._said) < 200:
            self._said.add((rule, name))
            self._node.finding(rule, offset=max(0, self._in.at - 4), name=name, **more)  # type: ignore[arg-type]

    def _length(self, limit: int) -> int:
        length = self._in.integer()
        if not 0 <= length <= limit:
            raise Malformed("a length is out of range", offset=self._in.at)
        return length

    def _long(self) -> int:
        length = self._in.integer()
        if length == -1:
            high, low = self._in.integer(), self._in.integer() & 0xFFFFFFFF
            length = (high << 32) + low
        if not 0 <= length < 1 << 52:
            raise Malformed("a length is out of range", offset=self._in.at)
        return length

    def _item(self, *, top: bool = False) -> Step:
        """One object; the value is the name of a symbol or the bytes of a string, else None."""
        self._items += 1
        if self._items > ITEMS_LIMIT:
            raise Malformed("there are more objects than any model has", offset=self._in.at)
        flags = self._in.integer()
        kind = flags & 0xFF
        if kind in _SINGLE:
            return None
        if kind == REFERENCE:
            return self._reference((flags >> 8) & 0xFFFFFF)
        if kind in (ATTR_CALL, ATTR_PAIRS):
            flags, kind = flags | _ATTRIBUTES, CALL if kind == ATTR_CALL else PAIRS
        if kind == SYMBOL:
            name = yield self._item()
            self._references.append(name)
            return name
        if kind == CHARS:
            return self._chars(flags)
        if kind in _CHAINED:
            return (yield self._chain(flags, kind, top=top))
        return (yield self._other(flags, kind))

    def _reference(self, index: int) -> bytes | None:
        index = index or self._in.integer()
        if not 0 < index <= len(self._references):
            raise Malformed("a reference is to what was not there before", offset=self._in.at)
        return self._references[index - 1]

    def _chars(self, flags: int) -> bytes | None:
        length = self._in.integer()
        if length == -1:
            return None
        if length < 0 or flags & _ATTRIBUTES:
            raise Malformed("a string has no length, or attributes", offset=self._in.at)
        if length > NAME_LIMIT and isinstance(self._in, Xdr):
            self._in.skip("b", length)
            return b""
        return self._in.raw(length)

    def _chain(self, flags: int, kind: int, *, top: bool) -> Step:
        """Lists, calls, functions and promises: cells whose last part is the next one."""
        was, tilde = self._functions, 0
        while True:
            if kind == CLOSURE:
                self._functions += 1
                self._say("r-code", "a function")
            if flags & _ACTIVE and kind == PAIRS:
                self._say("r-promise", "an active binding")
            if flags & _ATTRIBUTES:
                yield self._item()
            tag = (yield self._item()) if flags & _TAG else None
            if top and isinstance(tag, bytes) and tag.decode("utf-8", "replace") in _HOOKS:
                self._say("r-hook", tag.decode("utf-8", "replace"))
            value = self._in.integer()
            named = tag in _EVALUATED
            self._formulas += named
            head = yield self._rest(value)
            self._formulas -= named
            lazy = (
                kind == PROMISE and value & 0xFF == UNBOUND
            )  # else its value is there, and R evaluates nothing
            if lazy:
                self._say(*(("r-lazy", "an argument") if self._frames else ("r-promise", "a promise")))
            if kind == CALL and isinstance(head, bytes):
                self._called(head)
                if head == b"~":
                    tilde += 1
                    self._formulas += 1
            result, before = head, kind
            following = self._in.integer()
            kind, flags = following & 0xFF, following
            if kind in (ATTR_CALL, ATTR_PAIRS):
                flags, kind = flags | _ATTRIBUTES, CALL if kind == ATTR_CALL else PAIRS
            self._items += 1
            if self._items > ITEMS_LIMIT:
                raise Malformed("there are more objects than any model has", offset=self._in.at)
            if kind not in _CHAINED or before in (CLOSURE, PROMISE):
                self._lazy += lazy
                tail = yield self._rest(following)
                self._lazy -= lazy
                self._functions = was
                self._formulas -= tilde
                # package::name is a call whose last part is the name.
                return tail if isinstance(tail, bytes) else result

    def _rest(self, flags: int) -> Step:
        """What stands behind the last cell, whose flags were read."""
        kind = flags & 0xFF
        if kind in _SINGLE:
            return None
        if kind == REFERENCE:
            return self._reference((flags >> 8) & 0xFFFFFF)
        if kind in _CHAINED:
            return (yield self._chain(flags, kind, top=False))
        if kind == SYMBOL:
            name = yield self._item()
            self._references.append(name)
            return name
        if kind == CHARS:
            return self._chars(flags)
        return (yield self._other(flags, kind))

    def _called(self, head: bytes) -> None:
        name = head.decode("utf-8", "replace")
        if self._lazy and name in _HARMFUL | _INDIRECT:
            self._say("r-promise", f"a promise that calls {name}")
        elif name in _HARMFUL and not (self._functions and name in _QUIET):
            self._say("r-harmful-call", name, where="a function" if self._functions else "a call")
        elif name in _INDIRECT and not self._functions:
            self._say("r-indirect-call", name)
        elif self._formulas and not self._functions and name not in _MODELLING:
            self._say("r-unknown-call", name)

    def _strings(self) -> Step:
        """A string vector without flags; its first entry."""
        if self._in.integer() != 0:
            raise Malformed("names in a persistent string vector", offset=self._in.at)
        found = []
        for _ in range(self._length(1000)):
            found.append((yield self._item()))
        return found[0] if found else None

    def _other(self, flags: int, kind: int) -> Step:
        if kind in (NAMESPACE, PACKAGE):
            name = yield self._strings()
            self._references.append(None)
            self._say("r-namespace", (name or b"").decode("utf-8", "replace"))
            return None
        if kind == ENVIRONMENT:
            if self._in.integer() not in (0, 1):
                raise Malformed("an environment is neither locked nor open", offset=self._in.at)
            self._references.append(None)
            yield self._item()
            self._frames += 1
            yield self._item()
            yield self._item()
            self._frames -= 1
            yield self._item()
            return None
        if kind == ALTREP:
            yield self._compact()
            return None
        if kind == BYTECODE:
            self._say("r-code", "bytecode")
            yield self._bytecode()
        else:
            yield self._vector(kind)
        if flags & _ATTRIBUTES and kind not in (SPECIAL, BUILTIN):
            yield self._item()
        return None

    def _vector(self, kind: int) -> Step:
        if kind in (LOGICAL, INTEGER):
            self._in.skip("i", self._long())
        elif kind in (REAL, COMPLEX):
            self._in.skip("d", self._long() * (2 if kind == COMPLEX else 1))
        elif kind == RAW:
            self._in.skip("b", self._long())
        elif kind in (STRINGS, VECTOR, EXPRESSION):
            count = self._long()
            if count > ITEMS_LIMIT:
                raise Malformed("a list is longer than any model's", offset=self._in.at)
            for _ in range(count):
                yield self._item()
        elif kind in (SPECIAL, BUILTIN):
            name = self._in.raw(self._length(256)).decode("utf-8", "replace")
            self._called(name.encode())
        elif kind in (POINTER, WEAK):
            self._references.append(None)
            self._say("r-pointer", "an external pointer" if kind == POINTER else "a weak reference")
            for _ in range(2 if kind == POINTER else 0):
                yield self._item()
        elif kind != OBJECT:
            raise Malformed(f"an object is of kind {kind}, which no reader takes", offset=self._in.at)
        return None

    def _compact(self) -> Step:
        """A compact vector: the class, its package and type; the state; the attributes."""
        start = self._in.at
        flags = self._in.integer()
        if flags & 0xFF != PAIRS:
            raise Malformed("a compact vector has no class", offset=start)
        name = yield self._item()
        if self._in.integer() & 0xFF != PAIRS:
            raise Malformed("a compact vector has no package", offset=start)
        package = yield self._item()
        yield self._item()
        if package != b"base" or _COMPACT.fullmatch(name or b"") is None:
            rule = "r-mapped-file" if (name or b"").startswith(b"mmap") else "r-foreign-vector"
            self._say(
                rule,
                f"{(package or b'').decode('utf-8', 'replace')}::{(name or b'').decode('utf-8', 'replace')}",
            )
        yield self._item()
        yield self._item()
        return None

    def _bytecode(self) -> Step:
        self._code.append(self._length(1 << 24))
        yield self._code_body()
        self._code.pop()
        return None

    def _code_body(self) -> Step:
        yield self._item()
        self._functions += 1
        for _ in range(self._length(1 << 24)):
            kind = self._in.integer()
            if kind == BYTECODE:
                yield self._code_body()
            elif kind in (CALL, PAIRS, CODE_REF, CODE_DEF, ATTR_CALL, ATTR_PAIRS):
                yield self._code_call(kind)
            else:
                yield self._item()
        self._functions -= 1
        return None

    def _code_call(self, kind: int) -> Step:
        if kind not in (CODE_REF, CODE_DEF, CALL, PAIRS, ATTR_CALL, ATTR_PAIRS):
            return (yield self._item())
        if kind in (CODE_REF, CODE_DEF):
            place = self._in.integer()
            if not 0 <= place < self._code[-1]:
                raise Malformed("bytecode refers to what is not there", offset=self._in.at)
            if kind == CODE_REF:
                return None
            kind = self._in.integer()
            if kind not in (CALL, PAIRS, ATTR_CALL, ATTR_PAIRS):
                raise Malformed("bytecode defines what is no call", offset=self._in.at)
        if kind in (ATTR_CALL, ATTR_PAIRS):
            yield self._item()
        yield self._item()
        head = yield self._code_call(self._in.integer())
        if kind in (CALL, ATTR_CALL) and isinstance(head, bytes):
            self._called(head)
        yield self._code_call(self._in.integer())
        return head
