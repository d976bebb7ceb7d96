"""The same recording over Lib/pickle.py's machine, which joblib and dill use and which reads on where C breaks.

It also follows joblib's arrays, whose bytes lie inside the stream after the BUILD of their wrapper
(joblib/numpy_pickle.py, NumpyArrayWrapper.read_array). It allocates nothing for them.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from typing import Any, BinaryIO, ClassVar, cast

from quarantine.analyzers.pickle.recorder import Inert, Recording, note_values
from quarantine.formats.interface import Malformed

_CODE = re.compile(r"[|<>=]?([a-zA-Z?])(\d*)\Z")
_WRAPPER = "joblib.numpy_pickle.NumpyArrayWrapper"
_SIZES = {"?": 1, "b": 1, "B": 1}
MAX_DEPTH = 32


class PythonMachine(Recording, pickle._Unpickler):
    """The recording reader over the Python machine; ``arrays`` are the (start, end) of skipped array bytes."""

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = dict(pickle._Unpickler.dispatch)
    memo: dict[int, object]
    stack: list[object]
    metastack: list[list[object]]

    def __init__(self, file: BinaryIO, size: int, depth: int = 0) -> None:
        Recording.__init__(self)
        pickle._Unpickler.__init__(self, file, encoding="latin1")
        self.file, self.size, self.depth = file, size, depth
        self.arrays: list[tuple[int, int]] = []

    def read(self) -> object:
        """Walk the stream and note what it keeps; the inert object that it makes."""
        made = self.load()
        self.memo.clear()
        self.stack, self.metastack = [], []
        note_values(self)
        return made

    def load_build(self) -> None:
        """BUILD; then the array, where what was built is joblib's wrapper."""
        cast(Any, pickle._Unpickler).load_build(self)
        top = self.stack[-1]
        if isinstance(top, Inert) and type(top).label == _WRAPPER:
            self._array(top.state)
            self.stack[-1] = Inert()

    def _array(self, state: object) -> None:
        if not isinstance(state, dict):
            raise Malformed("a joblib array wrapper without its state")
        itemsize, objects = _layout(state.get("dtype"))
        if objects:
            self._nested()
            return
        start = self.file.tell()
        if state.get("numpy_array_alignment_bytes") is not None:
            padding = self.file.read(1)
            self.file.read(padding[0] if padding else 0)
        count = 1
        shape = state.get("shape")
        if not isinstance(shape, tuple):
            raise Malformed("a joblib array without a shape")
        for length in shape:
            if isinstance(length, Inert) or not isinstance(length, int) or length < 0:
                raise Malformed("a joblib array with a computed shape")
            count *= length
        end = self.file.tell() + count * itemsize
        if end > self.size:
            raise Malformed("a joblib array longer than the file")
        self.file.seek(end)
        self.arrays.append((start, end))

    def _nested(self) -> None:
        if self.depth >= MAX_DEPTH:
            raise Malformed("object arrays nested too deep")
        self.seen.read_in_place.add(self.file.tell())
        inner = PythonMachine(self.file, self.size, self.depth + 1)
        inner.seen, inner._classes = self.seen, self._classes
        inner.load()
        self.arrays += inner.arrays

    dispatch[pickle.BUILD[0]] = load_build


def _layout(dtype: object) -> tuple[int, bool]:
    """(item size in bytes, holds objects) of a recorded ``numpy.dtype(code, align, copy)`` with its state."""
    if not isinstance(dtype, Inert) or not dtype.args or type(dtype).label != "numpy.dtype":
        raise Malformed("a joblib array with an unknown dtype")
    match = _CODE.match(str(dtype.args[0]))
    if match is None:
        raise Malformed("a joblib array with an unknown dtype")
    kind, digits = match.groups()
    size = int(digits[:12]) if digits else _SIZES.get(kind, 0)
    size *= 4 if kind == "U" else 1
    state = getattr(dtype, "state", None)
    flags = state[7] if isinstance(state, tuple) and len(state) > 7 else 0
    if isinstance(state, tuple) and len(state) > 5 and isinstance(state[5], int) and state[5] > 0:
        size = state[5]
    # numpy/_core/include/numpy/ndarraytypes.h: NPY_ITEM_HASOBJECT = 1
    objects = kind == "O" or (isinstance(flags, int) and bool(flags & 1))
    if size == 0 and not objects:
        raise Malformed("a joblib array with an unknown dtype")
    return size, objects
