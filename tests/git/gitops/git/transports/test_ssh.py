"""SSH: keys from a file or a variable, host keys, and refusals in clear words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from meshroll.errors import BadInputError, UnavailableError
from meshroll.gitops.git import Remote
from meshroll.gitops.planners import plan_rendered
from tests.git.gitops.git.transports.conftest import Deliver
from tests.support.git import sshd
from tests.support.git.repositories import Repository, rollout
from tests.support.git.sshd import shown

KNOWN = "expected it in known_hosts, once you have made sure that it is right"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[sshd.Server]:
    with sshd.serve(tmp_path / "sshd") as running:
        yield running


@pytest.fixture
def remote(server: sshd.Server, repository: Repository) -> Remote:
    url = server.url(repository.path)
    return Remote(url, "main", ssh_key=str(server.key), known_hosts=str(server.known_hosts))


def plan(remote: Remote, repository: Repository) -> None:
    plan_rendered(remote, "live", {}, cache=repository.cache)


def test_the_key_may_come_as_text_and_leaves_no_file(
    remote: Remote, server: sshd.Server, repository: Repository, deliver: Deliver
) -> None:
    key = server.key.read_text()
    deliver(replace(remote, ssh_key=key), provider="v1")
    assert repository.log() == ["Release provider v1"]
    secret = key.splitlines()[2].encode()
    for file in (path for path in repository.cache.rglob("*") if path.is_file()):
        assert secret not in file.read_bytes(), file


def test_a_key_that_a_killed_process_left_behind_is_removed(remote: Remote, repository: Repository) -> None:
    plan(remote, repository)
    (lock,) = repository.cache.glob("*.lock")
    lock.with_suffix(".key").write_text("left behind")
    plan(remote, repository)
    assert not lock.with_suffix(".key").exists()


def test_an_sshd_that_passes_no_protocol_version_gives_whole_commits(
    repository: Repository, tmp_path: Path, deliver: Deliver
) -> None:
    repository.commit(write={"other/a": "a", "live/provider/rollout.yaml": rollout("provider", "v1")})
    with sshd.serve(tmp_path / "old", protocol=False) as server:
        url = server.url(repository.path)
        deliver(Remote(url, "main", ssh_key=str(server.key), known_hosts=str(server.known_hosts)), provider="v2")
    assert repository.log() == ["Release provider v1 -> v2", "by hand"]
    (known,) = repository.cache.glob("*.filter")
    assert known.read_text() == ""


def test_an_unknown_host_key_is_refused(remote: Remote, repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(BadInputError) as caught:
        plan(replace(remote, known_hosts=str(tmp_path / "empty")), repository)
    assert str(caught.value) == f"repository {shown(remote.url)}: the server's host key is not known; {KNOWN}"


def test_a_changed_host_key_is_refused(
    remote: Remote, server: sshd.Server, repository: Repository, tmp_path: Path
) -> None:
    other = " ".join(sshd.make_key(tmp_path / "other").with_suffix(".pub").read_text().split()[:2])
    (tmp_path / "changed").write_text(f"[127.0.0.1]:{server.port} {other}\n")
    with pytest.raises(BadInputError) as caught:
        plan(replace(remote, known_hosts=str(tmp_path / "changed")), repository)
    assert str(caught.value) == f"repository {shown(remote.url)}: the server's host key has changed; {KNOWN}"


def test_a_key_the_server_does_not_know_is_refused(remote: Remote, repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        plan(replace(remote, ssh_key=str(sshd.make_key(tmp_path / "stranger"))), repository)
    where, wants = f"repository {shown(remote.url)}", "expected repository.credentials that may write"
    assert str(caught.value) == f"{where}: the server refused the credentials; {wants}"


def test_a_key_that_may_only_read_plans_and_does_not_push(
    repository: Repository, tmp_path: Path, deliver: Deliver
) -> None:
    with sshd.serve(tmp_path / "read-only", read_only=True) as server:
        url = server.url(repository.path)
        remote = Remote(url, "main", ssh_key=str(server.key), known_hosts=str(server.known_hosts))
        plan(remote, repository)
        with pytest.raises(BadInputError) as caught:
            deliver(remote, provider="v1")
    assert str(caught.value) == (
        f"repository {shown(url)}: the credentials do not permit this; expected repository.credentials that may write"
    )
    assert repository.git("for-each-ref") == ""


@pytest.mark.parametrize("key", ["ssh_key", "known_hosts", "ca_file"])
def test_a_file_that_is_not_there_is_named_by_its_setting(remote: Remote, repository: Repository, key: str) -> None:
    name = {"ssh_key": "sshKey", "known_hosts": "knownHosts", "ca_file": "caFile"}[key]
    with pytest.raises(BadInputError) as caught:
        plan(replace(remote, **{key: "/nowhere/at/all"}), repository)
    assert str(caught.value) == f"repository.credentials.{name}: there is no such file; expected a file"


def test_no_route_may_pass_later(remote: Remote, server: sshd.Server, repository: Repository) -> None:
    nobody = remote.url.replace(str(server.port), "1")
    with pytest.raises(UnavailableError, match=r"it cannot be reached \(.*\); trying again may help"):
        plan(replace(remote, url=nobody), repository)


def test_the_users_own_ssh_asks_nobody_and_checks_host_keys(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("ssh", "own-ssh"):  # stand-ins that only tell how they were called
        (programs / name).write_text(f'#!/bin/sh\necho {name} "$@" >> {seen}\nexit 255\n')
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    remote = Remote("ssh://git@127.0.0.1:1/rollouts.git", "main")

    def called() -> str:
        seen.write_text("")
        with pytest.raises(UnavailableError):
            plan(remote, repository)
        return seen.read_text().splitlines()[0]

    assert called().startswith("ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=20 ")
    (tmp_path / "gitconfig").write_text("[core]\n\tsshCommand = own-ssh -x\n")
    assert called().startswith("own-ssh -x ")
    monkeypatch.setenv("GIT_SSH_COMMAND", "own-ssh -y")
    assert called().startswith("own-ssh -y ")
