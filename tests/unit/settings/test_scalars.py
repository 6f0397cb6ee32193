import math

import pytest

from meshroll.settings.scalars import Date, plain_reads_as_text, resolve_plain


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
def test_a_word_may_stand_unquoted(text):
    assert plain_reads_as_text(text)


@pytest.mark.parametrize("text", ["1", "1.10", "yes", "No", "null", "y", "0x1", "2026-11-23", "1a", "nan", "TRUE"])
def test_what_some_reader_takes_for_something_else_is_quoted(text):
    assert not plain_reads_as_text(text)
