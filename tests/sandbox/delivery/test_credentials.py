"""Credentials of the rollout repository: Argo CD gets them, and nobody can read them where they do not belong."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from meshroll.demo.project import Project
from meshroll.sandbox import Sandbox
from tests.support.git.repositories import Repository
from tests.support.git.server import USERNAME, serve
from tests.support.sandbox.stacks import PROVIDER, Made, derive, without_mesh

PASSWORD = "s3cret-never-shown-4f1d"


@dataclass(frozen=True)
class Opened:
    """A stack whose repository wants a password, and all that its commands said."""

    stack: Made
    url: str
    said: list[str]


@pytest.fixture(scope="module")
def opened(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    folder = tmp_path_factory.mktemp("closed")
    repository = Repository.make(folder)
    with serve(repository.path.parent, PASSWORD) as base:
        url = f"{base}/{repository.path.name}"
        environment = {**project.environment, "TEST_PASSWORD": PASSWORD, "TEST_REPOSITORY": url}
        stack = derive(replace(project, environment=environment), "sandbox", "closed")
        without_mesh(stack)
        stack.put("/repository/url", {"env": "TEST_REPOSITORY"})
        stack.put("/repository/credentials", {"username": USERNAME, "password": {"env": "TEST_PASSWORD"}})
        stack.put("/delivery/wait", "synced")
        stack.init()
        said = []
        try:
            said += [stack.up()]
            stack.put(f"/services/{PROVIDER}/version", "v2")
            said += [stack.pulumi("preview", "--json"), stack.up(), stack.pulumi("stack", "output", "--json")]
            said += [stack.pulumi("stack", "export"), stack.meshroll("config", "-s", stack.name)]
            yield Opened(stack, url, said)
        finally:
            stack.take_away()


def test_argo_cd_gets_them_in_the_repositorys_secret(opened: Opened) -> None:
    secret = opened.stack.host.get("v1", "Secret", f"{opened.stack.name}-repository", "argocd")
    assert secret is not None
    assert secret["metadata"]["labels"] == {"argocd.argoproj.io/secret-type": "repository"}
    assert {key: base64.b64decode(value).decode() for key, value in secret["data"].items()} == {
        "type": "git",
        "url": opened.url,
        "project": opened.stack.name,
        "username": USERNAME,
        "password": PASSWORD,
    }


def test_the_password_is_in_no_output_no_state_and_no_log(opened: Opened, sandbox: Sandbox) -> None:
    hidden = (PASSWORD.encode(), base64.b64encode(PASSWORD.encode()))
    seen = {f"output {number}": text.encode() for number, text in enumerate(opened.said)}
    folder = opened.stack.project.folder
    for path in (*files(sandbox.home.pulumi), *files(sandbox.home.path / "logs"), *files(folder / "stacks")):
        seen[str(path)] = path.read_bytes()
    for path in files(Path(opened.stack.environment["XDG_CACHE_HOME"])):
        seen[str(path)] = path.read_bytes()
    assert [path for path in seen if f"/stacks/meshroll/{opened.stack.name}.json" in path], (
        "the state was not looked at"
    )
    assert [where for where, text in seen.items() if any(word in text for word in hidden)] == []


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
