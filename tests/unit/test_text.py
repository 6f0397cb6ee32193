"""Text from elsewhere on a terminal."""

from __future__ import annotations

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
