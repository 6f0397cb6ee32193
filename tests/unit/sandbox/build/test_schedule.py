"""The order of the builds, and the guess of the time left."""

from __future__ import annotations

import pytest

from meshroll.sandbox.build.parts import BUILDS, Build
from meshroll.sandbox.build.schedule import Spent, next_build, order, seconds_left, words_left


def build(name: str, cost: float, after: str = "") -> Build:
    return Build(name, "module", ".", cost=cost, after=after)


def test_what_the_most_waits_for_is_built_first() -> None:
    small, large = build("small", 10), build("large", 100)
    first, last = build("first", 50), build("last", 60, after="first")
    assert [item.name for item in order([small, large, last, first])] == ["first", "large", "last", "small"]


def test_nothing_is_started_while_all_that_waits_must_wait() -> None:
    last = build("last", 60, after="first")
    assert next_build([last], {"first", "last"}) is None
    assert next_build([last], {"last"}) == last


def test_every_build_of_the_table_is_started_after_one_of_the_table() -> None:
    names = {item.name for item in BUILDS}
    assert {item.after for item in BUILDS if item.after} <= names
    assert sorted(item.name for item in order(BUILDS)) == sorted(names)


@pytest.mark.parametrize(
    ("waiting", "running", "done", "elapsed", "expected"),
    [
        pytest.param([90], [], [], 0, 50, id="before anything was seen the cores are nearly busy"),
        pytest.param([90], [(90, 54)], [], 30, 70, id="what runs has a part behind it"),
        pytest.param([90], [], [(180, 90)], 50, 25, id="this machine takes half the time"),
        pytest.param([90], [], [(92, 92)], 190, 112.5, id="only half of the cores' time is for these builds"),
        pytest.param([], [(100, 252)], [], 140, 7, id="it takes longer than expected and is never over"),
        pytest.param([90], [], [(90, 0)], 100, 0, id="all was in the cache"),
    ],
)
def test_the_time_left(
    waiting: list[float],
    running: list[tuple[float, float]],
    done: list[tuple[float, float]],
    elapsed: float,
    expected: float,
) -> None:
    left = seconds_left(
        [build("waiting", cost) for cost in waiting],
        [Spent(build("running", cost), seconds) for cost, seconds in running],
        [Spent(build("done", cost), seconds) for cost, seconds in done],
        elapsed,
        cores=2,
    )
    assert left == pytest.approx(expected)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "about a minute left"), (89, "about a minute left"), (91, "about 2 min left"), (890, "about 15 min left")],
)
def test_the_time_left_is_read_in_minutes(seconds: float, text: str) -> None:
    assert words_left(seconds) == text
