"""Durations against what Go 1.26 made of the same texts.

durations.json has for each text the nanoseconds of `time.ParseDuration`, null for its error, and the seconds that
Argo Rollouts pauses for, negative where it refuses the text.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshroll.errors import BadInputError
from meshroll.manifests.durations import described, is_duration, nanoseconds
from meshroll.manifests.timeline import duration_text, seconds

TABLE = json.loads(Path(__file__).with_name("durations.json").read_text(encoding="utf-8"))
UNSIGNED = [(text, total) for text, total, _ in TABLE if total is not None and text[0] not in "+-" and text != "0"]
REFUSED = [text for text, total, _ in TABLE if total is None and text and text[0] not in "+-"]
LARGEST = (1 << 63) - 1


@pytest.mark.parametrize(("text", "total", "paused"), TABLE)
def test_a_text_is_read_as_go_reads_it(text, total, paused):
    assert nanoseconds(text) == total
    assert is_duration(text) == (paused >= 0)
    if paused >= 0:
        assert seconds(text) == paused
    else:
        with pytest.raises(BadInputError) as caught:
            seconds(text)
        assert str(caught.value) == f"{text!r} is not a duration; expected a time such as 30s, 10m or 1h30m"


@given(st.lists(st.sampled_from(UNSIGNED), min_size=1, max_size=5), st.sampled_from(["", "-", "+"]))
def test_texts_one_after_the_other_are_the_sum_of_their_times(parts, sign):
    total = sum(part for _, part in parts)
    largest = LARGEST + 1 if sign == "-" else LARGEST  # one more below zero
    expected = None if total > largest else -total if sign == "-" else total
    assert nanoseconds(sign + "".join(text for text, _ in parts)) == expected


@given(st.sampled_from(UNSIGNED), st.text(max_size=8))
def test_any_other_text_is_a_time_or_refused_and_nothing_else(known, tail):
    text = known[0] + tail
    found = nanoseconds(text)
    assert found is None or -LARGEST - 1 <= found <= LARGEST
    try:
        assert 0 <= seconds(text) < 1 << 31
    except BadInputError:
        assert described(text) == f"{text!r} (not a duration)"


@pytest.mark.parametrize(("number", "total"), [(0, 0), (7, 7), (7.0, 7), (2147483647, 2147483647)])
def test_a_number_is_seconds(number, total):
    assert seconds(number) == total


@pytest.mark.parametrize("number", [-1, 7.5, 2147483648, float("inf"), float("nan"), True, None, [], "9" * 5000 + "s"])
def test_another_number_or_value_is_refused(number):
    with pytest.raises(BadInputError) as caught:
        seconds(number)
    assert caught.value.what == f"{number!r} is not a duration"
    assert caught.value.expected == "a time such as 30s, 10m or 1h30m"


@pytest.mark.parametrize(("total", "text"), [(0, "0s"), (45, "45s"), (600, "10m"), (5405, "1h30m5s")])
def test_durations_are_written_as_people_write_them(total, text):
    assert duration_text(total) == text


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        ("1.5h", "1h30m"),
        ("90m", "1h30m"),
        ("45", "45s"),
        (600, "10m"),
        ("500ms", "500ms (counted as 0s)"),
        ("1m1.5s", "1m1.5s (counted as 1m1s)"),
        ("10x", "'10x' (not a duration)"),
        (-1, "-1 (not a duration)"),
    ],
)
def test_a_duration_is_shown_with_what_argo_rollouts_makes_of_it(duration, text):
    assert described(duration) == text
