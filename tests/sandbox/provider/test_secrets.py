"""A secret among a service's parameters, under the real Pulumi CLI and Meshroll's own program: it goes nowhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from meshroll.sandbox.build import parts
from meshroll.sandbox.pulumi import install
from meshroll.sandbox.state.home import parts_cache
from tests.support.checkout import CHECKOUT
from tests.support.git.repositories import Repository

SECRET = "s3cret-never-committed"
TOKEN = "meshroll:services.provider.parameters.env.TOKEN"
STACK = """\
config:
  meshroll:format: 1
  meshroll:clusters: {{host: {{context: host}}, east: {{context: east}}}}
  meshroll:workers: [east]
  meshroll:argocd: {{cluster: host, project: shop}}
  meshroll:repository: {{url: "{url}", path: "live/{{cluster}}"}}
  meshroll:delivery: {{namespace: shop, wait: committed}}
  meshroll:services: {{provider: {{version: v1, template: weight, parameters: {{image: "x/y:1", port: 80}}}}}}
"""
REFUSED = (
    "/config/meshroll:services/provider/parameters/env/TOKEN: a secret would be committed to Git in clear; "
    "expected the name of a Secret, such as {secretKeyRef: {name: SECRET, key: KEY}} in env"
)


@dataclass(frozen=True)
class Project:
    """Meshroll's own project with one stack."""

    folder: Path
    cli: Path
    environ: dict[str, str]

    def run(self, *command: str, fails: bool = False, program: str = "") -> str:
        """What a command of `pulumi`, or of another program, prints on both outputs."""
        answer = subprocess.run(
            [program or str(self.cli), *command],
            cwd=self.folder,
            env=os.environ | self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            timeout=240,
        )
        assert (answer.returncode != 0) == fails, answer.stdout
        return answer.stdout

    @property
    def file(self) -> Path:
        """The stack file."""
        return self.folder / "stacks" / "Pulumi.test.yaml"

    def everything(self) -> str:
        """The texts of all files that the project, Pulumi and Git have left."""
        every = (path for path in self.folder.parent.rglob("*") if path.is_file())
        return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in every)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.make(tmp_path)


@pytest.fixture
def project(tmp_path: Path, repository: Repository) -> Project:
    parts_cache().mkdir(parents=True, exist_ok=True)
    parts.ensure([item for item in parts.BUILDS if item.name == "pulumi"], parts_cache(), print)
    programs = parts.programs(parts_cache())
    folder = tmp_path / "project"
    (folder / "stacks").mkdir(parents=True)
    provider = {"name": "meshroll", "path": str(CHECKOUT / "meshroll" / "provider")}
    settings = {"name": "shop", "runtime": "python", "stackConfigDir": "stacks", "plugins": {"providers": [provider]}}
    (folder / "Pulumi.yaml").write_text(json.dumps(settings))
    (folder / "__main__.py").write_text((CHECKOUT / "__main__.py").read_text())
    environ = install(tmp_path / "home", Path(sys.executable), programs["pulumi-resource-kubernetes"]) | {
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PYTHONPATH": str(CHECKOUT),
        "PYTHONWARNINGS": "ignore",
    }
    made = Project(folder, programs["pulumi"], environ)
    made.run("stack", "init", "test", "--non-interactive")
    salt = made.file.read_text() if made.file.exists() else ""
    made.file.write_text(salt + STACK.format(url=repository.remote.url))
    return made


def test_a_secret_parameter_is_refused_before_anything_is_written(project: Project, repository: Repository) -> None:
    project.run("config", "set", "--secret", "--path", TOKEN, SECRET, "--stack", "test")
    assert "{secure: " in project.file.read_text()
    for command in (("preview",), ("up", "--yes"), ("up", "--yes", "--skip-preview")):
        output = project.run(*command, "--stack", "test", "--non-interactive", fails=True)
        assert f"Pulumi.test.yaml:{line_of(project.file, 'TOKEN')} {REFUSED}" in " ".join(output.split())
        assert "Traceback" not in output
    assert repository.git("for-each-ref") == ""
    assert SECRET not in project.run("stack", "export", "--stack", "test")
    assert SECRET not in project.everything()


def line_of(file: Path, word: str) -> int:
    return next(number for number, line in enumerate(file.read_text().splitlines(), 1) if word in line)


def test_it_is_refused_though_the_configuration_is_in_another_file(
    project: Project, repository: Repository, tmp_path: Path
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(project.file.read_text())
    at = ("--stack", "test", "--config-file", str(other))
    project.run("config", "set", "--secret", "--path", TOKEN, SECRET, *at)
    output = project.run("preview", *at, "--non-interactive", fails=True)
    what = "configuration of stack test /config/meshroll:services: a secret would be committed to Git in clear"
    assert what in " ".join(output.split())
    assert repository.git("for-each-ref") == ""
    assert SECRET not in project.everything()


def test_the_command_line_refuses_it_too(project: Project) -> None:
    project.run("config", "set", "--secret", "--path", TOKEN, SECRET, "--stack", "test")
    program = "import sys; from meshroll.cli import main; sys.exit(main())"
    output = project.run("-c", program, "plan", "-s", "test", "--out", "plan.json", fails=True, program=sys.executable)
    assert (REFUSED in output, "Traceback" in output) == (True, False)
    assert not (project.folder / "plan.json").exists()
