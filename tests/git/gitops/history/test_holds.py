"""What must wait for a person, on a real repository: by whose commit, and from how little of its history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from meshroll.errors import Remedy
from meshroll.gitops.git.process import Git
from meshroll.gitops.history.holds import Hold, Origin, ServiceAddress, find_holds
from meshroll.gitops.planners import DesiredVersion, plan_adopted, plan_rendered
from meshroll.gitops.plans import Plan, apply_plan
from meshroll.gitops.plans.message import Command, Undo
from meshroll.gitops.plans.model import VersionChange
from meshroll.settings.fields import parse_field
from tests.support.git.repositories import Repository, release, rollout

ROOT = "live"
FILE = f"{ROOT}/provider/rollout.yaml"


def planned(repository: Repository, version: str, cache: Path | None = None) -> Plan:
    plan = plan_rendered(repository.remote, ROOT, release(provider=version), cache=cache or repository.cache)
    return replace(plan, stack="prod")


def deliver(
    repository: Repository, version: str, command: Command = "up", *, stack: str = "prod", undo: Undo | None = None
) -> str:
    plan = planned(repository, version)
    applied = apply_plan(repository.remote, plan, stack=stack, command=command, undo=undo, cache=repository.cache)
    return applied.commit


def held(repository: Repository, version: str, state: str, cache: Path | None = None) -> tuple[Hold, ...]:
    cache = cache or repository.cache
    plan = planned(repository, version, cache)
    return find_holds(repository.remote, plan, written=lambda: {"provider": state}, cache=cache)


def by_hand(repository: Repository, version: str, message: str = "hotfix", more: str = "") -> str:
    return repository.commit(message, write={FILE: rollout("provider", version) + more})


def newer(repository: Repository, version: str, origin: Origin, *, written: str) -> Hold:
    """A hold of a version in Git that came after the one that `up` wrote last."""
    address = ServiceAddress("prod", repository.remote.url, "main")
    return Hold(
        "newer-in-git", "provider", version, origin, Remedy("set-from-git", "provider"), address, written=written
    )


def other(repository: Repository, version: str, origin: Origin, *, written: str) -> Hold:
    """A hold of a version in Git that the one that `up` wrote last is not in the past of."""
    return replace(newer(repository, version, origin, written=written), kind="other-in-git")


def elsewhere(repository: Repository, count: int) -> None:
    """So many commits that leave every file as it is."""
    tree, commit = repository.git("rev-parse", "main^{tree}").strip(), repository.head()
    for number in range(count):
        commit = repository.git("commit-tree", tree, "-p", commit, "-m", f"elsewhere {number}").strip()
    repository.git("update-ref", "refs/heads/main", commit)


def day(repository: Repository, commit: str) -> str:
    return repository.git("log", "-1", "--format=%aI", commit)[:16].replace("T", " ")


def back_to(repository: Repository, commit: str) -> None:
    repository.git("update-ref", "refs/heads/main", commit)


def test_what_up_committed_and_its_state_does_not_know_is_its_own(repository: Repository) -> None:
    for version in ("v1", "v2", "v3"):
        deliver(repository, version)
    assert held(repository, "v4", "v1") == ()
    assert held(repository, "v4", "v1", repository.work / "fresh") == ()


@pytest.mark.parametrize("command", ["apply", "retry", ""])
def test_what_another_command_committed_is_held_with_its_author(repository: Repository, command: Command) -> None:
    deliver(repository, "v1")
    theirs = deliver(repository, "v2", command)
    origin = Origin("Meshroll", theirs, day=day(repository, theirs))
    assert held(repository, "v3", "v1") == (newer(repository, "v2", origin, written="v1"),)


def test_what_up_of_another_stack_committed_is_held(repository: Repository) -> None:
    deliver(repository, "v1")
    deliver(repository, "v2", stack="staging")
    assert [hold.kind for hold in held(repository, "v3", "v1")] == ["newer-in-git"]


def test_a_version_by_hand_is_newer_than_what_up_committed_before_it(repository: Repository) -> None:
    deliver(repository, "v1")
    deliver(repository, "v2")
    hotfix = by_hand(repository, "v9")
    by_hand(repository, "v9", "scale", "  replicas: 7\n")
    origin = Origin("Ada", hotfix, subject="hotfix")
    assert held(repository, "v3", "v1") == (newer(repository, "v9", origin, written="v2"),)


def test_a_revert_by_hand_is_newer_than_what_it_reverts(repository: Repository) -> None:
    deliver(repository, "v1")
    deliver(repository, "v2")
    revert = by_hand(repository, "v1", "Revert the release")
    origin = Origin("Ada", revert, subject="Revert the release")
    assert held(repository, "v2", "v2") == (newer(repository, "v1", origin, written="v2"),)


def test_a_branch_that_was_moved_back_holds_another_version_and_not_a_newer_one(repository: Repository) -> None:
    back = by_hand(repository, "v1", "the first")
    deliver(repository, "v2")
    back_to(repository, back)
    origin = Origin("Ada", back, subject="the first")
    for version in ("v2", "v3"):
        assert held(repository, version, "v2") == (other(repository, "v1", origin, written="v2"),)


def test_a_branch_that_was_moved_back_to_a_release_names_that_release(repository: Repository) -> None:
    deliver(repository, "v0")
    back = deliver(repository, "v1")
    deliver(repository, "v2")
    back_to(repository, back)
    origin = Origin("Meshroll", back, day=day(repository, back))
    assert held(repository, "v3", "v2") == (other(repository, "v1", origin, written="v2"),)


def test_a_branch_that_was_moved_back_and_went_on_without_us(repository: Repository) -> None:
    back = deliver(repository, "v1")
    deliver(repository, "v2")
    back_to(repository, back)
    theirs = by_hand(repository, "v9")
    elsewhere(repository, 20)
    origin = Origin("Ada", theirs, subject="hotfix")
    fresh = repository.work / "fresh"
    assert held(repository, "v3", "v2", fresh) == (other(repository, "v9", origin, written="v2"),)


def test_versions_by_hand_are_before_each_other_without_any_trailer(repository: Repository) -> None:
    commits = {}
    for version in ("v1", "v2", "v3"):
        commits[version] = by_hand(repository, version, f"to {version}")
        elsewhere(repository, 9)
    origin = Origin("Ada", commits["v3"], subject="to v3")
    assert held(repository, "v4", "v1", repository.work / "fresh") == (newer(repository, "v3", origin, written="v1"),)
    (hold,) = held(repository, "v4", "v7", repository.work / "fresh")
    assert hold.kind == "other-in-git"


IMAGE = """\
kind: Rollout
metadata: {{name: shop}}
spec: {{template: {{spec: {{containers: [{{name: shop, image: 'shop/v1-shop:{version}-alpine'}}]}}}}}}
"""


def test_a_version_within_a_longer_text_is_found_in_the_past(repository: Repository) -> None:
    for version in ("v1", "v2", "v3"):
        repository.commit(f"to {version}", write={"shop.yaml": IMAGE.format(version=version)})
    desired = DesiredVersion("shop", "v4", (parse_field("image={version}-alpine"),))
    plan = replace(plan_adopted(repository.remote, "", [desired], cache=repository.cache), stack="prod")

    def kind(state: str) -> str:
        (hold,) = find_holds(repository.remote, plan, written=lambda: {"shop": state}, cache=repository.cache)
        return hold.kind

    assert [kind(state) for state in ("v1", "v2", "v8")] == ["newer-in-git", "newer-in-git", "other-in-git"]


def test_a_file_beside_the_place_counts_too(repository: Repository) -> None:
    workload = "kind: Rollout\nmetadata: {name: shop}\nspec: {template: {spec: {containers: [{name: shop}]}}}\n"
    for version in ("v1", "v2"):
        values = f"image: {{tag: {version}}}\n"
        repository.commit(f"to {version}", write={"live/shop.yaml": workload, "values/shop.yaml": values})
    desired = DesiredVersion("shop", "v3", (parse_field("helm:/values/shop.yaml#image.tag"),))
    plan = replace(plan_adopted(repository.remote, "live", [desired], cache=repository.cache), stack="prod")
    (hold,) = find_holds(repository.remote, plan, written=lambda: {"shop": "v1"}, cache=repository.cache)
    origin = Origin("Ada", repository.head(), subject="to v2")
    assert (hold.kind, hold.version, hold.written, hold.origin) == ("newer-in-git", "v2", "v1", origin)


def test_an_undo_on_top_of_ups_own_commit_is_as_before(repository: Repository) -> None:
    deliver(repository, "v1")
    released = deliver(repository, "v2")
    back = Undo((VersionChange("provider", "v2", "v1", ROOT),), (released,), (), "it is slow")
    undone = deliver(repository, "v1", "rollback", undo=back)
    (hold,) = held(repository, "v2", "v1")
    assert hold == Hold(
        "undone",
        "provider",
        "v2",
        Origin("Meshroll", undone, day=day(repository, undone)),
        Remedy("retry", "provider", "v2"),
        ServiceAddress("prod", repository.remote.url, "main"),
        reason="it is slow",
    )


def test_without_a_stack_the_address_has_the_path_and_the_fields(repository: Repository) -> None:
    repository.commit("first", write={"live/shop.yaml": IMAGE.format(version="v1")})
    field = parse_field("image={version}-alpine")

    def plan(version: str) -> Plan:
        return plan_adopted(
            repository.remote, "live/", [DesiredVersion("shop", version, (field,))], cache=repository.cache
        )

    released = apply_plan(repository.remote, plan("v2"), stack="", cache=repository.cache).commit
    back = Undo((VersionChange("shop", "v2", "v1", "live"),), (released,), ())
    apply_plan(repository.remote, plan("v1"), stack="", command="rollback", undo=back, cache=repository.cache)
    (hold,) = find_holds(repository.remote, plan("v2"), cache=repository.cache)
    assert (hold.kind, hold.remedy) == ("undone", Remedy("retry", "shop", "v2"))
    assert hold.address == ServiceAddress("", repository.remote.url, "main", "live", (str(field),))


def test_what_comes_after_an_undo_of_ups_own_commit_is_released(repository: Repository) -> None:
    deliver(repository, "v1")
    released = deliver(repository, "v2")
    back = Undo((VersionChange("provider", "v2", "v1", ROOT),), (released,), ())
    deliver(repository, "v1", "rollback", undo=back)
    assert held(repository, "v3", "v1") == ()


def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The Git commands from now on."""
    made: list[str] = []

    def recorded(real: Callable[..., Any]) -> Callable[..., Any]:
        return lambda git, *words, **more: made.append(words[0]) or real(git, *words, **more)

    for name in ("run", "fields"):
        monkeypatch.setattr(Git, name, recorded(getattr(Git, name)))
    return made


@pytest.mark.parametrize("state", ["v2", "v1"])
def test_what_is_not_held_costs_one_look_at_the_newest_commit(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    deliver(repository, "v1")
    elsewhere(repository, 20)
    deliver(repository, "v2")
    cache = repository.work / "fresh"
    plan = planned(repository, "v3", cache)
    made = calls(monkeypatch)
    assert find_holds(repository.remote, plan, written=lambda: {"provider": state}, cache=cache) == ()
    assert made == ["log"]
    (shallow,) = cache.glob("*.git/shallow")
    assert shallow.read_text().split() == [repository.head()]


def test_history_is_fetched_as_far_as_the_state_and_no_further(repository: Repository) -> None:
    deliver(repository, "v0")
    deliver(repository, "v1")
    elsewhere(repository, 250)
    deliver(repository, "v2")
    elsewhere(repository, 4)
    deliver(repository, "v3")
    cache = repository.work / "fresh"
    assert held(repository, "v4", "v1", cache) == ()
    (shallow,) = cache.glob("*.git/shallow")
    assert shallow.read_text().split() == [repository.log("%H")[15]]
