"""The same recording over Lib/pickle.py's machine, which joblib and dill use and which reads on where C breaks.

It also follows joblib's arrays, whose bytes lie inside the stream after the BUILD of their wrapper
(joblib/numpy_pickle.py, NumpyArrayWrapper.read_array). It allocates nothing for them.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, BinaryIO, ClassVar, cast

from quarantine.analyzers.pickle.dtype import layout_of
from quarantine.analyzers.pickle.inert import Inert
from quarantine.analyzers.pickle.recorder import CMachine, Recording, note_values
from quarantine.formats.interface import Malformed

_WRAPPER = "joblib.numpy_pickle.NumpyArrayWrapper"


class PythonMachine(Recording, pickle._Unpickler):
    """The recording reader over the Python machine; ``arrays`` are the (start, end) of skipped array bytes.

    Without ``joblib``, array bytes are read as the opcodes that they are for every loader but joblib.
    """

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = dict(pickle._Unpickler.dispatch)
    memo: dict[int, object]
    stack: list[object]
    metastack: list[list[object]]

    def __init__(self, file: BinaryIO, size: int, *, joblib: bool = True) -> None:
        Recording.__init__(self)
        pickle._Unpickler.__init__(self, file, encoding="latin1")
        self.file, self.size, self.joblib = file, size, joblib
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
        if self.joblib and isinstance(top, Inert) and type(top).label == _WRAPPER:
            self.stack[-1] = self._array(top.state)

    def _array(self, state: object) -> Inert:
        """What stands for the array; it keeps the objects in it, and like an array's state its shape."""
        if not isinstance(state, dict):
            raise Malformed("a joblib array wrapper without its state")
        layout = layout_of(state.get("dtype"))
        if layout.objects:
            return Inert.make(Inert, (self._nested(),))
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
        end = self.file.tell() + count * layout.size
        if end > self.size:
            raise Malformed("a joblib array longer than the file")
        self.file.seek(end)
        self.arrays.append((start, end))
        array = Inert.make(Inert, ())
        array.state = (1, shape)
        return array

    def _nested(self) -> object:
        # joblib reads it by pickle.load: the C machine, which follows no arrays.
        self.seen.read_in_place.add(self.file.tell())
        inner = CMachine(self.file)
        inner.seen, inner._classes = self.seen, self._classes
        return inner.load()

    dispatch[pickle.BUILD[0]] = load_build
