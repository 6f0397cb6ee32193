"""A change of parameters that leaves the version as it is: no command calls it a move from a version to itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

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


def put_token(stack: Path, token: str) -> int:
    """Give the service of the stack a variable, and answer the line on which it stands."""
    stack.write_text(stack.read_text().replace("portName: http", f"portName: http, env: {{TOKEN: {token}}}"))
    return next(number for number, line in enumerate(stack.read_text().splitlines(), 1) if "TOKEN" in line)


@pytest.mark.parametrize("command", [("plan",), ("plan", "--out", "secret.json"), ("history",)])
def test_a_secret_among_them_is_one_sentence(
    run: Run, rendered: Path, repository: Repository, command: tuple[str, ...]
) -> None:
    before = repository.head()
    line = put_token(rendered, "{secure: v1:abc:def}")
    sentence = (
        f"meshroll: stacks/Pulumi.test.yaml:{line} /config/meshroll:services/provider/parameters/env/TOKEN: "
        "a secret would be committed to Git in clear; "
        "expected the name of a Secret, such as {secretKeyRef: {name: SECRET, key: KEY}} in env\n"
    )
    assert run(*command, *AT) == (2, "", sentence)
    assert (repository.head(), Path("secret.json").exists()) == (before, False)


@pytest.mark.parametrize("reference", ["env: SECRET_TOKEN", "file: token"])
def test_what_may_be_a_secret_is_read_only_with_the_mark(
    run: Run, rendered: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch, reference: str
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    Path("token").write_text("s3cret\n")
    text = rendered.read_text()
    put_token(rendered, f"{{{reference}}}")
    code, output, error = run("plan", *AT)
    assert (code, output, "s3cret" in error) == (2, "", False)
    assert "it may be a secret, and would be committed to Git in clear" in error
    rendered.write_text(text)
    put_token(rendered, f"{{{reference}, public: true}}")
    assert run("plan", *AT, "--out", "plan.json")[0] == 0
    assert run("apply", "plan.json")[0] == 0
    assert "value: s3cret" in repository.read("live/east/provider/rollout.yaml")


def test_the_key_of_a_secret_is_committed_instead(run: Run, rendered: Path, repository: Repository) -> None:
    put_token(rendered, "{secretKeyRef: {name: shop, key: token}}")
    assert run("plan", *AT, "--out", "plan.json")[0] == 0
    assert run("apply", "plan.json")[0] == 0
    (rollout,) = yaml.safe_load_all(repository.read("live/east/provider/rollout.yaml"))
    (container,) = rollout["spec"]["template"]["spec"]["containers"]
    assert container["env"][-1] == {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "shop", "key": "token"}}}
