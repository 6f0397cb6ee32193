"""The private cache may be damaged or deleted, and many processes share it."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from meshroll.gitops.git import TIP
from meshroll.gitops.git import cache as module
from meshroll.gitops.git.cache import cache_root, open_cache
from meshroll.gitops.planners import plan_rendered
from meshroll.gitops.plans import apply_plan
from tests.support.git.repositories import Repository, release


def deliver(repository: Repository, **versions: str) -> None:
    planned = plan_rendered(repository.remote, "live", release(**versions), cache=repository.cache)
    apply_plan(repository.remote, planned, stack="sandbox", cache=repository.cache)


def only_cache(repository: Repository) -> Path:
    (found,) = repository.cache.glob("*.git")
    return found


def test_it_is_for_the_owner_alone(repository: Repository) -> None:
    deliver(repository, provider="v1")
    assert stat.S_IMODE(repository.cache.stat().st_mode) == 0o700


def test_it_follows_the_base_directory_specification() -> None:
    assert cache_root({"XDG_CACHE_HOME": "/var/x"}) == Path("/var/x/meshroll/git")
    assert cache_root({"XDG_CACHE_HOME": "relative"}) == Path.home() / ".cache/meshroll/git"


@pytest.mark.parametrize(
    "damage", ["deleted", "emptied objects", "no objects", "garbage head", "empty tip", "stale locks"]
)
def test_damage_is_mended_without_a_word(repository: Repository, damage: str) -> None:
    deliver(repository, provider="v1")
    directory = only_cache(repository)
    if damage == "deleted":
        shutil.rmtree(repository.cache)
    elif damage == "emptied objects":
        for file in (path for path in directory.glob("objects/**/*") if path.is_file()):
            file.chmod(0o600)
            file.write_bytes(b"")
    elif damage == "no objects":
        shutil.rmtree(directory / "objects")
        (directory / "objects").mkdir()
    elif damage == "garbage head":
        (directory / "HEAD").write_text("garbage")
    elif damage == "empty tip":
        (directory / TIP).write_text("")
    else:
        for name in ("shallow.lock", "packed-refs.lock", "config.lock", "refs/meshroll/tip.lock"):
            (directory / name).touch()
    repository.commit(write={"README": damage})
    deliver(repository, provider="v2")
    assert repository.log() == ["Release provider v1 -> v2", "by hand", "Release provider v1"]


def test_it_does_not_grow_for_ever(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PACKS", 2)
    deliver(repository, provider="v1")
    for number in range(4):
        repository.commit(write={f"{n}.txt": f"{number} {n}" for n in range(200)})
        plan_rendered(repository.remote, "live", release(provider="v2"), cache=repository.cache)
    assert len(list(only_cache(repository).glob("objects/pack/*.pack"))) <= 2 + 4  # commit, two folders, files


def test_only_one_commit_is_fetched_for_a_release(repository: Repository) -> None:
    for number in range(30):
        repository.commit(f"{number}", write={"README": str(number)})
    deliver(repository, provider="v1")
    with open_cache(repository.remote, repository.cache) as git:
        assert git.text("rev-list", "--count", "refs/meshroll/tip") == "2"
