"""JSON that is shown on a terminal."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from meshroll.text import as_json, printable

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(VALUES)
def test_the_same_value_is_read_and_nothing_in_it_is_obeyed(value: Any) -> None:
    text = as_json(value)
    assert json.loads(text) == value
    assert printable(text) == text


def test_what_is_visible_stays_readable() -> None:
    assert as_json({"é": "\x1b[2J\u202e\x9b\udcff日"}) == '{"é": "\\u001b[2J\\u202e\\u009b\\udcff日"}'
