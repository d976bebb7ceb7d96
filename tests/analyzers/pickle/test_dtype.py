"""Only a dtype as NumPy writes it is well formed; each lie in its state is told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from quarantine.analyzers.pickle.dtype import checked, well_formed


def written(code, **changed):
    """The arguments and state of numpy.dtype(code), with changes by index."""
    _, args, state = np.dtype(code).__reduce__()
    return args, tuple(changed.get(f"at{index}", part) for index, part in enumerate(state))


@given(arrays.scalar_dtypes() | arrays.byte_string_dtypes() | arrays.unicode_string_dtypes())
def test_a_plain_dtype_has_the_size_that_numpy_says(dtype):
    _, args, state = dtype.__reduce__()
    layout = checked(args, state)
    assert (layout.size, layout.objects) == (dtype.itemsize, dtype.hasobject)


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("O", {"at7": 0}),
        ("O", {"at7": 62}),
        ("f8", {"at5": 4096}),
        ("f8", {"at7": 63}),
        ("f8", {"at7": 1}),
        ("f8", {"at0": 2}),
        ("f8", {"at3": ("a",)}),
        ("S3", {"at5": 300}),
        ("U3", {"at5": 3}),
        ("V8", {"at7": 63}),
        ("V8", {"at5": -1}),
        ("V8", {"at3": ("a",), "at4": {}}),
        ("V8", {"at3": ("a",), "at4": {"a": (np.dtype("f8"), 0)}}),
        ("V8", {"at2": (np.dtype("f8"), (1,))}),
    ],
)
def test_a_lie_in_the_state_is_told(code, changed):
    assert well_formed(*written(code))
    assert not well_formed(*written(code, **changed))


@given(
    st.one_of(
        st.none(), st.integers(), st.text(), st.binary(), st.lists(st.integers(), max_size=4).map(tuple)
    )
)
def test_any_arguments_and_state_are_judged_and_never_raise(value):
    assert well_formed((value,), value) in (True, False)
    assert well_formed(("f8", False, True), value) == (value is None)
