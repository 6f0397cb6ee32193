"""Text from elsewhere on a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshroll.errors import BadInputError
from meshroll.text import one_line, printable


def test_what_a_terminal_would_obey_or_hide_is_escaped_and_lines_stay() -> None:
    assert printable("a\x1b[2J\u202e\ud800\r\n\tb\rc") == "a\\x1b[2J\\u202e\\ud800\r\n\tb\\rc"


def test_a_value_in_a_line_cannot_begin_another() -> None:
    assert one_line("v1\n\thash 0\u2028x é") == "v1\\n\\thash 0\\u2028x é"


def test_a_programs_output_stands_below_the_sentence() -> None:
    assert str(BadInputError("it\nfailed", details="one\x1b\ntwo")) == "it\\nfailed\none\\x1b\ntwo"


def test_an_error_is_fit_for_a_terminal() -> None:
    assert str(BadInputError("evil\x1b[2J", where="a\u202eb")) == "a\\u202eb: evil\\x1b[2J"


@given(st.text())
def test_whatever_the_text_a_line_is_one_line_of_visible_characters(text: str) -> None:
    assert one_line(text).isprintable()
    assert one_line(one_line(text)) == one_line(text)


@pytest.mark.parametrize(
    "hidden",
    [*"\xad\u061c\u180e\u206a\ufff9\U000e0041\x9b\u2066", *"\u034f\u115f\u17b4\u3164\ufe0f\uffa0\U0001d173\U000e0100"],
)
def test_what_is_not_seen_is_shown(hidden: str) -> None:
    assert one_line(f"a{hidden}b") == printable(f"a{hidden}b") == f"a{hidden.encode('unicode_escape').decode()}b"
