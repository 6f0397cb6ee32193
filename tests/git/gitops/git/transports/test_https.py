"""HTTPS: the authority of the certificate, tokens from helpers, permissions, silence."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from meshroll.errors import BadInputError, TimedOutError
from meshroll.gitops.git import Remote
from meshroll.gitops.git import transport as module
from meshroll.gitops.planners import plan_rendered
from tests.git.gitops.git.transports.conftest import PASSWORD, Deliver
from tests.support.git import tls
from tests.support.git.repositories import Repository
from tests.support.git.server import USERNAME, serve


@contextmanager
def served(repository: Repository, folder: Path, *, writable: bool = True) -> Iterator[Remote]:
    context, authority = tls.make(folder)
    with serve(repository.path.parent, PASSWORD, context, writable) as base:
        yield Remote(f"{base}/{repository.path.name}", "main", USERNAME, PASSWORD, ca_file=str(authority))


@pytest.fixture
def remote(repository: Repository, tmp_path: Path) -> Iterator[Remote]:
    with served(repository, tmp_path / "server") as made:
        yield made


def plan(remote: Remote, repository: Repository) -> None:
    plan_rendered(remote, "live", {}, cache=repository.cache)


def test_a_certificate_nobody_vouches_for_is_refused(remote: Remote, repository: Repository) -> None:
    with pytest.raises(BadInputError, match="the server's certificate is not trusted") as caught:
        plan(replace(remote, ca_file=""), repository)
    assert str(caught.value).endswith(
        "; expected its authority in repository.credentials.caFile or Git's http.sslCAInfo"
    )


def test_a_token_may_come_from_gits_own_helper(
    remote: Remote, repository: Repository, tmp_path: Path, deliver: Deliver
) -> None:
    (tmp_path / "gitconfig").write_text(
        '[credential]\n\thelper = "!f() { echo username=robot; cat $HOME/token; }; f"\n'
    )
    (tmp_path / "token").write_text(f"password={PASSWORD}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path))
        deliver(replace(remote, username="", password=""), provider="v1")
    assert repository.log() == ["Release provider v1"]


def test_wrong_credentials_and_no_permission_are_told_apart(
    repository: Repository, tmp_path: Path, deliver: Deliver
) -> None:
    with served(repository, tmp_path / "read-only", writable=False) as remote:
        with pytest.raises(BadInputError) as caught:
            plan(replace(remote, password="wrong"), repository)
        wants = "expected repository.credentials that may write"
        assert str(caught.value) == f"repository {remote.url}: the server refused the credentials; {wants}"
        plan(remote, repository)
        with pytest.raises(BadInputError) as caught:
            deliver(remote, provider="v1")
        assert str(caught.value) == f"repository {remote.url}: the credentials do not permit this; {wants}"


def test_no_secret_is_in_an_argument_of_any_process(
    remote: Remote, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deliver: Deliver
) -> None:
    real = shutil.which("git")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >>{tmp_path}/said\nexec {real} "$@"\n')
    (tmp_path / "bin" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    deliver(remote, provider="v1")
    said = (tmp_path / "said").read_text()
    assert "push" in said.splitlines()
    assert PASSWORD not in said


def test_a_server_that_never_answers_is_given_up(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FETCH_SECONDS", 1.0)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/rollouts.git"
        with pytest.raises(TimedOutError) as caught:
            plan(Remote(url, "main"), repository)
    assert str(caught.value) == "git fetch did not finish within 1 s"


@pytest.mark.parametrize("answer", [b"", b'{"error": "login"}', b"<html>Welcome</html>"])
def test_a_server_that_does_not_speak_git_is_no_empty_repository(repository: Repository, answer: bytes) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_arguments: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/rollouts.git"
    try:
        with pytest.raises(BadInputError) as caught:
            plan(Remote(url, "main"), repository)
    finally:
        server.shutdown()
        server.server_close()
    assert str(caught.value).startswith(f"repository {url}: ")
    assert "does not answer as a Git server does" in str(caught.value) or "no such repository" in str(caught.value)
