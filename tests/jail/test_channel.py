"""The parent's end of the protocol under hostile bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quarantine.jail.channel import Channel, Tail
from quarantine.jail.interface import Ending
from quarantine.jail.protocol import LINE_LIMIT_BYTES, Done, FactSeen, encoder
from quarantine.records import JailLimits

LIMITS = JailLimits(output_bytes=1 << 20, messages=100)
FACT = FactSeen(artifact="a", name="n", value="v", analyzer="x")
LINE, END = encoder.encode(FACT) + b"\n", encoder.encode(Done()) + b"\n"


@given(st.binary(max_size=4096), st.integers(1, 64))
@settings(max_examples=150, deadline=None)
def test_any_bytes_in_any_pieces_end_in_messages_or_a_fault(data: bytes, step: int) -> None:
    whole, pieces = Channel(LIMITS), Channel(LIMITS)
    whole.feed(data)
    whole.close()
    for at in range(0, len(data), step):
        pieces.feed(data[at : at + step])
    pieces.close()
    assert (whole.fault, whole.messages) == (pieces.fault, pieces.messages)
    assert whole.fault in {None, Ending.PROTOCOL}
    assert bool(whole.fault) == bool(data)  # no random bytes of this length are a message


@given(st.integers(0, 20), st.integers(1, 50))
@settings(max_examples=50, deadline=None)
def test_valid_lines_survive_any_cutting(count: int, step: int) -> None:
    data, channel = LINE * count + END, Channel(LIMITS)
    for at in range(0, len(data), step):
        channel.feed(data[at : at + step])
    channel.close()
    assert channel.fault is None
    assert channel.done
    assert channel.messages == [FACT] * count + [Done()]


@pytest.mark.parametrize(
    "bad",
    [
        b"\n",
        b"{}\n",
        b"\xff\xfe\n",
        b'{"type":"done","more":1}\n',
        b'{"type":"verdict"}\n',
        b"[" * 100_000 + b"\n",
        b'{"type":"fact","artifact":"\\ud800","name":"n","value":"v","analyzer":"x"}\n',
        b'{"type":"measurement","probe":"p","name":"n","value":NaN,"unit":"u"}\n',
        b'{"type":"measurement","probe":"p","name":"n","value":1e999,"unit":"u"}\n',
        b'{"type":"artifact","path":"p","format":"f","size_bytes":-1,"claimed_bytes":0,"analyzers":[],"complete":true}\n',
        b"x" * (LINE_LIMIT_BYTES + 1),
        b'{"type":"done"}',
    ],
)
def test_bad_line_ends_the_run_and_keeps_what_came_before(bad: bytes) -> None:
    channel = Channel(LIMITS)
    channel.feed(LINE + bad)
    channel.feed(b"")
    channel.close()
    assert channel.fault is Ending.PROTOCOL
    assert channel.messages == [FACT]


def test_what_is_wrong_with_a_long_line_is_told_briefly() -> None:
    channel = Channel(JailLimits())
    channel.feed(b'{"type":"' + b"x" * 5000 + b'"}\n')
    assert channel.fault is Ending.PROTOCOL
    assert len(channel.why) < 4096


_PIECES = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([LINE, END, LINE[:-1], b"\n", b'{"type":"', b"x" * 5000, b"\x00", b"[" * 3000]),
)


@given(st.lists(_PIECES, max_size=60))
@settings(max_examples=300, deadline=None)
def test_hostile_pieces_never_raise_and_never_pass_a_bound(pieces: list[bytes]) -> None:
    limits = JailLimits(output_bytes=1 << 16, messages=100)
    channel = Channel(limits)
    for piece in pieces:
        before = len(channel.messages)
        faulty = channel.fault is not None
        channel.feed(piece)
        assert not (faulty and len(channel.messages) > before)
    channel.close()
    assert len(channel.messages) <= limits.messages
    assert sum(isinstance(message, Done) for message in channel.messages) <= 1
    assert channel.fault in {None, Ending.PROTOCOL, Ending.OUTPUT}
    assert len(channel.why) < 4096
    if channel.done and not channel.fault:
        assert b"".join(pieces).endswith(END)


def test_line_after_done_is_a_fault() -> None:
    channel = Channel(LIMITS)
    channel.feed(END + LINE)
    assert (channel.fault, channel.messages) == (Ending.PROTOCOL, [Done()])


def test_too_many_messages_and_too_many_bytes_are_output() -> None:
    many, long = Channel(LIMITS), Channel(LIMITS)
    many.feed(LINE * 101)
    assert (many.fault, len(many.messages)) == (Ending.OUTPUT, 100)
    long.feed(b" " * ((1 << 20) + 1))
    assert long.fault is Ending.OUTPUT


def test_tail_keeps_the_end_and_counts_everything() -> None:
    tail = Tail(1 << 20)
    assert tail.feed(b"a" * 100_000)
    assert tail.feed(b"\xff")
    assert tail.text().endswith("a\\xff")
    assert len(tail.text()) < 66_000
    assert not tail.feed(bytes(1 << 20))
