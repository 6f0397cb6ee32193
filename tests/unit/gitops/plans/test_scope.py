"""Where words on a service count."""

from __future__ import annotations

import pytest

from meshroll.gitops.plans.scope import EVERYWHERE, Scope, related


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("", "clusters/east"),
        ("clusters/east", "clusters/east"),
        ("clusters/east/", "/clusters/east/shop/rollout.yaml"),
        ("clusters/{cluster}/{service}", "clusters/east/shop"),
        ("clusters/{cluster}", "clusters/east/shop"),
        ("apps/{service}-{cluster}.yaml", "apps/shop-east.yaml"),
    ],
)
def test_a_path_counts_for_itself_and_what_is_above_and_below_it(one: str, other: str) -> None:
    assert related(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("clusters/east", "clusters/west"),
        ("clusters/east", "clusters/eastern"),
        ("clusters/{cluster}/shop", "clusters/east/stock"),
        ("apps/{service}-{cluster}.yaml", "apps/shop.yaml"),
    ],
)
def test_another_folder_is_another_place(one: str, other: str) -> None:
    assert not related(other, one)


def test_words_of_a_stack_count_for_all_of_it_and_those_of_no_other() -> None:
    prod = Scope("prod", ("clusters/east",))
    assert prod.covers("prod", "clusters/west")
    assert not prod.covers("staging", "clusters/west")
    assert not Scope("prod").covers("staging", "clusters/east")


def test_a_stack_that_was_renamed_keeps_the_words_of_its_places() -> None:
    assert Scope("prod", ("clusters/east",)).covers("production", "clusters/east")


def test_where_one_side_names_no_stack_the_place_decides() -> None:
    for scope in (Scope("prod", ("clusters/east",)), Scope("", ("clusters/east",))):
        assert scope.covers("", "clusters/east/shop")
        assert not scope.covers("", "clusters/west")
    assert not Scope("", ("clusters/west",)).covers("prod", "clusters/east")
    assert Scope("", ("",)).covers("prod", "clusters/east")
    assert EVERYWHERE.covers("prod", "clusters/east")
