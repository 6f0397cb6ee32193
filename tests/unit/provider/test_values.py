"""Values between the engine and us."""

from __future__ import annotations

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.rpc import UNKNOWN

from meshroll.provider.values import is_unknown, plain, secret_place, with_secret_at, wrap


def test_whole_numbers_become_integers_again_and_others_stay() -> None:
    assert repr(plain(wrap({"a": [1, 2.5, True, None, "1"]}))) == "{'a': [1, 2.5, True, None, '1']}"


def test_a_value_survives_the_way_there_and_back() -> None:
    value = {"weight": 5, "pause": {}, "steps": [{"setWeight": 50}, {"pause": {"duration": "10m"}}]}
    assert plain(PropertyValue.unmarshal(wrap(value).marshal())) == value


def test_something_unknown_is_seen_however_deep() -> None:
    assert is_unknown(wrap({"a": [{"b": UNKNOWN}]}))
    assert is_unknown(wrap([PropertyValue.computed().value]))
    assert not is_unknown(wrap({"a": [{"b": "known"}]}))


def test_a_part_is_made_secret_and_the_rest_is_not() -> None:
    sealed = with_secret_at(wrap({"url": "u", "credentials": {"password": "p"}}), "credentials")
    assert isinstance(sealed.value, dict) or hasattr(sealed.value, "items")
    parts = dict(sealed.value.items())  # type: ignore[union-attr]
    assert (parts["url"].is_secret, parts["credentials"].is_secret) == (False, True)
    assert secret_place(sealed, "repository") == "repository.credentials"
    assert with_secret_at(wrap({"url": "u"}), "credentials") == wrap({"url": "u"})


def test_the_first_secret_is_named_by_its_place() -> None:
    one, two = wrap({"name": "a"}), wrap({"env": {"TOKEN": "s"}, "version": "v1"})
    marked = PropertyValue([one, with_secret_at(two, "env", "TOKEN")])
    assert secret_place(marked, "services") == "services[1].env.TOKEN"
    assert secret_place(PropertyValue([one, two]), "services") is None
