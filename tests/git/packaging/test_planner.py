"""The wheel without extras, away from any checkout: it plans, applies and undoes, and names the extra that it lacks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from meshroll.resources import resource
from tests.support.git.repositories import PERSON, Repository
from tests.support.packaging import Installation

DEPLOYMENT = """\
kind: Deployment
metadata: {{name: web}}
spec:
  template:
    metadata:
      labels: {{version: {version}}}
    spec:
      containers: [{{name: web, image: "shop/web:{version}"}}]
"""
STACK = """\
config:
  meshroll:format: 1
  meshroll:clusters: {{host: {{context: host}}, east: {{context: east}}}}
  meshroll:workers: [east]
  meshroll:argocd: {{cluster: host, project: shop}}
  meshroll:repository: {{url: "{url}", path: "clusters/{{cluster}}"}}
  meshroll:delivery: {{namespace: shop}}
  meshroll:services:
    web: {{version: v1, template: {template}, parameters: {{image: "shop/web:1", port: 80}}}}
"""
NAMES = {f"GIT_{role}_{part}": text for role in ("AUTHOR", "COMMITTER") for part, text in PERSON.items()}


@pytest.fixture
def project(tmp_path: Path, repository: Repository) -> Path:
    """A folder with a Pulumi.yaml, and a repository with a file that a person wrote."""
    repository.commit(write={"web.yaml": DEPLOYMENT.format(version="v1")})
    folder = tmp_path / "project"
    (folder / "stacks").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: shop\n")
    return folder


def write_stack(project: Path, repository: Repository, template: str) -> None:
    text = STACK.format(url=repository.remote.url, template=template)
    (project / "stacks" / "Pulumi.dev.yaml").write_text(text)


def test_a_version_is_planned_applied_and_undone(base: Installation, project: Path, repository: Repository) -> None:
    where = ("--repository", repository.remote.url, "--path", "web.yaml")
    fields = ("--field", "label:version", "--field", "image")
    planned = base.run("meshroll", "plan", *where, *fields, "--set", "web=v2", "--out", "p.json", folder=project)
    assert (planned.returncode, planned.stderr) == (0, "")
    assert repository.read("web.yaml") == DEPLOYMENT.format(version="v1")

    applied = base.run("meshroll", "apply", "p.json", *where[:2], folder=project, **NAMES)
    assert (applied.returncode, applied.stderr) == (0, "")
    assert repository.read("web.yaml") == DEPLOYMENT.format(version="v2")

    undone = base.run("meshroll", "rollback", "web", *where, "--yes", folder=project, **NAMES)
    assert (undone.returncode, undone.stderr) == (0, "")
    assert repository.read("web.yaml") == DEPLOYMENT.format(version="v1")

    history = base.run("meshroll", "history", *where[:2], folder=project)
    assert history.stdout.count("v1 -> v2") + history.stdout.count("v2 -> v1") == 2, history.stdout


def test_a_stack_is_rendered_from_the_templates_of_the_wheel(
    base: Installation, project: Path, repository: Repository
) -> None:
    write_stack(project, repository, "weight")
    planned = base.run("meshroll", "plan", "-s", "dev", folder=project)
    assert (planned.returncode, planned.stderr) == (0, "")
    files = [line.removeprefix("+++ b/") for line in planned.stdout.splitlines() if line.startswith("+++ b/")]
    assert files == [
        f"clusters/east/web/{name}.yaml" for name in ("destination-rule", "rollout", "service", "virtual-service")
    ]


def test_a_template_of_the_project_is_used_like_those_of_the_wheel(
    base: Installation, project: Path, repository: Repository
) -> None:
    write_stack(project, repository, "ours")
    shutil.copytree(resource("project", "rollout_templates", "weight"), project / "rollout_templates" / "ours")
    planned = base.run("meshroll", "plan", "-s", "dev", folder=project)
    assert (planned.returncode, planned.stderr) == (0, "")
    assert "+# Rendered by meshroll from template ours: edit the stack, not this file." in planned.stdout.splitlines()


def test_a_template_of_the_project_that_is_not_there_is_named_with_its_key_and_folder(
    base: Installation, project: Path, repository: Repository
) -> None:
    write_stack(project, repository, "ours")
    planned = base.run("meshroll", "plan", "-s", "dev", folder=project)
    message = (
        "meshroll: stacks/Pulumi.dev.yaml:9 /config/meshroll:services/web/template: there is no template ours; "
        "expected one of header, weight, or a folder rollout_templates/ours with a template.yaml\n"
    )
    assert (planned.returncode, planned.stdout, planned.stderr) == (2, "", message)


@pytest.mark.parametrize(
    ("command", "package", "extra"),
    [
        ("meshroll promote web -s dev", "urllib3", "pulumi"),
        ("meshroll sandbox up", "psutil", "sandbox"),
        ("meshroll demo", "rich", "sandbox"),
        ("pulumi-resource-meshroll 127.0.0.1:1", "grpcio", "pulumi"),
    ],
)
def test_a_command_whose_extra_is_not_installed_names_it_and_how_to_install_it(
    command: str, package: str, extra: str, base: Installation, project: Path, repository: Repository
) -> None:
    write_stack(project, repository, "weight")
    done = base.run(*command.split(), folder=project)
    where = "meshroll: " + command.split()[1] if command.startswith("meshroll") else "pulumi-resource-meshroll"
    message = f"{where}: the Python package {package} is not installed; expected `pip install 'meshroll[{extra}]'`\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


def test_the_help_of_every_command_needs_no_extra(base: Installation, tmp_path: Path) -> None:
    for command in ("promote", "sandbox", "demo"):
        done = base.run("meshroll", command, "--help", folder=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"Usage: meshroll {command}")


def test_a_program_that_imports_the_components_without_their_extra_gets_the_same_sentence(
    base: Installation, tmp_path: Path
) -> None:
    done = base.run("python", "-c", "import meshroll.components.stack", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "meshroll.errors.BadInputError: meshroll.components: the Python package grpcio is not installed; "
        "expected `pip install 'meshroll[pulumi]'`"
    )
