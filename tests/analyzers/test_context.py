"""What a reviewer sees around a place: hex rows and opcodes, bounded and harmless whatever the bytes are."""

from hypothesis import given
from hypothesis import strategies as st

from quarantine.analyzers.context import hexdump, opcodes
from quarantine.formats.source import BytesSource


def test_a_row_shows_offset_bytes_and_text() -> None:
    rows = hexdump(BytesSource(b"\x80\x02cposix\nsystem\n" + bytes(100)), 2)
    assert rows[0] == "00000000  80 02 63 70 6f 73 69 78 0a 73 79 73 74 65 6d 0a  ..cposix.system."
    assert len(rows) == 5


def test_opcodes_begin_at_the_place_and_end_where_reading_ends() -> None:
    source = BytesSource(b"\x80\x02cposix\nsystem\n\x85R\xff")
    assert opcodes(source, 2) == (
        "2: GLOBAL 'posix system'",
        "16: TUPLE1",
        "17: REDUCE",
        "here reading ends: ValueError",
    )


@given(st.binary(max_size=300), st.integers(0, 400))
def test_any_bytes_at_any_place_give_short_printable_lines(data: bytes, offset: int) -> None:
    lines = hexdump(BytesSource(data), offset) + opcodes(BytesSource(data), offset)
    assert len(lines) <= 5 + 9
    assert all(line.isprintable() and len(line) < 200 for line in lines)
