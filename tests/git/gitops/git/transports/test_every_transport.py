"""What holds over file, SSH and HTTPS alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshroll.errors import BadInputError, ConflictError
from meshroll.gitops.git import Remote
from meshroll.gitops.git.cache import open_cache
from meshroll.gitops.git.transport import Transport
from meshroll.gitops.git.trees import Trees
from meshroll.gitops.planners import plan_rendered, read_versions
from meshroll.gitops.plans import apply_plan
from tests.git.gitops.git.transports.conftest import Deliver
from tests.support.git.repositories import Repository, release, rollout
from tests.support.git.sshd import shown

OTHERS = {f"other/{folder}/{name}.yaml": f"{folder}{name}" for folder in range(6) for name in range(4)}


def test_a_service_is_released_twice(remote: Remote, repository: Repository, deliver: Deliver) -> None:
    repository.commit(write=OTHERS)
    deliver(remote, provider="v1")
    deliver(remote, provider="v2")
    assert repository.log() == ["Release provider v1 -> v2", "Release provider v1", "by hand"]
    assert read_versions(remote, "live", ("provider",), cache=repository.cache)[1] == {"provider": "v2"}
    assert len(repository.files()) == len(OTHERS) + 1
    repository.git("fsck", "--strict")


def test_only_what_is_walked_is_fetched(remote: Remote, repository: Repository) -> None:
    repository.commit(write=OTHERS)
    repository.commit(write={"live/provider/rollout.yaml": rollout("provider", "v1"), "live/other/a.yaml": "a"})
    plan_rendered(remote, "live", release(provider="v2"), cache=repository.cache)
    with open_cache(remote, repository.cache) as git:
        held = git.text("cat-file", "--batch-all-objects", "--batch-check=%(objecttype)").splitlines()
    # a commit, the folders "", live and live/provider with the changed ones of the diff, a file before and after
    assert sorted(held) == ["blob", "blob", "commit", *["tree"] * 6]


def test_a_server_that_gives_no_parts_gives_a_commit(remote: Remote, repository: Repository, deliver: Deliver) -> None:
    repository.git("config", "uploadpack.allowFilter", "false")
    repository.commit(write={**OTHERS, "live/provider/rollout.yaml": rollout("provider", "v1")})
    deliver(remote, provider="v2")
    assert repository.log() == ["Release provider v1 -> v2", "by hand"]


@pytest.mark.parametrize("filters", [{"tree": "false", "blob:none": "true"}, {"tree": "false", "blob:none": "false"}])
def test_a_server_that_refuses_a_filter_is_asked_for_more(
    remote: Remote, repository: Repository, deliver: Deliver, filters: dict[str, str]
) -> None:
    for name, allowed in filters.items():
        repository.git("config", f"uploadpackfilter.{name}.allow", allowed)
    repository.commit(write={**OTHERS, "live/provider/rollout.yaml": rollout("provider", "v1")})
    deliver(remote, provider="v2")
    assert repository.log() == ["Release provider v1 -> v2", "by hand"]
    (known,) = repository.cache.glob("*.filter")
    assert known.read_text() == ("blob:none" if filters["blob:none"] == "true" else "")


def test_who_changed_a_file_is_found_without_the_rest(remote: Remote, repository: Repository) -> None:
    repository.commit(write=OTHERS)
    repository.commit(write={"live/provider/rollout.yaml": rollout("provider", "v1")})
    planned = plan_rendered(remote, "live", release(provider="v2"), cache=repository.cache)
    culprit = repository.commit("hotfix", write={"live/provider/rollout.yaml": rollout("provider", "v3")})
    for number in range(18):
        repository.commit(f"noise {number}", write={"other/0/0.yaml": f"noise {number}"})
    with pytest.raises(ConflictError, match=rf"Ada in {culprit[:12]} \(hotfix\)"):
        apply_plan(remote, planned, stack="sandbox", cache=repository.cache)


def test_the_branch_must_be_there_and_the_default_one_is_named_first(remote: Remote, repository: Repository) -> None:
    for branch in ("main", "feature", "trunk"):
        repository.commit(write=OTHERS, branch=branch)
    repository.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    with pytest.raises(BadInputError) as caught:
        plan_rendered(replace(remote, branch="live"), "live", {}, cache=repository.cache)
    assert str(caught.value) == (
        f"repository {shown(remote.url)}: there is no branch live; expected one of its branches: trunk, feature, main"
    )


def test_the_repository_must_be_there(remote: Remote, repository: Repository) -> None:
    missing = replace(remote, url=remote.url.replace("rollouts", "nothing"))
    with pytest.raises(BadInputError) as caught:
        plan_rendered(missing, "live", {}, cache=repository.cache)
    assert str(caught.value) == f"repository {shown(missing.url)}: there is no such repository"


def test_a_push_is_only_onto_the_expected_commit(remote: Remote, repository: Repository) -> None:
    first = repository.commit(write={"a": "1"})
    with open_cache(remote, repository.cache) as git:
        transport = Transport(git, remote)
        transport.fetch()
        tree = Trees(git).write("", {})
        someone = {f"GIT_{role}_{part}": "x" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
        mine = git.text("commit-tree", "-m", "mine", tree, environment=someone)
        theirs = repository.commit(write={"a": "2"})
        assert not transport.push(mine, first)
        assert repository.head() == theirs


def test_a_history_that_was_rewritten_is_followed(remote: Remote, repository: Repository, deliver: Deliver) -> None:
    base = repository.commit(write=OTHERS)
    deliver(remote, provider="v1")
    repository.git("update-ref", "refs/heads/main", base)
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("gc", "--quiet", "--prune=now")
    repository.commit("rewritten", write={"other/0/0.yaml": "new"})
    deliver(remote, provider="v2")
    assert repository.log() == ["Release provider v2", "rewritten", "by hand"]
