"""A stack whose clusters go in turn: a plan shows the waves, and no commit moves two of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.git.cli.conftest import FILE, Run, manifest, write_stack
from tests.support.git.repositories import Repository

WEST = FILE.replace("east", "west")
AT = ("-s", "test")
VERSION = (*AT, "--set", "provider=v2")


@pytest.fixture(autouse=True)
def two_waves(project: Path, repository: Repository) -> None:
    write_stack(project, repository, workers="east, west", delivery=", waves: [[west], [east]]")
    repository.commit(write={WEST: manifest(provider="v1")})


def versions(repository: Repository) -> list[str]:
    return ["v2" if "version: v2" in repository.read(file) else "v1" for file in (WEST, FILE)]


def test_a_plan_says_which_cluster_moves_when(run: Run) -> None:
    code, output, _ = run("plan", *VERSION)
    assert code == 0
    waves = "wave 1: Application shop-west (cluster west)\nwave 2: Application shop-east (cluster east)\n"
    assert waves in output


def test_a_plan_of_several_waves_is_shown_and_not_applied(run: Run, repository: Repository) -> None:
    before = repository.head()
    run("plan", *VERSION, "--out", "plan.json")
    code, _, error = run("apply", "plan.json")
    assert code == 2
    assert error == (
        "meshroll: plan.json: it moves 2 waves, and one commit would move them at once; "
        "expected --wave N, or `pulumi up`, which takes them in turn\n"
    )
    assert repository.head() == before


def test_each_wave_is_planned_and_applied_by_itself(run: Run, repository: Repository) -> None:
    for wave, after in ((1, ["v2", "v1"]), (2, ["v2", "v2"])):
        assert run("plan", *VERSION, "--wave", str(wave), "--out", "plan.json")[0] == 0
        document = json.loads(Path("plan.json").read_text())
        assert [move["wave"] for move in document["applications"]] == [wave]
        assert run("apply", "plan.json")[0] == 0
        assert versions(repository) == after


def test_what_was_undone_in_the_first_wave_does_not_reach_the_second(run: Run, repository: Repository) -> None:
    run("plan", *VERSION, "--wave", "1", "--out", "plan.json")
    run("apply", "plan.json")
    assert run("rollback", "provider", *AT, "--yes")[0] == 0
    assert versions(repository) == ["v1", "v1"]
    code, output, _ = run("plan", *VERSION, "--wave", "2")
    assert (code, "! provider: v2 was undone by" in output) == (0, True)


def test_what_is_held_in_a_wave_can_be_released_there(run: Run, repository: Repository) -> None:
    run("plan", *VERSION, "--wave", "1", "--out", "plan.json")
    run("apply", "plan.json")
    run("rollback", "provider", *AT, "--yes")
    assert "`meshroll retry provider v2 -s test` releases it again" in run("plan", *VERSION, "--wave", "2")[1]
    assert run("retry", "provider", "v2", *AT, "--wave", "2")[0] == 0
    assert versions(repository) == ["v1", "v2"]


def test_a_retry_goes_wave_by_wave_too(run: Run, repository: Repository) -> None:
    for wave in ("1", "2"):
        run("plan", *VERSION, "--wave", wave, "--out", "plan.json")
        run("apply", "plan.json")
    code, output, _ = run("rollback", "provider", *AT, "--yes")  # an undo hurries: all clusters at once
    assert (code, "wave 2: Application shop-east (cluster east)" in output) == (0, True)
    assert versions(repository) == ["v1", "v1"]
    code, _, error = run("retry", "provider", "v2", *AT)
    assert code == 2
    assert error.startswith("meshroll: `meshroll retry provider v2`: it moves 2 waves, and one commit would move them")
    assert run("retry", "provider", "v2", *AT, "--wave", "1")[0] == 0
    assert versions(repository) == ["v2", "v1"]
    assert run("retry", "provider", "v2", *AT, "--wave", "2")[0] == 0
    assert versions(repository) == ["v2", "v2"]


def test_a_plan_made_before_there_were_waves_is_held_to_them(run: Run, project: Path, repository: Repository) -> None:
    write_stack(project, repository, workers="east, west")
    run("plan", *VERSION, "--out", "plan.json")
    write_stack(project, repository, workers="east, west", delivery=", waves: [[west], [east]]")
    code, _, error = run("apply", "plan.json")
    assert (code, error.startswith("meshroll: plan.json: it moves 2 waves")) == (2, True)
    assert versions(repository) == ["v1", "v1"]


def test_the_plan_of_a_wave_offers_no_hashes_to_pulumi(run: Run) -> None:
    assert "MESHROLL_PLAN=" in run("plan", *VERSION)[1]
    assert "MESHROLL_PLAN=" not in run("plan", *VERSION, "--wave", "1")[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((*VERSION, "--wave", "3"), "stack test: there is no wave 3; expected 1 to 2"),
        (
            ("--repository", "file:///x", "--path", "x", "--set", "a=b", "--wave", "1"),
            "--wave: only a stack has waves; expected -s STACK",
        ),
    ],
)
def test_a_wave_that_does_not_exist_is_bad_input(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    assert run("plan", *arguments) == (2, "", f"meshroll: {sentence}\n")
