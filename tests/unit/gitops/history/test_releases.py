"""Which releases a rollback undoes, chosen from history alone."""

from __future__ import annotations

import pytest

from meshroll.errors import BadInputError, Parameter, worded
from meshroll.gitops.history.events import Event
from meshroll.gitops.history.releases import RollbackTarget, choose, releases_of, reverse_changes
from meshroll.gitops.plans import VersionChange

DAY = "2026-11-01T10:00:00+01:00"


EAST, WEST = "clusters/east", "clusters/west"


def release(number: int, old: str | None, new: str, path: str = EAST) -> Event:
    return Event("shop", old, new, f"{number:040x}", "", "Ada", DAY, "prod", path, f"plan {number}")


def undo(number: int, *undone: Event) -> list[Event]:
    """The events of one undo, newest first, of releases given newest first."""
    commits, plans = tuple(event.commit for event in undone), tuple(event.plan for event in undone)
    steps = [
        Event("shop", event.new, event.old, f"{number:040x}", "", "Bob", DAY, "prod", event.path, "p", commits, plans)
        for event in undone
    ]
    return steps[::-1]


ONE, TWO, THREE = release(1, None, "v1"), release(2, "v1", "v2"), release(3, "v2", "v3")


def chosen(history: list[Event], to: str = "", *, over_newer: bool = False) -> tuple[tuple[Event, ...], ...]:
    return choose(history, "shop", to, over_newer=over_newer).releases


def refusal(history: list[Event], to: str = "") -> str:
    with pytest.raises(BadInputError) as caught:
        choose(history, "shop", to, over_newer=False)
    return str(caught.value)


def test_the_newest_release_is_undone() -> None:
    assert chosen([TWO, ONE]) == ((TWO,),)


def test_one_version_released_to_several_clusters_is_one_release() -> None:
    other = release(4, "v1", "v2")
    assert chosen([other, TWO, ONE]) == ((other, TWO),)


def test_a_change_of_parameters_alone_is_no_release_to_undo() -> None:
    assert chosen([release(4, "v2", "v2"), TWO, ONE]) == ((TWO,),)


def test_what_was_undone_just_now_is_not_undone_twice() -> None:
    assert choose([*undo(9, TWO), TWO, ONE], "shop", "", over_newer=False) == RollbackTarget(
        note=(
            "shop: nothing to do: v2 was undone by Bob in 000000000000 at 2026-11-01 10:00; ",
            Parameter("to"),
            " goes further back",
        )
    )


def test_a_version_further_back_is_refused_when_a_newer_release_lies_on_top() -> None:
    history = [THREE, TWO, ONE]
    assert refusal(history, "v1") == (
        "shop: a newer release, v2 -> v3 by Ada in 000000000000, lies on top of v1 -> v2; "
        "expected over_newer to undo them all"
    )
    assert chosen(history, "v1", over_newer=True) == ((THREE,), (TWO,))


def test_a_commit_means_what_it_delivered() -> None:
    first = Event("shop", "v1", "v2", "abcdef1" + "0" * 33, "", "Ada", DAY, "prod", "p")
    assert chosen([THREE, first, ONE], "abcdef1") == ((THREE,),)


def test_a_version_that_no_release_in_effect_replaced_is_refused() -> None:
    assert refusal([TWO, ONE], "v9") == (
        "to: v9 is not what shop was before a release in effect; expected one of v1, -, or a commit of history shop"
    )


def test_back_to_the_newest_version_is_nothing_to_do() -> None:
    assert choose([TWO, ONE], "shop", "v2", over_newer=False).note == (
        "shop: nothing to do: v2 is already its newest version (000000000000)"
    )


def test_a_service_never_released_cannot_be_undone() -> None:
    assert refusal([]) == "there is no release of shop in the history; expected a service released before"


def test_undone_releases_are_no_longer_in_effect() -> None:
    assert releases_of([*undo(9, THREE, TWO), THREE, TWO, ONE]) == ((ONE,),)
    assert releases_of([*undo(9, THREE), THREE, TWO, ONE]) == ((TWO,), (ONE,))


def test_an_undo_made_twice_undoes_nothing_more() -> None:
    assert releases_of([*undo(10, TWO), *undo(9, TWO), TWO, ONE]) == ((ONE,),)


def test_a_retried_release_is_in_effect_again() -> None:
    again = release(5, "v1", "v2")
    assert releases_of([again, *undo(9, TWO), TWO, ONE]) == ((again,), (ONE,))


def test_a_release_with_another_commit_id_is_known_by_its_plan() -> None:
    rebased = Event("shop", "v1", "v2", "f" * 40, "", "Ada", DAY, "prod", EAST, TWO.plan)
    assert releases_of([*undo(9, TWO), rebased, ONE]) == ((ONE,),)


def test_one_event_may_undo_several_releases() -> None:
    whole = Event("shop", "v3", "v1", "9" * 40, "", "Bob", DAY, "prod", EAST, "p", (), (THREE.plan, TWO.plan))
    assert releases_of([whole, THREE, TWO, ONE]) == ((ONE,),)


def test_one_commit_that_brings_a_version_to_clusters_from_several_is_one_release() -> None:
    east, west = release(2, "v1", "v2"), release(2, "v0", "v2", WEST)
    assert releases_of([east, west, ONE]) == ((east, west), (ONE,))
    assert releases_of([*undo(9, east, west), east, west, ONE]) == ((ONE,),)
    assert choose([east, west, ONE], "shop", "", over_newer=False) == RollbackTarget(((east, west),))


def test_clusters_that_follow_one_by_one_are_one_release() -> None:
    west, east = release(3, "v0", "v2", WEST), release(2, "v1", "v2")
    assert releases_of([west, east, ONE]) == ((west, east), (ONE,))


def test_what_was_undone_in_one_cluster_is_still_in_effect_in_the_other() -> None:
    east, west = release(2, "v1", "v2"), release(2, "v1", "v2", WEST)
    history = [*undo(9, east), east, west, ONE]
    assert releases_of(history) == ((west,), (ONE,))
    assert choose(history, "shop", "", over_newer=False) == RollbackTarget(((west,),))
    assert choose(history, "shop", "v1", over_newer=False) == RollbackTarget(((west,),))
    done = [*undo(10, west), *history]
    assert worded(choose(done, "shop", "", over_newer=False).note).startswith(
        "shop: nothing to do: v2 was undone by Bob"
    )
    assert choose(done, "shop", "v1", over_newer=False).note == (
        "shop: nothing to do: v1 is already its newest version (000000000000)"
    )


def test_a_place_named_as_a_folder_and_as_a_file_is_one_place() -> None:
    folder, file = release(2, "v1", "v2"), release(3, "v2", "v3", f"{EAST}/shop.yaml")
    assert reverse_changes("shop", [file, folder]) == (VersionChange("shop", "v3", "v1", f"{EAST}/shop.yaml"),)


def test_an_undo_of_several_releases_in_several_clusters_undoes_no_older_one() -> None:
    again = [release(4, "v1", "v2"), release(4, "v1", "v2", WEST)]
    newer = [release(5, "v2", "v3"), release(5, "v2", "v3", WEST)]
    back = release(3, "v2", "v1")
    first = [release(2, "v1", "v2"), release(2, "v1", "v2", WEST)]
    whole = [*undo(9, *newer, *again), *newer, *again, back, *first]
    assert releases_of(whole) == ((back,), tuple(first))


def test_a_squash_that_holds_an_undo_is_undone_by_what_is_left_of_it() -> None:
    v2 = release(5, "v1", "v2")
    target = choose([release(5, "v1", "v3"), *undo(5, v2), v2, ONE], "shop", "", over_newer=False)
    assert [[event.new for event in each] for each in target.releases] == [["v3"]]


def test_back_to_a_commit_that_brought_a_version_to_one_cluster_of_two() -> None:
    east, west = release(2, "v1", "v2"), release(3, "v1", "v2", WEST)
    target = choose([west, east, ONE], "shop", east.commit, over_newer=False)
    assert target == RollbackTarget(((west,),))
