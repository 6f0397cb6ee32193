"""A version in Git that the last `pulumi up` did not write is left alone by the command line as by `pulumi up`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.git.cli.conftest import FILE, Run, manifest, write_stack
from tests.support.git.repositories import Repository

Wrote = Callable[..., None]


def findings(output: str) -> list[str]:
    return [line.strip() for line in output.splitlines() if line.startswith("  ! ")]


def test_what_someone_else_put_into_git_is_a_finding_with_commit_and_author(
    run: Run, repository: Repository, pulumi: Wrote
) -> None:
    pulumi(shop_east={"provider": "v1"})
    theirs = repository.commit("hotfix", write={FILE: manifest(provider="v9", consumer="v1")})
    sentence = (
        f"! provider: Git holds v9, newer than v1, which `pulumi up` wrote last: Ada in {theirs[:12]} (hotfix); "
        "`meshroll set --from-git provider -s test` and then `pulumi up` bring the stack in line, "
        "and the next version goes on from there"
    )
    for versions in ((), ("--set", "provider=v2")):
        code, output, error = run("plan", "-s", "test", *versions, "--out", "plan.json")
        assert (code, error, findings(output)) == (0, "", [sentence])
        assert "Nothing to do: the versions wait for a person." in output
        code, _, error = run("apply", "plan.json")
        assert (code, error) == (2, f"meshroll: plan.json: the plan holds {sentence[2:]}; expected a plan without it\n")
    assert repository.head() == theirs


def test_what_was_reverted_by_hand_is_not_released_again(run: Run, repository: Repository, pulumi: Wrote) -> None:
    repository.commit("Release", write={FILE: manifest(provider="v2", consumer="v1")})
    pulumi(shop_east={"provider": "v2"})
    revert = repository.commit("Revert the release", write={FILE: manifest(provider="v1", consumer="v1") + "# back\n"})
    stack_file = Path("stacks/Pulumi.test.yaml")
    stack_file.write_text(stack_file.read_text().replace("version: v1", "version: v2"))
    code, output, _ = run("plan", "-s", "test")
    (finding,) = findings(output)
    assert code == 0
    assert finding.startswith("! provider: Git holds v1, newer than v2, which `pulumi up` wrote last: Ada in ")
    assert repository.head() == revert


def test_a_branch_that_was_moved_back_is_distinguished_from_a_newer_version(
    run: Run, repository: Repository, pulumi: Wrote
) -> None:
    back = repository.head()
    repository.commit("Release", write={FILE: manifest(provider="v2", consumer="v1")})
    pulumi(shop_east={"provider": "v2"})
    repository.git("update-ref", "refs/heads/main", back)
    sentence = (
        "! provider: Git holds v1, and v2, which `pulumi up` wrote last, is no longer in the history of main: "
        f"v1 was put there by Ada in {back[:12]} (by hand); `meshroll set --from-git provider -s test` and then "
        "`pulumi up` bring the stack in line, and the next version goes on from there"
    )
    assert "Git holds" not in run("plan", "-s", "test", "--set", "provider=v3")[1]  # the stack file has v1: it is known
    stack_file = Path("stacks/Pulumi.test.yaml")
    stack_file.write_text(stack_file.read_text().replace("version: v1", "version: v2"))
    code, output, error = run("plan", "-s", "test", "--out", "plan.json")
    assert (code, error, findings(output)) == (0, "", [sentence])
    assert run("apply", "plan.json") == (
        2,
        "",
        f"meshroll: plan.json: the plan holds {sentence[2:]}; expected a plan without it\n",
    )


def test_each_cluster_has_what_was_written_to_it(
    run: Run, project: Path, repository: Repository, pulumi: Wrote
) -> None:
    write_stack(project, repository, workers="east, west")
    repository.commit(write={"clusters/west/shop.yaml": manifest(provider="v0")})
    pulumi(shop_east={"provider": "v1"}, shop_west={"provider": "v0"})
    code, output, _ = run("plan", "-s", "test", "--set", "provider=v2")
    assert (code, "provider: v1 -> v2 in clusters/east\nprovider: v0 -> v2 in clusters/west\n" in output) == (0, True)
    assert [word for word in findings(output) if "newer" in word] == []


def test_what_was_written_at_another_place_does_not_count(
    run: Run, project: Path, repository: Repository, pulumi: Wrote
) -> None:
    pulumi(shop_east={"provider": "v2"})
    moved = write_stack(project, repository)
    moved.write_text(moved.read_text().replace("clusters/{cluster}", "new/{cluster}"))
    repository.commit(write={"new/east/shop.yaml": manifest(provider="v1")})
    code, output, _ = run("plan", "-s", "test", "--set", "provider=v3")
    assert (code, [word for word in findings(output) if "newer" in word]) == (0, [])
    assert "provider: v1 -> v3" in output


def test_a_state_that_is_not_one_is_a_finding(run: Run, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("warning: something\n{}")
    assert findings(run("plan", "-s", "test", "--set", "provider=v2")[1])[-1] == (
        "! what `pulumi up` wrote last cannot be read (what pulumi printed:1:1: is not JSON at 'w'; expected a value): "
        "Git's history alone was asked"
    )


def test_a_stack_that_was_never_up_is_no_trouble(run: Run) -> None:
    assert "cannot be read" not in run("plan", "-s", "test", "--set", "provider=v2")[1]


def test_a_state_that_cannot_be_read_is_a_finding_beside_the_plan(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    code, output, _ = run("plan", "-s", "test", "--set", "provider=v2")
    assert code == 0
    assert findings(output)[-1] == (
        "! what `pulumi up` wrote last cannot be read (the command pulumi is missing): Git's history alone was asked"
    )
    assert "cannot be read" not in run("plan", "-s", "test")[1]  # nothing changes, so nobody asks
