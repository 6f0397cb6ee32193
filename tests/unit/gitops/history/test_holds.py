"""Which versions are held, decided from values alone."""

from __future__ import annotations

from typing import Any

import pytest

from meshroll.gitops.history.events import Event
from meshroll.gitops.history.holds import decide
from meshroll.gitops.history.undone import undone_at
from meshroll.gitops.plans import VersionChange

EAST, WEST = "clusters/east", "clusters/west"


def release(old: str | None, new: str, *, commit: str = "r", path: str = EAST) -> Event:
    when = "2026-11-01T10:00:00+01:00"
    return Event("shop", old, new, commit, "", "Ada", when, "prod", path, f"plan-{new}")


def undo(old: str, new: str | None, path: str = EAST) -> Event:
    when = "2026-11-02T10:00:00+01:00"
    return Event("shop", old, new, "u", "", "Bob", when, "prod", path, "p", ("r",), (f"plan-{old}",))


def verdict(desired: str, in_git: str | None, events: list[Event], *, path: str = EAST, **known: Any) -> str | None:
    decided = decide(VersionChange("shop", in_git, desired, path), events, **known)
    return decided[0] if decided else None


def test_a_changed_version_is_released() -> None:
    assert verdict("v2", "v1", [release(None, "v1")], written="v1") is None


def test_the_undone_version_is_not_released_again() -> None:
    history = [undo("v2", "v1"), release("v1", "v2"), release(None, "v1")]
    assert decide(VersionChange("shop", "v1", "v2"), history, written="v2") == ("undone", history[0])
    assert verdict("v2", "v1", history) == "undone"  # whoever asks


def test_another_version_goes_on_from_an_undo() -> None:
    assert verdict("v3", "v1", [undo("v2", "v1"), release("v1", "v2")], written="v2") is None


def test_several_undone_at_once_all_stay_undone() -> None:
    history = [undo("v2", "v1"), undo("v3", "v2"), release("v2", "v3"), release("v1", "v2")]
    assert undone_at(history, EAST) == ("v2", "v3")
    assert [verdict(version, "v1", history, written="v3") for version in ("v2", "v3", "v4")] == [
        "undone",
        "undone",
        None,
    ]


def test_a_newer_release_ends_an_undo() -> None:
    history = [release("v1", "v3"), undo("v2", "v1"), release("v1", "v2")]
    assert undone_at(history, EAST) == ()
    assert verdict("v2", "v3", history, written="v3") is None


def test_what_someone_else_released_is_not_overwritten() -> None:
    history = [release("v1", "v2", commit="theirs"), release(None, "v1")]
    assert decide(VersionChange("shop", "v2", "v1"), history, written="v1") == ("newer-in-git", history[0])


def test_what_someone_changed_by_hand_is_not_overwritten_and_no_release_is_blamed() -> None:
    assert decide(VersionChange("shop", "v9", "v2"), [release(None, "v1")], written="v1") == ("newer-in-git", None)
    assert decide(VersionChange("shop", "v9", "v2"), [], written="v1") == ("newer-in-git", None)
    assert decide(VersionChange("shop", "v9", "v3"), [undo("v2", "v1")], written="v1") == ("newer-in-git", None)


def test_a_version_that_the_one_who_asks_has_seen_may_be_replaced() -> None:
    assert verdict("v3", "v9", [release(None, "v1")]) == "newer-in-git"
    assert verdict("v3", "v9", [release(None, "v1")], acknowledged={"v9"}) is None


@pytest.mark.parametrize("in_git", ["v0", None])
def test_the_first_up_takes_over_what_is_there(in_git: str | None) -> None:
    assert verdict("v1", in_git, []) is None


def test_a_second_cluster_follows_though_the_first_has_the_release_already() -> None:
    assert verdict("v2", "v1", [release("v1", "v2")], path=WEST) is None
    assert verdict("v2", "v1", [release("v1", "v2"), release(None, "v1", path=WEST)], path=WEST) is None


def test_a_second_cluster_does_not_follow_into_what_was_undone_in_the_first() -> None:
    assert verdict("v2", "v1", [undo("v2", "v1"), release("v1", "v2")], path=WEST) == "undone"


def test_a_change_that_brings_no_version_decides_nothing() -> None:
    history = [release("v1", "v1"), undo("v2", "v1"), release("v1", "v2")]
    assert verdict("v2", "v1", history, written="v1") == "undone"
    assert undone_at(history, EAST) == ("v2",)


def test_a_release_of_another_version_elsewhere_does_not_end_an_undo() -> None:
    history = [release("v1", "v3", path=WEST), undo("v2", "v1"), release("v1", "v2")]
    assert verdict("v2", "v1", history) == "undone"


def test_released_again_in_one_cluster_it_may_follow_in_the_next_and_is_still_undone_there() -> None:
    history = [release("v1", "v2"), undo("v2", "v1"), undo("v2", "v1", WEST), release("v1", "v2", path=WEST)]
    assert verdict("v2", "v1", history, path=WEST, written="v2") is None
    assert (undone_at(history, WEST), undone_at(history, EAST)) == (("v2",), ())


def test_what_someone_took_back_by_hand_is_newer_than_the_release() -> None:
    assert verdict("v2", "v1", [release("v1", "v2")]) == "newer-in-git"


def test_a_change_without_another_version_waits_for_nobody() -> None:
    assert verdict("v2", "v2", [undo("v2", "v1"), release("v1", "v2")], written="v1") is None
