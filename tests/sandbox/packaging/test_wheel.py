"""The wheel with the sandbox's extra, away from any checkout: the demo, and a Pulumi program of a person's own."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from meshroll.demo.scenario import NEW, OLD
from meshroll.resources import resource
from meshroll.sandbox import Home
from tests.support.git.repositories import Repository
from tests.support.packaging import Installation, build, install

PULUMI = """\
name: shop
runtime: {name: python, options: {virtualenv: .venv}}
stackConfigDir: stacks
plugins:
  providers:
    - {name: meshroll, path: .venv/bin}
"""
PROGRAM = """\
from pathlib import Path

import pulumi

from meshroll.components.stack import build
from meshroll.settings import pulumi_config

for name, value in build(pulumi_config.load(Path.cwd())).items():
    pulumi.export(name, value)
"""
STACK = """\
config:
  meshroll:format: 1
  meshroll:clusters:
    host: {context: host, kubeconfig: {env: MESHROLL_KUBECONFIG}}
    worker-1: {context: worker-1, kubeconfig: {env: MESHROLL_KUBECONFIG}}
  meshroll:workers: [worker-1]
  meshroll:namespaces: {shop: {}}
  meshroll:argocd: {cluster: host, project: shop}
  meshroll:repository: {url: {env: MESHROLL_REPOSITORY}, path: "shop/{cluster}"}
  meshroll:delivery: {namespace: shop, wait: committed}
  meshroll:services:
    web:
      version: v1
      template: ours
      parameters: {image: registry.example/shop/web, port: 80}
"""


@dataclass(frozen=True)
class Person:
    """Somebody with a project folder, whose `.venv` has the wheel, and a sandbox that is up."""

    folder: Path
    installation: Installation
    sandbox: str
    environ: dict[str, str]

    def meshroll(self, *arguments: str, fails: bool = False) -> str:
        done = self.installation.run("meshroll", *arguments, folder=self.folder, **self.environ)
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout

    def pulumi(self, *arguments: str) -> str:
        """Run `pulumi` as the sandbox has it, without the environment of this test."""
        given = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
        exports = shlex.split(self.meshroll("sandbox", "--name", self.sandbox, "env"), comments=False)
        given |= self.environ | dict(word.split("=", 1) for word in exports if word != "export")
        found = shutil.which("pulumi", path=given["PATH"])
        assert found is not None
        done = subprocess.run(
            [found, "--non-interactive", "--color", "never", *arguments],
            cwd=self.folder,
            env=given,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    folder = tmp_path_factory.mktemp("wheel")
    (folder / "project").mkdir()
    installation = install(build(folder / "built").wheel, folder / "project" / ".venv", "sandbox")
    name = f"wheel-{secrets.token_hex(3)}"
    made = Person(folder / "project", installation, name, {"XDG_STATE_HOME": str(folder / "state")})
    try:
        made.meshroll("sandbox", "--name", name, "up")
        yield made
    finally:
        made.meshroll("sandbox", "--name", name, "clean")


def test_the_demo_delivers_by_weight_and_by_header_as_set(person: Person) -> None:
    output = person.meshroll("demo", "--name", person.sandbox)
    assert output.splitlines()[-1] == "demo: ok"
    report = json.loads((person.folder / "build" / "demo" / "report.json").read_text())
    delivered = [(one["strategy"], one["from"], one["to"]) for one in report["deliveries"]]
    assert delivered == [("weight", OLD, NEW), ("header", OLD, NEW)]


def test_a_program_of_a_few_lines_makes_the_components_and_commits_its_own_template(person: Person) -> None:
    (person.folder / "stacks").mkdir()
    (person.folder / "stacks" / "Pulumi.dev.yaml").write_text(STACK)
    (person.folder / "Pulumi.yaml").write_text(PULUMI)
    (person.folder / "__main__.py").write_text(PROGRAM)
    shutil.copytree(resource("project", "rollout_templates", "weight"), person.folder / "rollout_templates" / "ours")
    person.pulumi("stack", "select", "--create", "dev")
    person.pulumi("up", "--yes", "--skip-preview")
    release = json.loads(person.pulumi("stack", "output", "--json", "--stack", "dev"))["release"]["shop-worker-1"]
    home = Home.of(person.sandbox, person.folder.parent / "state" / "meshroll")
    rollouts = Repository(home.repository, person.folder)
    assert release == {"commit": rollouts.head(), "versions": {"web": "v1"}}
    first = rollouts.read("shop/worker-1/web/rollout.yaml").splitlines()[0]
    assert first == "# Rendered by meshroll from template ours: edit the stack, not this file."
    person.pulumi("destroy", "--yes", "--skip-preview", "--stack", "dev")
