"""Reaching the remote: HTTP with credentials, hostile addresses, servers that refuse."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from meshroll.errors import BadInputError, MeshrollError, UnavailableError
from meshroll.gitops.git import TIP, Remote, Transport, Trees, tree_of
from meshroll.gitops.git import transport as module
from meshroll.gitops.git.cache import open_cache
from meshroll.gitops.git.process import Git, Result
from meshroll.gitops.planners import plan_rendered, read_versions
from meshroll.gitops.plans import apply_plan
from tests.support.git.repositories import Repository, release
from tests.support.git.server import USERNAME, serve

PASSWORD = "s3cret-'\"$(x)"  # a shell or a URL would trip over it


@pytest.fixture
def http(repository: Repository) -> Iterator[Remote]:
    with serve(repository.path.parent, PASSWORD) as base:
        yield Remote(f"{base}/{repository.path.name}", "main", USERNAME, PASSWORD)


def deliver(remote: Remote, repository: Repository, **versions: str) -> None:
    planned = plan_rendered(remote, "live", release(**versions), cache=repository.cache)
    apply_plan(remote, planned, stack="sandbox", cache=repository.cache)


def test_a_release_over_http_with_a_password(http: Remote, repository: Repository) -> None:
    deliver(http, repository, provider="v1")
    deliver(http, repository, provider="v2")
    assert repository.log() == ["Release provider v1 -> v2", "Release provider v1"]
    assert read_versions(http, "live", ("provider",), cache=repository.cache)[1] == {"provider": "v2"}


def test_the_password_is_nowhere_on_disk(http: Remote, repository: Repository) -> None:
    deliver(http, repository, provider="v1")
    needles = (PASSWORD.encode(), base64.b64encode(PASSWORD.encode()))
    for file in (path for path in repository.work.rglob("*") if path.is_file()):
        assert not any(needle in file.read_bytes() for needle in needles), file


@pytest.mark.parametrize(("password", "said"), [("wrong", "refused the credentials"), ("", "wants credentials")])
def test_wrong_credentials_are_one_clear_sentence(
    http: Remote, repository: Repository, password: str, said: str
) -> None:
    remote = replace(http, password=password)
    with pytest.raises(BadInputError) as caught:
        plan_rendered(remote, "live", {}, cache=repository.cache)
    assert str(caught.value) == (
        f"repository {remote.url}: the server {said}; expected repository.credentials that may write"
    )


def test_the_password_goes_to_its_own_host_only(http: Remote, repository: Repository) -> None:
    with open_cache(http, repository.cache) as git:
        asked = git.run("credential", "fill", stdin=f"url={http.url}\n\n".encode())
        other = git.run("credential", "fill", stdin=b"url=http://127.0.0.1:1/rollouts.git\n\n")
    assert f"password={PASSWORD}\n" in asked.output.decode()
    assert (other.code, PASSWORD in other.output.decode()) == (128, False)


def test_a_missing_repository_behind_http(http: Remote, repository: Repository) -> None:
    remote = replace(http, url=http.url.replace("rollouts", "nothing"))
    with pytest.raises(BadInputError) as caught:
        plan_rendered(remote, "live", {}, cache=repository.cache)
    assert str(caught.value) == f"repository {remote.url}: there is no such repository"


def test_a_server_that_is_not_there_may_come_back(repository: Repository) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/rollouts.git"
        with pytest.raises(UnavailableError, match=f"repository {url}: it cannot be reached"):
            plan_rendered(Remote(url, "main"), "live", {}, cache=repository.cache)


def test_a_push_that_the_server_declines_says_why(repository: Repository) -> None:
    hook = repository.path / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'no releases on Fridays' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(BadInputError) as caught:
        deliver(repository.remote, repository, provider="v1")
    assert str(caught.value) == (
        f"repository {repository.remote.url}: the server refused the push: "
        "[remote rejected] (pre-receive hook declined): no releases on Fridays"
    )


def test_a_protected_branch_is_named(repository: Repository) -> None:
    hook = repository.path / "hooks" / "update"
    hook.write_text("#!/bin/sh\necho 'GH006: Protected branch update failed for refs/heads/main.' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(BadInputError) as caught:
        deliver(repository.remote, repository, provider="v1")
    assert str(caught.value) == (
        f"repository {repository.remote.url}: the branch main is protected: [remote rejected] (hook declined): "
        "GH006: Protected branch update failed for refs/heads/main.; expected one that these credentials may push to"
    )


def test_a_lost_answer_to_a_push_is_asked_for_again(http: Remote, repository: Repository) -> None:
    hook = repository.path / "hooks" / "post-receive"
    hook.write_text("#!/bin/sh\nkill -9 $PPID\n")  # the branch has moved, and nobody says so
    hook.chmod(0o755)
    deliver(http, repository, provider="v1")
    assert repository.log() == ["Release provider v1"]


def test_inherited_git_variables_do_not_lead_astray(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Repository.make(tmp_path / "other")
    for name in ("GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, str(other.path))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.bare")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "nonsense")
    deliver(repository.remote, repository, provider="v1")
    assert repository.log() == ["Release provider v1"]
    assert other.git("for-each-ref") == ""


def test_hooks_of_the_users_configuration_do_not_run(repository: Repository, tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("pre-push", "reference-transaction", "post-index-change"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (hooks / name).chmod(0o755)
    (tmp_path / "gitconfig").write_text(f"[core]\n\thooksPath = {hooks}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
        with serve(repository.path.parent) as base:
            deliver(Remote(f"{base}/{repository.path.name}", "main"), repository, provider="v1")
    assert repository.log() == ["Release provider v1"]
    assert not (tmp_path / "ran").exists()


def test_the_author_comes_from_gits_configuration(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "gitconfig").write_text("[user]\n\tname = Grace\n\temail = grace@localhost\n")
    deliver(repository.remote, repository, provider="v1")
    assert repository.log("%an <%ae> %cn <%ce>") == ["Grace <grace@localhost> Grace <grace@localhost>"]


def test_the_environment_goes_before_the_configuration(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Grace")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "grace@localhost")
    deliver(repository.remote, repository, provider="v1")
    assert repository.log("%an <%ae> %cn <%ce>") == ["Grace <grace@localhost> Meshroll <meshroll@localhost>"]


def test_nobodys_release_is_meshrolls(repository: Repository) -> None:
    deliver(repository.remote, repository, provider="v1")
    assert repository.log("%an <%ae>") == ["Meshroll <meshroll@localhost>"]


def test_an_unexpected_server_answer_is_an_error_of_ours(repository: Repository, tmp_path: Path) -> None:
    (repository.path / "HEAD").write_text("garbage")
    with pytest.raises(MeshrollError, match="there is no such repository"):
        plan_rendered(repository.remote, "live", {}, cache=tmp_path / "cache")


def test_an_address_that_reads_like_a_refusal_of_parts_is_none(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError):
        plan_rendered(Remote("http://127.0.0.1:1/filter.git", "main"), "live", {}, cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*.filter"))


def commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commands that reach a server from now on."""
    made: list[str] = []
    real = Git.run

    def run(git: Git, *arguments: str, **options: Any) -> Result:
        made.extend(word for word in arguments if word in ("fetch", "push", "ls-remote"))
        return real(git, *arguments, **options)

    monkeypatch.setattr(Git, "run", run)
    return made


def known(repository: Repository) -> tuple[str, int]:
    """The head of the branch after a fetch, and how many commits the cache has of it."""
    with open_cache(repository.remote, repository.cache) as git:
        return Transport(git, repository.remote).fetch(), int(git.text("rev-list", "--count", TIP))


def test_what_came_since_the_last_fetch_comes_at_once(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.commit(write={"live/a.yaml": "1", "other/b.yaml": "1"})
    assert known(repository) == (repository.head(), 1)
    for number in range(20):
        repository.commit(write={"live/a.yaml": f"2 {number}", "other/b.yaml": f"2 {number}"})
    made = commands(monkeypatch)
    with open_cache(repository.remote, repository.cache) as git:
        transport = Transport(git, repository.remote)
        head = transport.fetch()
        assert (head, git.text("rev-list", "--count", TIP)) == (repository.head(), "21")
        trees, tree = Trees(git), tree_of(git, head)
        entries = [trees.find(tree, file) for file in ("live/a.yaml", "other/b.yaml")]
        assert made == ["fetch"]
        trees.read_ahead(entry for entry in entries if entry)
        assert [trees.read(entry, "") for entry in entries if entry] == [b"2 19", b"2 19"]
    assert made == ["fetch", "fetch"]


def test_what_came_since_is_left_where_the_server_does_not_give_it_or_too_slowly(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit()
    known(repository)
    repository.git("config", "uploadpackfilter.allow", "false")
    repository.git("config", "uploadpackfilter.tree.allow", "true")
    repository.commit()
    repository.commit()
    assert known(repository) == (repository.head(), 1)
    repository.git("config", "uploadpackfilter.allow", "true")
    monkeypatch.setattr(module, "UPDATE_SECONDS", 0.001)
    repository.commit()
    repository.commit()
    assert known(repository) == (repository.head(), 1)
    assert not list(repository.cache.glob("*.filter"))  # the first fetch of a cache goes on as before


def test_a_branch_that_was_moved_to_another_history_is_followed(repository: Repository) -> None:
    repository.commit(write={"live/a.yaml": "1"})
    known(repository)
    repository.commit("another", write={"live/a.yaml": "2"}, branch="another")
    repository.git("update-ref", "refs/heads/main", repository.head("another"))
    assert known(repository) == (repository.head("another"), 1)


def test_a_push_moves_the_known_head_too(repository: Repository) -> None:
    deliver(repository.remote, repository, provider="v1")
    with open_cache(repository.remote, repository.cache) as git:
        assert Transport(git, repository.remote).known_head() == repository.head()


def test_a_known_head_that_was_damaged_is_none(repository: Repository) -> None:
    repository.commit()
    known(repository)
    with open_cache(repository.remote, repository.cache) as git:
        (git.directory / TIP).write_text("")
        assert Transport(git, repository.remote).known_head() == ""
