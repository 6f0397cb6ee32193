"""How a revision stands to a commit of ours: there, not yet there, overtaken and by whom, or moved away from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from meshroll.errors import BadInputError
from meshroll.gitops.history.lineage import Lineage, Relation, relation
from meshroll.gitops.planners import DesiredVersion, plan_rendered, read_adopted, read_versions
from meshroll.gitops.plans import apply_plan
from meshroll.gitops.plans.message import Command, Undo
from meshroll.gitops.plans.model import VersionChange
from tests.support.git.repositories import Repository, release, rollout

ROOT = "live"
FILE = f"{ROOT}/provider/rollout.yaml"
BEFORE, HOLDS = Lineage(Relation.BEFORE, ""), Lineage(Relation.HOLDS, "")
Read = Callable[[str], Mapping[str, str | None]]


def deliver(repository: Repository, command: Command = "up", undo: Undo | None = None, **versions: str) -> str:
    plan = plan_rendered(repository.remote, ROOT, release(**versions), cache=repository.cache)
    applied = apply_plan(repository.remote, plan, stack="prod", command=command, undo=undo, cache=repository.cache)
    return applied.commit


def by_hand(repository: Repository, version: str, message: str) -> str:
    return repository.commit(message, write={FILE: rollout("provider", version)})


def elsewhere(repository: Repository, count: int = 1) -> str:
    return [repository.commit(f"elsewhere {number}", write={"README": f"{number}"}) for number in range(count)][-1]


def standing(repository: Repository, revision: str, commit: str, **wanted: str | None) -> Lineage:
    def read(at: str) -> Mapping[str, str | None]:
        return read_versions(repository.remote, ROOT, tuple(wanted), at=at, cache=repository.cache)[1]

    return relation(repository.remote, revision, commit, wanted, read, cache=repository.cache)


def day(repository: Repository, commit: str) -> str:
    return repository.git("log", "-1", "--format=%aI", commit)[:16].replace("T", " ")


def test_the_commit_itself_holds_what_it_brought_and_nobody_is_asked(repository: Repository) -> None:
    commit = "1" * 40
    assert standing(repository, commit, commit, provider="v1") == HOLDS
    assert not repository.cache.exists()


def test_a_revision_before_the_commit_is_not_there_yet_however_old_it_is(repository: Repository) -> None:
    first = deliver(repository, provider="v1")
    elsewhere(repository, 40)
    commit = deliver(repository, provider="v2")
    assert standing(repository, repository.log("%H")[1], commit, provider="v2") == BEFORE
    assert standing(repository, first, commit, provider="v2") == BEFORE


def test_no_history_is_fetched_for_a_revision_that_is_older_than_what_is_known(repository: Repository) -> None:
    first = elsewhere(repository, 40)
    commit = deliver(repository, provider="v1")
    assert standing(repository, repository.log("%H")[-1], commit, provider="v1") == BEFORE
    (shallow,) = repository.cache.glob("*.git/shallow")
    assert shallow.read_text().split() == [first]


def test_a_revision_on_top_of_the_commit_holds_its_versions(repository: Repository) -> None:
    commit = deliver(repository, provider="v1", consumer="v1")
    later = repository.commit("scale", write={FILE: rollout("provider", "v1") + "  replicas: 7\n"})
    newest = elsewhere(repository, 30)
    assert standing(repository, newest, commit, provider="v1", consumer="v1") == HOLDS
    assert standing(repository, later, commit, provider="v1", consumer="v1") == HOLDS


def test_a_version_by_hand_came_instead_and_its_author_is_named(repository: Repository) -> None:
    deliver(repository, provider="v78", consumer="v1")
    commit = deliver(repository, provider="v79", consumer="v1")
    elsewhere(repository, 3)
    hotfix = by_hand(repository, "v80", "hotfix")
    newest = elsewhere(repository, 20)
    assert standing(repository, newest, commit, provider="v79", consumer="v1") == Lineage(
        Relation.OVERTAKEN, f"provider v80 came instead of v79: Ada in {hotfix[:12]} (hotfix)"
    )
    assert standing(repository, newest, commit, consumer="v1") == HOLDS
    before = repository.git("rev-parse", f"{hotfix}^").strip()
    assert standing(repository, before, commit, provider="v79", consumer="v1") == HOLDS


def test_a_release_came_instead_and_its_trailers_say_by_whom(repository: Repository) -> None:
    commit = deliver(repository, provider="v79", consumer="v1")
    theirs = deliver(repository, "apply", provider="v80", consumer="v1")
    again = deliver(repository, "apply", provider="v80", consumer="v2")
    assert standing(repository, again, commit, provider="v79", consumer="v1") == Lineage(
        Relation.OVERTAKEN,
        f"provider v80 came instead of v79: Meshroll in {theirs[:12]} at {day(repository, theirs)}; "
        f"consumer v2 came instead of v1: Meshroll in {again[:12]} at {day(repository, again)}",
    )


def test_an_undo_says_why(repository: Repository) -> None:
    deliver(repository, provider="v1")
    commit = deliver(repository, provider="v2")
    back = Undo((VersionChange("provider", "v2", "v1", ROOT),), (commit,), (), "it is slow")
    undone = deliver(repository, "rollback", back, provider="v1")
    assert standing(repository, undone, commit, provider="v2") == Lineage(
        Relation.OVERTAKEN,
        f"provider v1 came instead of v2: undone by Meshroll in {undone[:12]} at {day(repository, undone)}: it is slow",
    )


def test_a_version_that_is_gone_is_overtaken_too(repository: Repository) -> None:
    commit = deliver(repository, provider="v1")
    removed = repository.commit("remove it", write={"README": "x"}, remove=(FILE,))
    assert standing(repository, removed, commit, provider="v1") == Lineage(
        Relation.OVERTAKEN, f"provider without a version came instead of v1: Ada in {removed[:12]} (remove it)"
    )


def merge(repository: Repository, first: str, second: str, tree: str, message: str) -> str:
    merged = repository.git("commit-tree", f"{tree}^{{tree}}", "-p", first, "-p", second, "-m", message).strip()
    repository.git("update-ref", "refs/heads/main", merged)
    return merged


def test_a_release_that_was_merged_is_named_and_not_the_merge(repository: Repository) -> None:
    base = deliver(repository, provider="v1")
    theirs = deliver(repository, "apply", provider="v3")
    repository.git("update-ref", "refs/heads/main", base)
    commit = deliver(repository, provider="v2")
    merged = merge(repository, commit, theirs, theirs, "Merge the release")
    assert standing(repository, merged, commit, provider="v2") == Lineage(
        Relation.OVERTAKEN,
        f"provider v3 came instead of v2: Meshroll in {theirs[:12]} at {day(repository, theirs)}",
    )


def test_a_merge_that_took_ours_the_other_way_round_is_seen_through(repository: Repository) -> None:
    base = deliver(repository, provider="v1")
    hotfix = by_hand(repository, "v3", "hotfix")
    repository.git("update-ref", "refs/heads/main", base)
    commit = deliver(repository, provider="v2")
    merged = merge(repository, hotfix, commit, hotfix, "Merge branch main")
    assert standing(repository, merged, commit, provider="v2") == Lineage(
        Relation.OVERTAKEN, f"provider v3 came instead of v2: Ada in {hotfix[:12]} (hotfix)"
    )


def moved_to(repository: Repository, base: str, version: str, message: str) -> str:
    repository.git("update-ref", "refs/heads/main", base)
    return by_hand(repository, version, message)


def test_a_branch_that_was_moved_away_names_what_is_there(repository: Repository) -> None:
    base = deliver(repository, provider="v78")
    commit = deliver(repository, provider="v79")

    def told(revision: str) -> Lineage:
        return standing(repository, revision, commit, provider="v79")

    theirs = moved_to(repository, base, "v80", "hotfix")
    gone = f"{commit[:12]} is no longer in the history of main, which has"
    assert told(theirs) == Lineage(
        Relation.ELSEWHERE,
        f"{gone} {theirs[:12]} instead: provider v80 came instead of v79: Ada in {theirs[:12]} (hotfix)",
    )
    repository.git("update-ref", "refs/heads/main", base)
    unchanged = elsewhere(repository)
    assert told(unchanged) == Lineage(
        Relation.ELSEWHERE, f"{gone} {unchanged[:12]} instead: provider v78 came instead of v79, as it was before"
    )
    same = moved_to(repository, base, "v79", "the same by hand")
    assert told(same) == Lineage(Relation.ELSEWHERE, f"{gone} {same[:12]} instead: the versions are the same")


def test_what_the_branch_held_before_it_was_moved_is_not_there_yet(repository: Repository) -> None:
    base = deliver(repository, provider="v1")
    stale = deliver(repository, provider="v2")
    repository.git("update-ref", "refs/heads/main", base)
    commit = deliver(repository, provider="v3")
    assert standing(repository, stale, commit, provider="v3") == BEFORE


def test_nor_is_it_when_the_branch_was_moved_away_from_both(repository: Repository) -> None:
    base = deliver(repository, provider="v1")
    stale = deliver(repository, provider="v2")
    repository.git("update-ref", "refs/heads/main", base)
    commit = deliver(repository, provider="v3")
    moved_to(repository, base, "v4", "hotfix")
    assert standing(repository, stale, commit, provider="v3") == BEFORE


def test_a_commit_that_was_merged_beside_ours_is_not_there_yet(repository: Repository) -> None:
    base = deliver(repository, provider="v1")
    beside = by_hand(repository, "v3", "on a branch")
    repository.git("update-ref", "refs/heads/main", base)
    commit = deliver(repository, provider="v2")
    merge(repository, commit, beside, commit, "Merge the branch")
    assert standing(repository, beside, commit, provider="v2") == BEFORE


def test_a_commit_that_the_branch_does_not_have_is_not_there_yet(repository: Repository) -> None:
    commit = deliver(repository, provider="v1")
    assert standing(repository, "1" * 40, commit, provider="v1") == BEFORE


@pytest.mark.parametrize("revision", ["1.2.3", "-x", "main", ""])
def test_what_is_not_a_commit_is_not_there_yet_and_nobody_is_asked(repository: Repository, revision: str) -> None:
    assert standing(repository, revision, "1" * 40, provider="v1") == BEFORE
    assert not repository.cache.exists()


def test_what_was_answered_once_is_answered_without_the_server(repository: Repository) -> None:
    old = deliver(repository, provider="v1")
    commit = deliver(repository, provider="v2")
    later = elsewhere(repository, 3)
    before = [standing(repository, revision, commit, provider="v2") for revision in (old, later)]
    repository.path.rename(repository.path.with_suffix(".away"))
    after = [standing(repository, revision, commit, provider="v2") for revision in (old, later)]
    assert before == after == [BEFORE, HOLDS]


def test_a_server_that_is_away_is_an_error(repository: Repository) -> None:
    commit = deliver(repository, provider="v1")
    repository.path.rename(repository.path.with_suffix(".away"))
    with pytest.raises(BadInputError) as caught:
        standing(repository, "1" * 40, commit, provider="v1")
    assert str(caught.value) == f"repository {repository.remote.url}: there is no such repository"


def test_versions_are_read_in_any_commit_of_the_branch(repository: Repository) -> None:
    old = deliver(repository, provider="v1")
    deliver(repository, provider="v2")
    elsewhere(repository, 40)
    fresh = repository.work / "fresh"
    assert read_versions(repository.remote, ROOT, ("provider",), at=old, cache=fresh) == (old, {"provider": "v1"})
    desired = [DesiredVersion("provider", "")]
    assert read_adopted(repository.remote, ROOT, desired, at=old, cache=fresh) == (old, {"provider": "v1"})


def test_a_commit_that_the_branch_lacks_cannot_be_read(repository: Repository) -> None:
    deliver(repository, provider="v1")
    with pytest.raises(BadInputError) as caught:
        read_versions(repository.remote, ROOT, ("provider",), at="1" * 40, cache=repository.cache)
    assert str(caught.value) == f"repository {repository.remote.url}: 111111111111 is not in the history of main"
