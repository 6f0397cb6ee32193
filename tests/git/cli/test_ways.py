"""The way that a held service's sentence names leads on: after it, the next version is released."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from meshroll.cli.project import load_stack
from meshroll.gitops.history.holds import unless_undone
from meshroll.gitops.plans import apply_plan
from meshroll.release import planning
from meshroll.release.stack import from_stack, release_groups
from meshroll.release.wording import hold_sentence
from tests.git.cli.conftest import FILE, Run, manifest
from tests.support.git.repositories import Repository

AT = ("-s", "test")
Up = Callable[..., list[str]]


@pytest.fixture
def up(pulumi: Callable[..., None]) -> Up:
    """What a Release does in `pulumi up`, without Pulumi and without clusters; answers what is held.

    Killed after its commit, it leaves Pulumi's state as it was.
    """
    state: dict[str, str] = {}

    def run_it(*, killed: bool = False) -> list[str]:
        stack = load_stack("test")
        ((name, clusters),) = release_groups(stack).items()
        inputs = replace(from_stack(stack, clusters), written=dict(state))
        plan, held = planning.plan_unheld(inputs)
        apply_plan(inputs.remote, plan, stack="test", command="up", style=inputs.style, guard=unless_undone(plan))
        if not killed:
            state.update(planning.written(inputs, held))
            pulumi(**{name.replace("-", "_"): state})
        return [hold_sentence(hold) for hold in held]

    return run_it


def request(run: Run, version: str) -> None:
    code, _, error = run("set", "provider", version, *AT)
    assert (code, error) == (0, "")


def version(repository: Repository) -> str:
    return next(line.split()[1] for line in repository.read(FILE).splitlines() if "version:" in line)


def commands(message: str) -> list[list[str]]:
    """The commands that a sentence names."""
    return [part.split() for part in message.split("`")[1::2] if part.split()[0] in ("meshroll", "pulumi")]


def follow(run: Run, up: Up, message: str) -> None:
    """Do what the sentence says, in its order."""
    way = message.rpartition("; ")[2]
    assert commands(way), message
    for program, *words in commands(way):
        if program == "pulumi":
            assert (words, up()) == (["up"], [])
        else:
            code, _, error = run(*words)
            assert (code, error) == (0, "")


def hotfix(run: Run, repository: Repository) -> None:
    repository.commit("hotfix", write={FILE: manifest(provider="v9", consumer="v1")})


def applied(run: Run, repository: Repository) -> None:
    assert run("plan", *AT, "--set", "provider=v9", "--out", "plan.json")[0] == 0
    assert run("apply", "plan.json")[0] == 0


def rolled_back(run: Run, repository: Repository) -> None:
    assert run("rollback", "provider", *AT, "--yes")[0] == 0


def moved_back(run: Run, repository: Repository) -> None:
    repository.git("update-ref", "refs/heads/main", repository.log("%H")[1])


def reverted(run: Run, repository: Repository) -> None:
    repository.commit("Revert", write={FILE: manifest(provider="v1", consumer="v1")})


CASES = [
    (hotfix, "Git holds v9, newer than v2, which `pulumi up` wrote last: Ada in "),
    (applied, "Git holds v9, newer than v2, which `pulumi up` wrote last: Meshroll in "),
    (reverted, "Git holds v1, newer than v2, which `pulumi up` wrote last: Ada in "),
    (
        moved_back,
        "Git holds v1, and v2, which `pulumi up` wrote last, is no longer in the history of main: v1 was put ",
    ),
    (rolled_back, "v2 was undone by Meshroll in "),
]


@pytest.mark.parametrize("next_version", ["v2", "v3"])
@pytest.mark.parametrize(("happens", "begins"), CASES, ids=[case[0].__name__ for case in CASES])
def test_after_the_way_that_a_hold_names_the_next_version_is_released(
    run: Run,
    up: Up,
    repository: Repository,
    happens: Callable[[Run, Repository], None],
    begins: str,
    next_version: str,
) -> None:
    assert up() == []
    request(run, "v2")
    assert up() == []
    happens(run, repository)
    before = repository.head()
    (message,) = up()
    assert message.startswith(f"provider: {begins}")
    assert repository.head() == before
    follow(run, up, message)
    request(run, next_version)
    assert up() == []
    assert version(repository) == next_version


def test_on_the_command_line_the_stack_file_in_line_is_enough(run: Run, up: Up, repository: Repository) -> None:
    up()
    hotfix(run, repository)
    assert run("set", "--from-git", "provider", *AT)[0] == 0
    assert run("plan", *AT, "--set", "provider=v3", "--out", "plan.json")[0] == 0
    assert run("apply", "plan.json")[0] == 0
    assert version(repository) == "v3"


def test_an_up_that_was_killed_after_its_commit_does_not_hold_the_next_version(
    run: Run, up: Up, repository: Repository
) -> None:
    up()
    request(run, "v2")
    assert up(killed=True) == []
    assert up(killed=True) == []  # nothing to commit
    request(run, "v3")
    assert "Git holds" not in run("plan", *AT)[1]
    assert up() == []
    assert repository.log()[:2] == ["Release provider v2 -> v3", "Release provider v1 -> v2"]


def test_what_a_person_undid_of_it_stays_undone_and_goes_on(run: Run, up: Up, repository: Repository) -> None:
    up()
    request(run, "v2")
    up(killed=True)
    rolled_back(run, repository)
    (message,) = up()
    assert message.startswith("provider: v2 was undone by Meshroll in ")
    request(run, "v3")
    assert up(killed=True) == []
    request(run, "v4")
    assert up() == []
    assert repository.log()[:2] == ["Release provider v3 -> v4", "Release provider v1 -> v3"]


def test_every_commit_says_which_command_made_it(run: Run, up: Up, repository: Repository) -> None:
    request(run, "v2")
    up()
    applied(run, repository)
    rolled_back(run, repository)
    assert run("retry", "provider", "v9", *AT)[0] == 0
    made_by = repository.log("%(trailers:key=Meshroll-Command,valueonly,separator=%x2C)")
    assert made_by == ["retry", "rollback", "apply", "up", ""]
