"""What a hostile Git server, or another's repository on this machine, sees and says."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from meshroll.errors import BadInputError, ExitCode
from meshroll.gitops.git import Remote
from meshroll.gitops.planners import plan_rendered
from meshroll.gitops.plans import apply_plan
from tests.support.git.repositories import Repository, release
from tests.support.git.server import USERNAME, serve

PASSWORD = "s3cret/passw+rd of=ours"
NEEDED = {"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "XDG_CONFIG_HOME", "LC_ALL"}
OF_THE_SHELL = {"PWD", "OLDPWD", "SHLVL", "_"}


def deliver(remote: Remote, repository: Repository, **versions: str) -> None:
    planned = plan_rendered(remote, "live", release(**versions), cache=repository.cache)
    apply_plan(remote, planned, stack="sandbox", cache=repository.cache)


def hook(repository: Repository, script: str) -> None:
    file = repository.path / "hooks" / "pre-receive"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_a_hook_of_a_local_repository_sees_what_git_needs_and_nothing_else(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "SSH_AUTH_SOCK", "KUBECONFIG", "https_proxy", "EDITOR"):
        monkeypatch.setenv(name, "ours")
    hook(repository, f"env >{tmp_path}/seen")
    deliver(repository.remote, repository, provider="v1")
    seen = (tmp_path / "seen").read_text()
    names = {line.partition("=")[0] for line in seen.splitlines()}
    assert {name for name in names if not name.startswith(("GIT_", "SSH_ASKPASS_REQUIRE"))} <= NEEDED | OF_THE_SHELL
    assert "ours" not in seen


@contextmanager
def redirecting(location: str) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/a.git"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("location", ["file:///etc/", "ext::sh -c id", "gopher://127.0.0.1/", "http://[::"])
def test_an_address_that_the_server_leads_to_and_git_does_not_open_is_bad_input(
    repository: Repository, location: str
) -> None:
    with redirecting(location) as url, pytest.raises(BadInputError) as caught:
        deliver(Remote(url, "main"), repository, provider="v1")
    assert str(caught.value).startswith(f"repository {url}: the server does not answer as a Git server does (")
    assert caught.value.exit_code == ExitCode.BAD_INPUT


@pytest.mark.parametrize("kind", ["blob", "tree", "tag"])
@pytest.mark.parametrize("known", [False, True])
def test_a_branch_that_leads_to_no_commit_is_not_an_empty_repository(
    repository: Repository, kind: str, *, known: bool
) -> None:
    head = repository.commit(write={"README": "x"})
    if known:
        deliver(repository.remote, repository, provider="v1")
    tag = f"object {head}\ntype commit\ntag x\ntagger A <a@localhost> 1 +0000\n\nx\n".encode()
    oid = {
        "blob": lambda: repository.git("rev-parse", f"{head}:README"),
        "tree": lambda: repository.git("rev-parse", f"{head}^{{tree}}"),
        "tag": lambda: repository.git("mktag", stdin=tag),
    }[kind]()
    (repository.path / "refs" / "heads" / "main").write_text(oid)
    with pytest.raises(BadInputError) as caught:
        plan_rendered(repository.remote, "live", release(provider="v2"), cache=repository.cache)
    assert str(caught.value) == f"repository {repository.remote.url}: the branch main does not lead to a commit"


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in a URL": lambda secret: quote(secret, safe=""),
    "in base64": lambda secret: base64.b64encode(f"{USERNAME}:{secret}".encode()).decode(),
    "in hexadecimal": lambda secret: secret.encode().hex(),
    "with blanks": " ".join,
}


@pytest.mark.parametrize("form", FORMS)
def test_a_password_that_the_server_repeats_is_masked_in_any_form(repository: Repository, form: str) -> None:
    repeated = FORMS[form](PASSWORD)
    hook(repository, f"echo 'you sent <{repeated}>' >&2; exit 1")
    with serve(repository.path.parent, PASSWORD) as base, pytest.raises(BadInputError) as caught:
        deliver(Remote(f"{base}/{repository.path.name}", "main", USERNAME, PASSWORD), repository, provider="v1")
    said = str(caught.value)
    assert re.search(r"you sent <[^<]{0,12}\*\*\*", said)
    assert repeated[12:24] not in said
