"""An error's sentence: whole, on one line, without credentials, and in the words of whoever prints it."""

from __future__ import annotations

import pytest

from meshroll.errors import BadInputError, Key, MeshrollError, Parameter, Phrase, Remedy, redact, worded


def test_what_where_and_expected_are_one_sentence() -> None:
    assert str(MeshrollError("it is wrong", where="f.yaml:3", expected="a text")) == (
        "f.yaml:3: it is wrong; expected a text"
    )


def test_details_stand_below_the_sentence() -> None:
    assert str(MeshrollError("it failed", details="one\ntwo")) == "it failed\none\ntwo"


def test_a_sentence_that_nobody_would_read_to_its_end_is_without_its_middle() -> None:
    sentence = str(MeshrollError("a" * 1_000_000, expected="a text"))
    assert sentence == f"{'a' * 1000} … {'a' * 983}; expected a text"


def test_a_password_is_masked_before_a_sentence_is_cut() -> None:
    assert "s3cret" not in str(MeshrollError("https://ada:" + "s3cret" * 1000 + "@git.example"))


def test_a_long_text_is_masked_in_one_pass() -> None:
    assert redact("a" * 1_000_000 + "://" * 100_000) == "a" * 1_000_000 + "://" * 100_000


@pytest.mark.parametrize("show", [str, repr])
def test_a_password_in_a_url_is_masked_wherever_the_error_is_shown(show: type[str]) -> None:
    assert "s3cret" not in show(MeshrollError("no https://ada:s3cret@git.example", details="https://ada:s3cret@x"))


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("plain", "plain"),
        (Key("repository.url"), "repository.url"),
        ((Parameter("to", "v1"), " or ", Parameter("over_newer")), "to v1 or over_newer"),
        (Remedy("retry", "shop", "v2"), "retry shop v2"),
        (Remedy("up"), "up"),
    ],
)
def test_values_in_a_phrase_are_plain_text_at_first(phrase: Phrase, text: str) -> None:
    assert worded(phrase) == text


def test_who_prints_an_error_words_its_values() -> None:
    error = BadInputError("it is wrong", where=Key("a.b"), expected=("no ", Parameter("c")))
    assert str(error) == "a.b: it is wrong; expected no c"
    error.wording = lambda part: f"<{part}>"
    assert str(error) == "<a.b>: it is wrong; expected no <c>"
    assert (error.where, error.expected) == ("a.b", "no c")
