"""Property values to plain values and back."""

from hypothesis import given
from hypothesis import strategies as st
from pulumi.provider.experimental.property_value import PropertyValue

from meshroll.sandbox.pulumi.kubernetes.values import has_unknown, marked, plain

UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
JSON = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=3), JSON))
def test_a_round_trip_changes_nothing_and_makes_nothing_secret(value: dict):
    there = marked(value, {})
    assert plain(there) == value
    assert not any(item.contains_secret() for item in there.values())


def test_whole_numbers_become_integers_and_nulls_go():
    number = plain({"port": PropertyValue(80.0), "ratio": PropertyValue(0.5), "gone": PropertyValue(None)})
    assert number == {"port": 80, "ratio": 0.5}
    assert isinstance(number["port"], int)


def test_a_value_is_secret_where_its_model_is():
    like = {
        "spec": PropertyValue({"a": PropertyValue("x").with_secret(True), "b": PropertyValue("y")}),
        "list": PropertyValue([PropertyValue("p"), PropertyValue("q").with_secret(True)]),
    }
    there = marked({"spec": {"a": "1", "b": "2", "c": "3"}, "list": ["1", "2"]}, like)
    assert there == {
        "spec": PropertyValue(
            {"a": PropertyValue("1").with_secret(True), "b": PropertyValue("2"), "c": PropertyValue("3")}
        ),
        "list": PropertyValue([PropertyValue("1"), PropertyValue("2").with_secret(True)]),
    }


def test_a_list_whose_length_changed_is_secret_as_a_whole():
    like = {"list": PropertyValue([PropertyValue("q").with_secret(True)])}
    there = marked({"list": ["1", "2"]}, like)
    assert there == {"list": PropertyValue([PropertyValue("1"), PropertyValue("2")]).with_secret(True)}


def test_an_unknown_is_found_at_any_depth():
    assert has_unknown({"a": [{"b": UNKNOWN_TEXT}]})
    assert not has_unknown({"a": [{"b": "known"}, 3, None]})
