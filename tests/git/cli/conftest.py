"""A project with one stack for an adopted repository, and the repository."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from meshroll.cli import main
from tests.support.git.repositories import Repository

FILE = "clusters/east/shop.yaml"
ROLLOUT = """\
# The shop.
kind: Rollout
metadata: {{name: {name}}}
spec:
  strategy: {{canary: {{steps: [{{setWeight: 5}}, {{pause: {{duration: 10m}}}}]}}}}
  template:
    metadata:
      labels:
        version: {version}  # by hand
    spec:
      containers: [{{name: {name}, image: 'shop/{name}:1'}}]
"""
STACK = """\
config:
  meshroll:format: 1
  meshroll:clusters: {{host: {{context: host}}, east: {{context: east}}, west: {{context: west}}}}
  meshroll:workers: [{workers}]
  meshroll:argocd: {{cluster: host, project: shop}}
  meshroll:repository: {{url: "{url}", kind: adopted, path: "clusters/{{cluster}}"}}
  meshroll:delivery: {{namespace: shop{delivery}}}
  meshroll:services: {{provider: {{version: v1}}}}
"""

Run = Callable[..., tuple[int, str, str]]


def manifest(**versions: str) -> str:
    return "---\n".join(ROLLOUT.format(name=name, version=version) for name, version in versions.items())


def write_stack(project: Path, repository: Repository, *, workers: str = "east", delivery: str = "") -> Path:
    path = project / "stacks" / "Pulumi.test.yaml"
    path.write_text(STACK.format(url=repository.remote.url, workers=workers, delivery=delivery))
    return path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Repository) -> Path:
    project = tmp_path / "project"
    (project / "stacks").mkdir(parents=True)
    (project / "Pulumi.yaml").write_text("name: x\n")
    monkeypatch.chdir(project)
    repository.commit(write={FILE: manifest(provider="v1", consumer="v1"), "README.md": "hello\n"})
    write_stack(project, repository)
    return project


# Stand-in for the Pulumi CLI, which tests/sandbox has: it knows `stack export` and answers what a test wrote.
PULUMI = """\
#!/bin/sh
case "$*" in
  "--non-interactive --color=never stack export --stack test") ;;
  *) echo "error: unknown command $*" >&2; exit 255 ;;
esac
if [ -f "{state}" ]; then cat "{state}"; else echo "error: no stack named 'test' found" >&2; exit 6; fi
"""


@pytest.fixture(autouse=True)
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Repository) -> Callable[..., None]:
    """A `pulumi` that knows no stack; calling the answer gives it what an `up` wrote through each Release."""
    folder, state = tmp_path / "bin", tmp_path / "state.json"
    folder.mkdir()
    (folder / "pulumi").write_text(PULUMI.format(state=state))
    (folder / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")

    def wrote(**releases: dict[str, str]) -> None:
        resources: list[dict[str, Any]] = [
            {"urn": "urn:pulumi:test::x::pulumi:pulumi:Stack::x-test", "type": "pulumi:pulumi:Stack"}
        ]
        for name, written in releases.items():
            urn = f"urn:pulumi:test::x::meshroll:index:Release::{name.replace('_', '-')}"
            source = {"url": repository.remote.url, "branch": "main"}
            path = f"clusters/{name.removeprefix('shop_')}"
            inputs: dict[str, Any] = {"repository": source, "path": path, "written": written}
            resources.append({"urn": urn, "type": "meshroll:index:Release", "inputs": inputs})
        state.write_text(json.dumps({"version": 3, "deployment": {"resources": resources}}))

    return wrote


@pytest.fixture
def run(project: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = int(main(list(arguments)))
        output = capsys.readouterr()
        return code, output.out, output.err

    return call
