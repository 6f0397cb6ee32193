"""Returning to a release below what somebody changed by hand: named, and undone with it only when that is asked for."""

from __future__ import annotations

import pytest

from meshroll.errors import BadInputError
from meshroll.gitops.history import Rollback, locator, plan_rollback, read_events
from meshroll.gitops.planners import DesiredVersion, plan_adopted
from meshroll.gitops.plans import Finding, Scope, VersionChange, apply_plan
from tests.support.git.repositories import Repository
from tests.support.git.undoing import undo

EAST, WEST = "clusters/east/shop.yaml", "clusters/west/shop.yaml"


def manifest(version: str, comment: str = "") -> str:
    image = f"      - {{name: main, image: 'team/shop:{version}'}}\n"
    return (
        f"kind: Rollout\nmetadata: {{name: shop}}\nspec:\n  template:\n    spec:\n      containers:\n{image}{comment}"
    )


def release(repository: Repository, version: str, path: str = "clusters/east") -> str:
    plan = plan_adopted(repository.remote, path, [DesiredVersion("shop", version)], cache=repository.cache)
    return apply_plan(repository.remote, plan, stack="", cache=repository.cache).commit


def by_hand(repository: Repository, version: str, file: str = EAST, comment: str = "") -> str:
    return repository.commit(f"try {version}", write={file: manifest(version, comment)})


def back(
    repository: Repository, to: str, *, over_newer: bool = False, paths: tuple[str, ...] = ("clusters/east",)
) -> Rollback:
    located = locator("shop", adopted=True)
    scope = Scope(paths=paths)
    return plan_rollback(
        repository.remote, "shop", located, scope=scope, to=to, over_newer=over_newer, cache=repository.cache
    )


def refusal(repository: Repository, to: str) -> str:
    with pytest.raises(BadInputError) as caught:
        back(repository, to)
    return str(caught.value)


def test_a_release_below_a_change_by_hand_is_found_and_returned_to(repository: Repository) -> None:
    repository.commit(write={EAST: manifest("1.0")})
    released = release(repository, "1.1")
    hand = by_hand(repository, "1.3")
    by_hand(repository, "1.3", comment="# looks good\n")
    assert (
        refusal(repository, "1.1")
        == refusal(repository, released)
        == (
            f"shop: 1.1 -> 1.3 was changed by hand, by Ada in {hand[:12]}, and would be undone too; "
            "expected over_newer to undo it"
        )
    )
    rollback = back(repository, "1.1", over_newer=True)
    assert rollback.plan.changes == (VersionChange("shop", "1.3", "1.1", "clusters/east"),)
    assert rollback.plan.findings == (
        Finding(
            "by-hand", f"the change by hand 1.1 -> 1.3 by Ada in {hand[:12]} is undone too", "shop", "clusters/east"
        ),
    )
    undo(repository, rollback)
    assert repository.read(EAST) == manifest("1.1", "# looks good\n")
    (event, _) = read_events(repository.remote, cache=repository.cache)
    assert (event.old, event.new, event.undoes) == ("1.3", "1.1", (hand,))
    assert back(repository, "1.1").note == (
        f"shop: nothing to do: 1.1 is already its newest version ({repository.head()[:12]})"
    )


def test_one_below_a_change_by_hand_and_a_release_on_top_of_it_too(repository: Repository) -> None:
    repository.commit(write={EAST: manifest("1.0")})
    release(repository, "1.1")
    by_hand(repository, "1.15")
    hand = by_hand(repository, "1.2")
    newest = release(repository, "1.3")
    assert f"1.1 -> 1.2 was changed by hand, by Ada in {hand[:12]}" in refusal(repository, "1.1")
    undo(repository, back(repository, "1.1", over_newer=True))
    assert repository.read(EAST) == manifest("1.1")
    events = read_events(repository.remote, cache=repository.cache)
    assert [(event.old, event.new) for event in events if event.is_undo] == [("1.2", "1.1"), ("1.3", "1.2")]
    assert {event.undoes for event in events if event.is_undo} == {(newest, hand)}
    assert back(repository, "1.0").plan.changes == (VersionChange("shop", "1.1", "1.0", "clusters/east"),)


def test_what_the_change_by_hand_brought_is_returned_to_without_undoing_it(repository: Repository) -> None:
    repository.commit(write={EAST: manifest("1.0")})
    release(repository, "1.1")
    by_hand(repository, "1.2")
    release(repository, "1.3")
    rollback = back(repository, "1.2")
    assert (rollback.plan.changes, rollback.plan.findings) == (
        (VersionChange("shop", "1.3", "1.2", "clusters/east"),),
        (),
    )


@pytest.mark.parametrize("file", [EAST, WEST])
def test_a_change_by_hand_in_one_cluster_is_undone_there_alone(repository: Repository, file: str) -> None:
    repository.commit(write={EAST: manifest("1.0"), WEST: manifest("1.0")})
    release(repository, "1.1", "clusters/{cluster}")
    by_hand(repository, "1.3", file)
    paths = ("clusters/east", "clusters/west")
    (edit,) = back(repository, "1.1", over_newer=True, paths=paths).plan.edits
    assert (edit.file, edit.old, edit.new) == (file, "team/shop:1.3", "team/shop:1.1")
    every = back(repository, "1.0", over_newer=True, paths=paths).plan
    assert [(edit.file, edit.new) for edit in every.edits] == [(EAST, "team/shop:1.0"), (WEST, "team/shop:1.0")]


def test_a_commit_beside_the_value_is_not_a_change_by_hand(repository: Repository) -> None:
    repository.commit(write={EAST: manifest("1.0")})
    release(repository, "1.1")
    by_hand(repository, "1.1", comment="# looks good\n")
    release(repository, "1.2")
    rollback = back(repository, "1.1")
    assert (rollback.plan.changes, rollback.plan.findings) == (
        (VersionChange("shop", "1.2", "1.1", "clusters/east"),),
        (),
    )


def test_a_change_by_hand_to_another_image_is_named_whole(repository: Repository) -> None:
    repository.commit(write={EAST: manifest("1.0")})
    release(repository, "1.1")
    repository.commit(write={EAST: manifest("1.1").replace("team/shop:1.1", "fork/shop@sha256:" + "a" * 64)})
    assert f"1.1 -> fork/shop@sha256:{'a' * 64} was changed by hand" in refusal(repository, "1.1")
    undo(repository, back(repository, "1.1", over_newer=True))
    assert repository.read(EAST) == manifest("1.1")
