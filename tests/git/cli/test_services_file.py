"""A stack whose services stand in a file of their own, by the commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.git.cli.conftest import FILE, STACK, Run, manifest
from tests.support.git.repositories import Repository

AT = ("-s", "test")
SERVICES = Path("stacks") / "services.yaml"
TEXT = "# The shop's.\r\nprovider: {version: 'v1'} # by set alone\r\n"


@pytest.fixture(autouse=True)
def services(project: Path, repository: Repository) -> None:
    SERVICES.write_bytes(TEXT.encode())
    stack = STACK.format(url=repository.remote.url, workers="east", delivery="")
    assert "{provider: {version: v1}}" in stack
    (project / "stacks" / "Pulumi.test.yaml").write_text(
        stack.replace("{provider: {version: v1}}", "{file: services.yaml}")
    )


def test_a_version_goes_from_the_file_to_git_and_back(run: Run, repository: Repository) -> None:
    assert run("plan", *AT)[0] == 0
    assert run("set", "provider", "v2", *AT) == (0, f"provider: v1 -> v2 ({SERVICES})\n", "")
    assert SERVICES.read_bytes() == TEXT.replace("'v1'", "'v2'").encode()
    assert run("plan", *AT, "--out", "plan.json")[0] == 0
    assert run("apply", "plan.json")[0] == 0
    assert repository.read(FILE) == manifest(provider="v2", consumer="v1")
    code, history, _ = run("history", *AT)
    assert (code, history.count("provider")) == (0, 1)
    assert run("rollback", "provider", *AT, "--yes")[0] == 0
    assert repository.read(FILE) == manifest(provider="v1", consumer="v1")
    assert run("set", "--from-git", "provider", *AT) == (0, f"provider: v2 -> v1 ({SERVICES})\n", "")
    assert SERVICES.read_bytes() == TEXT.encode()
    assert run("retry", "provider", "v2", *AT)[0] == 0
    assert repository.read(FILE) == manifest(provider="v2", consumer="v1")


def test_config_names_the_file_and_its_lines(run: Run) -> None:
    code, output, _ = run("config", *AT)
    (row,) = [line for line in output.splitlines() if "/provider/version" in line]
    assert (code, row.split()) == (0, ["/config/meshroll:services/provider/version", '"v1"', f"{SERVICES}:2"])


@pytest.mark.parametrize("command", [("plan", *AT), ("history", *AT), ("config", *AT), ("promote", "provider", *AT)])
def test_every_command_names_the_files_line(run: Run, command: tuple[str, ...]) -> None:
    SERVICES.write_text("\nprovider: {version: 1.10}\n")
    assert run(*command) == (
        2,
        "",
        f'meshroll: {SERVICES}:2 /provider/version: 1.10 is read as a number: quote it, "1.10"\n',
    )
