"""Undoing releases value by value on a real repository."""

from __future__ import annotations

import pytest

from meshroll.errors import BadInputError, ConflictError, UnavailableError, worded
from meshroll.gitops.history import rollback
from meshroll.gitops.history.rollback import Rollback, locator, plan_rollback
from meshroll.gitops.planners import plan_rendered
from meshroll.gitops.plans import Applied, apply_plan
from meshroll.gitops.plans.scope import Scope
from meshroll.manifests.templates import MARKER
from tests.support.git.repositories import Repository, release, rollout
from tests.support.git.undoing import trailers, undo

ROOT = "live"
FILE = f"{ROOT}/provider/rollout.yaml"


def deliver(repository: Repository, **versions: str) -> Applied:
    plan = plan_rendered(repository.remote, ROOT, release(**versions), cache=repository.cache)
    return apply_plan(repository.remote, plan, stack="prod", cache=repository.cache)


def planned(
    repository: Repository, service: str = "provider", to: str = "", *, over_newer: bool = False, reason: str = ""
) -> Rollback:
    return plan_rollback(
        repository.remote,
        service,
        locator(service, adopted=False),
        scope=Scope("prod"),
        to=to,
        over_newer=over_newer,
        reason=reason,
        cache=repository.cache,
    )


def test_the_newest_release_is_returned_by_a_commit_that_names_it(repository: Repository) -> None:
    deliver(repository, provider="v1", consumer="v1")
    released = deliver(repository, provider="v2", consumer="v1").commit
    plan_of_release = trailers(repository)[-1].removeprefix("Meshroll-Plan: ")
    rollback = planned(repository, reason="it is slow")
    assert "-        version: v2\n+        version: v1\n" in rollback.plan.diff
    assert repository.head() == released

    assert undo(repository, rollback).made
    assert repository.read(FILE) == rollout("provider", "v1")
    assert repository.log()[0] == "Undo provider v2 -> v1"
    assert trailers(repository) == [
        "Meshroll-Stack: prod",
        "Meshroll-Service: provider v2 -> v1 in live",
        f"Meshroll-Plan: {rollback.plan.hash}",
        f"Meshroll-Undo: {released}",
        f"Meshroll-Undo-Plan: {plan_of_release}",
        "Meshroll-Reason: it is slow",
    ]


def test_undoing_again_is_nothing_to_do(repository: Repository) -> None:
    deliver(repository, provider="v1")
    deliver(repository, provider="v2")
    done = undo(repository, planned(repository)).commit
    again = planned(repository)
    assert again.plan.edits == ()
    assert worded(again.note).startswith(f"provider: nothing to do: v2 was undone by Meshroll in {done[:12]} at 20")


def test_other_services_of_the_same_commit_stay(repository: Repository) -> None:
    deliver(repository, provider="v1", consumer="v1")
    deliver(repository, provider="v2", consumer="v2")
    undo(repository, planned(repository))
    assert repository.read(FILE) == rollout("provider", "v1")
    assert repository.read(f"{ROOT}/consumer/rollout.yaml") == rollout("consumer", "v2")


def test_other_edits_of_the_same_file_stay(repository: Repository) -> None:
    deliver(repository, provider="v1")
    deliver(repository, provider="v2")
    repository.commit("scale", write={FILE: rollout("provider", "v2") + "  replicas: 7 # by Ada\n"})
    undo(repository, planned(repository))
    assert repository.read(FILE) == rollout("provider", "v1") + "  replicas: 7 # by Ada\n"


def test_a_value_that_somebody_changed_since_is_a_conflict_with_a_name(repository: Repository) -> None:
    deliver(repository, provider="v1")
    deliver(repository, provider="v2")
    theirs = repository.commit("hotfix", write={FILE: rollout("provider", "v9")})
    repository.commit("scale", write={FILE: rollout("provider", "v9") + "  replicas: 7\n"})
    with pytest.raises(ConflictError) as caught:
        planned(repository)
    assert str(caught.value) == (
        f"{FILE} /Rollout ~1provider/spec/template/metadata/labels/version: "
        f"it is not as the release of provider left it: changed by Ada in {theirs[:12]} (hotfix); "
        "expected over_newer to return it all the same"
    )
    undo(repository, planned(repository, over_newer=True))
    assert repository.read(FILE) == rollout("provider", "v1") + "  replicas: 7\n"


def test_files_that_a_release_made_go_and_those_it_removed_come_back(repository: Repository) -> None:
    gateway = f"{MARKER}weight: edit the stack, not this file.\nkind: Gateway\n"
    deliver(repository, provider="v1")
    repository.commit(write={f"{ROOT}/provider/old.yaml": gateway})
    files = {"provider": {**release(provider="v2")["provider"], "new.yaml": gateway}}
    plan = plan_rendered(repository.remote, ROOT, files, cache=repository.cache)
    apply_plan(repository.remote, plan, stack="prod", cache=repository.cache)
    assert repository.files() == [f"{ROOT}/provider/new.yaml", FILE]
    undo(repository, planned(repository))
    assert repository.files() == [f"{ROOT}/provider/old.yaml", FILE]
    assert repository.read(f"{ROOT}/provider/old.yaml") == gateway


def test_back_over_newer_releases_only_when_asked_to(repository: Repository) -> None:
    for version in ("v1", "v2", "v3"):
        deliver(repository, provider=version)
    with pytest.raises(BadInputError, match="provider: a newer release, v2 -> v3 by Meshroll in"):
        planned(repository, to="v1")
    newest, older = repository.log("%H")[:2]
    rollback = planned(repository, to="v1", over_newer=True)
    undo(repository, rollback)
    assert repository.read(FILE) == rollout("provider", "v1")
    assert rollback.undo.commits == (newest, older)
    assert [line for line in trailers(repository) if "Service" in line] == [
        "Meshroll-Service: provider v3 -> v2 in live",
        "Meshroll-Service: provider v2 -> v1 in live",
    ]


def test_back_to_a_commit(repository: Repository) -> None:
    commits = [deliver(repository, provider=version).commit for version in ("v1", "v2", "v3")]
    undo(repository, planned(repository, to=commits[1][:10]))
    assert repository.read(FILE) == rollout("provider", "v2")
    undo(repository, planned(repository, to=commits[0]))
    assert repository.read(FILE) == rollout("provider", "v1")


def test_back_to_what_an_undo_left(repository: Repository) -> None:
    for version in ("v1", "v2"):
        deliver(repository, provider=version)
    undone = undo(repository, planned(repository)).commit
    deliver(repository, provider="v3")
    undo(repository, planned(repository, to=undone))
    assert repository.read(FILE) == rollout("provider", "v1")


def test_what_an_undo_undid_is_undone_again_when_the_undo_was_reverted_by_hand(repository: Repository) -> None:
    for version in ("v1", "v2"):
        deliver(repository, provider=version)
    undo(repository, planned(repository))
    repository.commit("Revert the undo", write={FILE: rollout("provider", "v2")})
    undo(repository, planned(repository))
    assert repository.read(FILE) == rollout("provider", "v1")
    assert worded(planned(repository).note).startswith("provider: nothing to do: v2 was undone")


def test_a_first_release_is_undone_to_nothing_only_when_that_is_asked_for(repository: Repository) -> None:
    repository.commit(write={"README": "x"})
    first = deliver(repository, provider="v1").commit
    repository.commit(write={FILE: rollout("provider", "v1") + "  replicas: 7\n"})
    with pytest.raises(BadInputError) as caught:
        planned(repository, over_newer=True)
    assert str(caught.value) == (
        f"provider: v1 by Meshroll in {first[:12]} is its first release, and undoing it removes {FILE}; "
        "expected to -, if that is meant"
    )
    undo(repository, planned(repository, to="-", over_newer=True))
    assert repository.files() == ["README"]


def test_the_very_first_commit_is_undone_too(repository: Repository) -> None:
    steps = "  strategy: {canary: {steps: [{setWeight: 5}, {pause: {}}]}}\n"
    files = {"provider": {"rollout.yaml": rollout("provider", "v1") + steps}}
    plan = plan_rendered(repository.remote, ROOT, files, cache=repository.cache)
    apply_plan(repository.remote, plan, stack="prod", cache=repository.cache)
    back = planned(repository, to="-")
    assert back.plan.timeline == ()  # what goes away is no canary
    undo(repository, back)
    assert repository.files() == []


def test_a_squashed_release_is_known_by_its_trailers_and_undone_by_its_values(repository: Repository) -> None:
    base = deliver(repository, provider="v1").commit
    deliver(repository, provider="v2")
    repository.commit("unrelated", write={"README": "mine"})
    body = repository.git("log", "-1", "--format=%B", "main^")
    tree = repository.git("rev-parse", "main^{tree}").strip()
    message = f"Squashed (#1)\n\n* {body}\n\n* unrelated\n".encode()
    repository.git(
        "update-ref", "refs/heads/main", repository.git("commit-tree", tree, "-p", base, stdin=message).strip()
    )
    undo(repository, planned(repository))
    assert repository.read(FILE) == rollout("provider", "v1")
    assert repository.read("README") == "mine"


def test_a_rollback_planned_before_others_pushed_is_made_on_what_they_pushed(repository: Repository) -> None:
    deliver(repository, provider="v1")
    deliver(repository, provider="v2")
    rollback = planned(repository)
    repository.commit("elsewhere", write={"README": "x"})
    undo(repository, rollback)
    assert (repository.read(FILE), repository.read("README")) == (rollout("provider", "v1"), "x")


def test_a_squash_of_several_releases_is_undone_whole_or_not_at_all(repository: Repository) -> None:
    base = deliver(repository, provider="v1").commit
    for version in ("v2", "v3"):
        deliver(repository, provider=version)
    bodies = [repository.git("log", "-1", "--format=%B", commit).strip() for commit in ("main^", "main")]
    tree = repository.git("rev-parse", "main^{tree}").strip()
    message = ("Squashed (#2)\n\n" + "\n\n".join(f"* {body}" for body in bodies)).encode()
    squash = repository.git("commit-tree", tree, "-p", base, stdin=message).strip()
    repository.git("update-ref", "refs/heads/main", squash)
    with pytest.raises(BadInputError) as caught:
        planned(repository)
    assert str(caught.value) == (
        f"commit {squash[:12]}: it holds several releases of provider: v2 -> v3, v1 -> v2; "
        "expected to v1 over_newer, which undoes all of them"
    )
    undo(repository, planned(repository, to="v1", over_newer=True))
    assert repository.read(FILE) == rollout("provider", "v1")


def test_where_no_release_is_newer_there_is_nothing_to_do(repository: Repository) -> None:
    commits = [deliver(repository, provider=version).commit for version in ("v1", "v2")]
    undo(repository, planned(repository))
    assert planned(repository, to=commits[0]).note == (
        f"provider: nothing to do: no release in effect is newer than {commits[0]}"
    )
    undo(repository, planned(repository, to="-"))
    assert worded(planned(repository, to="-").note).startswith("provider: nothing to do: ")


def test_a_deep_history_is_fetched_only_for_the_undo(repository: Repository) -> None:
    deliver(repository, provider="v1")
    deliver(repository, provider="v2")
    for number in range(40):
        repository.commit(f"elsewhere {number}", write={"README": str(number)})
    fresh = repository.work / "fresh"
    located = locator("provider", adopted=False)
    rollback = plan_rollback(repository.remote, "provider", located, scope=Scope("prod"), cache=fresh)
    apply_plan(repository.remote, rollback.plan, stack="prod", undo=rollback.undo, cache=fresh)
    assert repository.read(FILE) == rollout("provider", "v1")


def test_a_lost_server_is_not_taken_for_nothing_to_do(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("v1", "v2"):
        deliver(repository, provider=version)
    undo(repository, planned(repository))

    def lost(*_arguments: object) -> None:
        raise UnavailableError("it cannot be reached")

    monkeypatch.setattr(rollback, "returned", lost)
    with pytest.raises(UnavailableError, match="it cannot be reached"):
        planned(repository)
