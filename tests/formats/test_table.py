"""The table's first bytes never hide a format from content that the format itself would recognise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarantine.formats.source import BytesSource
from quarantine.formats.table import EMPTY, EXTERNAL, FORMATS, PLACED, Line, by_name, load
from tests.formats.test_strict_readers import HONEST

FILTERED = [line for line in FORMATS if line.starts]


def test_every_line_names_its_format() -> None:
    names = [line.name for line in (*FORMATS, *PLACED)]
    assert len(names) == len(set(names))
    for line in (*FORMATS, *PLACED, EMPTY, EXTERNAL):
        assert load(line).name == line.name
    assert by_name("zip") is load(FORMATS[0])
    assert by_name("nonsense") is None
    assert by_name(None) is None


@pytest.mark.parametrize("line", FILTERED, ids=lambda line: line.name)
@given(
    st.binary(max_size=16),
    st.sampled_from([data for _, data in HONEST] + [b"".join(other.starts) for other in FILTERED]),
)
def test_what_a_format_recognises_is_possible(line: Line, begin: bytes, rest: bytes) -> None:
    for content in (begin + rest, rest + begin, begin[:1] + rest[1:]):
        if content and not line.possible(content):
            assert not load(line).recognise(content[:4096], BytesSource(content))


@pytest.mark.parametrize("line", FILTERED, ids=lambda line: line.name)
@pytest.mark.parametrize("first", range(256))
def test_no_other_first_byte_is_recognised(line: Line, first: int) -> None:
    for _, data in HONEST:
        content = bytes([first]) + data[1:]
        assert line.possible(content) or not load(line).recognise(content[:4096], BytesSource(content))
