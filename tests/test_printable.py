from hypothesis import given
from hypothesis import strategies as st

from quarantine.printable import printable


def test_plain_text_stays_as_it_is() -> None:
    assert printable("model-ü.pt") == "model-ü.pt"


def test_escape_sequences_and_bidi_overrides_are_shown_as_escapes() -> None:
    assert printable("a\x1b[31m\u202eb\n") == "a\\x1b[31m\\u202eb\\x0a"


@given(st.text())
def test_result_never_holds_a_character_that_hides(text: str) -> None:
    assert all(c.isprintable() for c in printable(text))


@given(st.text(min_size=50), st.integers(1, 20))
def test_result_is_bounded(text: str, limit: int) -> None:
    assert len(printable(text, limit)) <= limit
