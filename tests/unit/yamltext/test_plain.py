import math

import pytest

from meshroll.yamltext.plain import Date, reads_as_another_value, reads_as_text, resolve_plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("v1", "v1"),
        ("yes", "yes"),
        ("on", "on"),
        ("True", True),
        ("false", False),
        ("", None),
        ("~", None),
        ("12", 12),
        ("-3", -3),
        ("1_000", 1000),
        ("0777", 511),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b101", 5),
        ("0899", 899),
        ("1.10", 1.1),
        ("1e3", 1000),
        ("1e30", 1e30),
        (".1_0", 0.1),
        ("1e999", "1e999"),
        (".5", 0.5),
        ("0.27.0", "0.27.0"),
        ("1:30", "1:30"),
        ("30s", "30s"),
        ("+.inf", math.inf),
        ("2026-11-23", Date("2026-11-23")),
        ("2026-1-2", Date("2026-1-2")),
        ("2026-11-23T10:00:00Z", Date("2026-11-23T10:00:00Z")),
        ("2026-13-01", "2026-13-01"),
        ("2026-11-23-rc1", "2026-11-23-rc1"),
        ("é1", "é1"),
    ],
)
def test_an_unquoted_scalar_means_what_pulumis_reader_makes_of_it(text, value):
    resolved = resolve_plain(text)
    assert (type(resolved), resolved) == (type(value), value)


@pytest.mark.parametrize("text", ["v1", "release-2.0_a", "e1"])
def test_a_word_may_be_unquoted(text):
    assert reads_as_text(text)


@pytest.mark.parametrize("text", ["1", "1.10", "yes", "No", "null", "y", "0x1", "2026-11-23", "nan", "TRUE"])
def test_what_some_reader_takes_for_something_else_is_quoted(text):
    assert not reads_as_text(text)


@pytest.mark.parametrize(
    "text",
    ["1a", "1.2.3", "a b", "shop/web:v1", "x@sha256:0", "x#y", "é", "7f3a9c1", "2026-11-23-rc1", "/p", "+x", "yes!"],
)
def test_a_text_that_no_reader_takes_for_something_else_may_be_unquoted(text):
    assert reads_as_text(text)


NOT_TEXT = """
a: b|a:|a #b|#a|- a|-a|?a|a,b|[a|{a}|&a|*a|!a|>a|%a|@a|`a|"a|'a|...|---|~|=|<<|1e3|1234567e8|1,000|1_000|0o17|0b11
|0777|0x1p-2|1:30|190:20:30.15|.5|5.|+.inf|-Infinity|2026-1-2|2026-11-23 10:00|2026-11-23T10:00:00Z|ON|Off|N|.|+|1.|1_
"""


@pytest.mark.parametrize(
    "text", [*NOT_TEXT.replace("\n", "").split("|"), "", "a\nb", "a\tb", "a ", " a", "a\u2028b", "\ufeff"]
)
def test_what_could_be_anything_else_to_any_reader_is_not_text(text):
    assert not reads_as_text(text)


@pytest.mark.parametrize(
    ("text", "another"), [("Infinity", True), ("on", True), ("1e3", True), ("a,b", False), ("v1", False)]
)
def test_what_is_no_text_for_its_shape_alone_is_not_another_value(text, another):
    assert reads_as_another_value(text) is another
