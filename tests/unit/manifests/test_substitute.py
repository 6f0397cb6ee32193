"""Placeholders become values, and values stay values."""

import pytest

from meshroll.errors import BadInputError
from meshroll.manifests.substitute import ABSENT, substitute

VALUES = {"n": 5, "s": "${n}: {a: b}", "l": [1, 2], "m": {"k": "v"}, "none": ABSENT}


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("${n}", 5),
        ("${m}", {"k": "v"}),
        ("${m.k}", "v"),
        ("a-${n}-${m.k}", "a-5-v"),
        ("${s}", "${n}: {a: b}"),
        ("x${s}", "x${n}: {a: b}"),
        ({"${n}": "${n}"}, {"${n}": 5}),
        ({"a": "${none}", "b": "${none.deeper}", "c": "${m.missing}", "d": 1}, {"d": 1}),
        (["${none}", "${*none}", "${*l}", "${l}"], [1, 2, [1, 2]]),
        ("$n {n} $${n", "$n {n} $${n"),
        (None, None),
    ],
)
def test_a_template_is_filled_by_structure(template, result):
    assert substitute(template, VALUES, "here") == result


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("${x}", "here: the placeholder ${x} names no parameter"),
        ("${n.k}", "here: the placeholder ${n.k} names no parameter"),
        ("a${l}", "here: the placeholder ${l} cannot stand inside a text"),
        ("a${none}", "here: the placeholder ${none} cannot stand inside a text"),
        (["${*n}"], "here: the placeholder ${*n} needs a list"),
    ],
)
def test_a_placeholder_that_cannot_be_filled_is_refused(template, message):
    with pytest.raises(BadInputError) as caught:
        substitute(template, VALUES, "here")
    assert str(caught.value) == message
