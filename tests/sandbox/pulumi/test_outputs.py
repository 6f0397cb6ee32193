"""An update that fails or is interrupted shows no output as removed and keeps them all in the state."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.checkout import CHECKOUT
from tests.support.git.repositories import Repository
from tests.support.sandbox.pulumi_project import Project

PROGRAM = """
import sys, time
sys.path.insert(0, {root!r})
from meshroll.components.outputs import keep_outputs


async def main():
    await keep_outputs()
    if {failure!r} == "raises":
        raise pulumi.RunError("cluster worker-1: it cannot be reached")
    if {failure!r} == "dies":
        os._exit(3)
    made = pulumi.CustomResource("meshroll:index:Release", "shop", {release})
    if {failure!r} == "lasts":
        open("started", "w").close()
        time.sleep(1000)
    endpoints = {{"worker-1": "http://127.0.0.1"}}
    return {{"gateway_endpoints": endpoints, "release": made.urn, "secret": pulumi.Output.secret("hunter2")}}


pulumi.run(main)
"""
REFUSED = "#!/bin/sh\necho not today >&2\nexit 1\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.make(tmp_path)


def write(project: Project, repository: Repository, version: str, failure: str = "") -> None:
    plugins = {"providers": [{"name": "meshroll", "path": str(CHECKOUT / "meshroll" / "provider")}]}
    document = {"name": "trial", "runtime": "python", "plugins": plugins}
    (project.folder / "Pulumi.yaml").write_text(json.dumps(document))
    parameters = {"image": "x/y:1", "port": 9090}
    release = {
        "stack": "dev",
        "repository": {"url": repository.remote.url, "branch": "main"},
        "path": "live",
        "namespace": "shop",
        "services": [{"name": "web", "version": version, "template": "weight", "parameters": parameters}],
        "wait": "committed",
    }
    project.write(PROGRAM.format(root=str(CHECKOUT), failure=failure, release=release), provider="")


def outputs(project: Project) -> dict[str, object]:
    return dict(json.loads(project.run("stack", "output", "--json", "--show-secrets")))


@pytest.fixture
def made(project: Project, repository: Repository, tmp_path: Path) -> dict[str, object]:
    """The outputs of a project that was brought up once."""
    project.environ["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    write(project, repository, "v1")
    project.up()
    found = outputs(project)
    assert sorted(found) == ["gateway_endpoints", "release", "secret"]
    return found


def removed(said: str) -> list[str]:
    """The outputs that an update showed as removed."""
    shown = said.partition("\nOutputs:\n")[2].partition("\nResources:\n")[0]
    return [line for line in shown.splitlines() if line.startswith("  - ")]


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        ("raises", "cluster worker-1: it cannot be reached"),
        ("dies", "the program ended with exit code 3"),
    ],
)
def test_outputs_survive_a_program_that_fails(
    project: Project, repository: Repository, made: dict[str, object], failure: str, sentence: str
) -> None:
    write(project, repository, "v2", failure)
    said = project.up(fails=True)
    assert sentence in said
    assert removed(said) == []
    assert outputs(project) == made


def test_outputs_survive_an_input_that_a_plug_in_refuses(
    project: Project, repository: Repository, made: dict[str, object]
) -> None:
    write(project, repository, "v 2")
    said = project.up(fails=True)
    assert "the version 'v 2' cannot be the value of a label" in said
    assert removed(said) == []
    assert outputs(project) == made
    assert removed(project.run("preview", fails=True)) == []


def test_outputs_survive_a_release_that_fails(
    project: Project, repository: Repository, made: dict[str, object]
) -> None:
    hook = repository.path / "hooks" / "pre-receive"
    hook.write_text(REFUSED)
    hook.chmod(0o755)
    write(project, repository, "v2")
    said = project.up(fails=True)
    assert "the server refused the push: [remote rejected] (pre-receive hook declined): not today" in said
    assert removed(said) == []
    assert outputs(project) == made


def test_outputs_survive_an_interrupt(project: Project, repository: Repository, made: dict[str, object]) -> None:
    write(project, repository, "v1", "lasts")
    said = project.interrupt("up", "--yes", "--skip-preview", when=(project.folder / "started").exists)
    assert removed(said) == []
    assert outputs(project) == made


def test_an_output_that_the_program_no_longer_has_is_removed(
    project: Project, repository: Repository, made: dict[str, object]
) -> None:
    write(project, repository, "v1")
    program = project.folder / "__main__.py"
    program.write_text(program.read_text().replace('"release": made.urn, ', ""))
    said = project.up()
    assert removed(said) == [f'  - release          : "{made["release"]}"']
    assert sorted(outputs(project)) == ["gateway_endpoints", "secret"]
