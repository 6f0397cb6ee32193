"""A change of parameters that leaves the version as it is: no command calls it a move from a version to itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.git.cli.conftest import Run
from tests.support.git.repositories import Repository

AT = ("-s", "test")
SERVICE = "{version: v59, template: weight, parameters: {image: x/y:1, port: %d, portName: http}}"


@pytest.fixture
def rendered(project: Path, run: Run) -> Path:
    """The project's stack for a rendered repository, with one service released."""
    stack = project / "stacks" / "Pulumi.test.yaml"
    text = stack.read_text().replace("kind: adopted", "kind: rendered").replace("clusters/{cluster}", "live/{cluster}")
    stack.write_text(text.replace("{version: v1}", SERVICE % 80))
    assert run("plan", *AT, "--out", "plan.json")[0] == 0
    assert run("apply", "plan.json")[0] == 0
    stack.write_text(stack.read_text().replace("port: 80", "port: 81"))
    return stack


def test_it_is_shown_as_a_change_everywhere(run: Run, rendered: Path, repository: Repository) -> None:
    code, output, error = run("plan", *AT, "--out", "plan.json")
    assert (code, error) == (0, "")
    assert output.splitlines()[2] == "provider: v59 stays, its parameters or fields change"
    markdown = run("plan", *AT, "--format", "markdown")[1]
    assert markdown.splitlines()[0] == "### Release plan: `provider: v59 stays, its parameters or fields change`"
    code, output, error = run("apply", "plan.json")
    assert (code, output, error) == (0, f"committed {repository.head()} to main: provider v59 changed\n", "")
    assert repository.git("log", "-1", "--format=%s%n%(trailers:key=Meshroll-Service,valueonly)", "main").split("\n")[
        :2
    ] == ["Change provider v59", "provider v59 -> v59 in live/east"]
    newest = run("history", *AT)[1].splitlines()[0]
    assert newest.split()[2:6] == ["change", "provider", "v59", "live/east"]
    assert "v59 -> v59" not in newest
