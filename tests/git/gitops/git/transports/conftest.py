"""One repository behind each transport."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from meshroll.gitops.git import Remote
from meshroll.gitops.planners import plan_rendered
from meshroll.gitops.plans import apply_plan
from tests.support.git import tls
from tests.support.git.repositories import Repository, release
from tests.support.git.server import USERNAME
from tests.support.git.server import serve as serve_http
from tests.support.git.sshd import serve as serve_ssh

PASSWORD = "s3cret-'\"$(x)"
Deliver = Callable[..., None]


@pytest.fixture(params=["file", "ssh", "https"])
def remote(request: pytest.FixtureRequest, repository: Repository, tmp_path: Path) -> Iterator[Remote]:
    with ExitStack() as stack:
        if request.param == "file":
            made = repository.remote
        elif request.param == "ssh":
            server = stack.enter_context(serve_ssh(tmp_path / "ssh"))
            url = server.url(repository.path)
            made = Remote(url, "main", ssh_key=str(server.key), known_hosts=str(server.known_hosts))
        else:
            context, authority = tls.make(tmp_path / "tls")
            base = stack.enter_context(serve_http(repository.path.parent, PASSWORD, context))
            made = Remote(f"{base}/{repository.path.name}", "main", USERNAME, PASSWORD, ca_file=str(authority))
        yield made


@pytest.fixture
def deliver(repository: Repository) -> Deliver:
    def run(remote: Remote, **versions: str) -> None:
        planned = plan_rendered(remote, "live", release(**versions), cache=repository.cache)
        apply_plan(remote, planned, stack="sandbox", cache=repository.cache)

    return run
