"""Secrets in the text of a server."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshroll.text.masking import masked

SECRET = 's3cret/+ "tok\'en"\\?ü=='
FORMS = {
    "as it is": SECRET,
    "in a URL": quote(SECRET, safe=""),
    "in a URL, with slashes": quote(SECRET),
    "in a form": quote_plus(SECRET),
    "in a URL, in lower case": quote(SECRET, safe="")
    .replace("%2F", "%2f")
    .replace("%2B", "%2b")
    .replace("%5C", "%5c")
    .replace("%3F", "%3f")
    .replace("%C3%BC", "%c3%bc")
    .replace("%3D", "%3d"),
    "in JSON": json.dumps(SECRET)[1:-1],
    "in hexadecimal": SECRET.encode().hex(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_masked_in_each_form(form: str) -> None:
    assert masked(f"not <{FORMS[form]}> and <{FORMS[form]}>", SECRET) == "not <***> and <***>"


@pytest.mark.parametrize("break_", ["\n", " ", "\r\n\t", "\\n"])
def test_a_secret_split_by_lines_is_masked(break_: str) -> None:
    assert masked(f"no: {break_.join(SECRET)}!", SECRET) == "no: ***!"


@given(
    st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=9, max_size=40),
    st.binary(max_size=9),
    st.binary(max_size=9),
    st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]),
)
def test_of_a_secret_within_base64_less_than_three_characters_can_be_read(secret, before, after, encode) -> None:
    encoded = encode(before + secret.encode() + after).decode()
    shown = masked(encoded, secret)
    assert "***" in shown
    kept = sum(map(len, shown.split("***", 1)))
    assert kept <= (len(before) + len(after)) * 8 / 6 + 8


@given(st.text(max_size=60), st.text(st.characters(codec="ascii"), min_size=1, max_size=12))
def test_what_holds_no_form_of_it_stays(text: str, secret: str) -> None:
    if masked(text, secret) == text:
        assert secret not in text


def test_a_short_secret_is_masked_as_it_is_alone() -> None:
    assert masked("abc YWJj 616263", "abc") == "*** YWJj 616263"


def test_white_space_of_the_secret_may_be_split_and_costs_no_more() -> None:
    secret = "a b c d e f g h i j"
    assert masked(f"<{secret.replace(' ', chr(10) * 3)}>", secret) == "<***>"
    hostile = ("a" + " " * 5_000) * 20
    assert masked(hostile, secret) == hostile


def test_no_secret_masks_nothing() -> None:
    assert masked("text", "") == "text"
