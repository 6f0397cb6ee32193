"""`meshroll history`, `rollback`, `retry` and `set --from-git`, as a person calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.git.cli.conftest import FILE, Run, manifest, write_stack
from tests.support.git.repositories import Repository

AT = ("-s", "test")


def deliver(run: Run, version: str) -> None:
    assert run("plan", *AT, "--set", f"provider={version}", "--out", "plan.json")[0] == 0
    assert run("apply", "plan.json")[0] == 0


def day(repository: Repository) -> str:
    return repository.log("%aI")[0][:16].replace("T", " ")


def test_history_lists_who_when_from_to_and_plan(run: Run, repository: Repository) -> None:
    deliver(run, "v2")
    released, first = repository.head(), day(repository)
    plan = repository.git("log", "-1", "--format=%(trailers:key=Meshroll-Plan,valueonly)", "main").strip()
    assert run("rollback", "provider", *AT, "--yes", "--reason", "it is slow")[0] == 0
    undone, second = repository.head(), day(repository)
    undo = repository.git("log", "-1", "--format=%(trailers:key=Meshroll-Plan,valueonly)", "main").strip()
    code, output, error = run("history", *AT)
    assert (code, error) == (0, "")
    assert output == (
        f"{second}  undo     provider  v2 -> v1  clusters/east  Meshroll  {undone[:12]}  plan {undo[:12]}  it is slow\n"
        f"{first}  release  provider  v1 -> v2  clusters/east  Meshroll  {released[:12]}  plan {plan[:12]}\n"
    )
    assert run("history", "provider", "--repository", repository.remote.url)[1] == run("history", *AT)[1]
    assert run("history", "consumer", *AT) == (0, "there is no release in the history\n", "")
    (newest,) = json.loads(run("history", *AT, "-n", "1", "--format", "json")[1])
    assert (newest["undo"], newest["old"], newest["new"], newest["undoes"]) == (True, "v2", "v1", [released])
    assert newest["command"] == "rollback"


def test_rollback_shows_one_line_asks_and_returns_it(run: Run, project: Path, repository: Repository) -> None:
    deliver(run, "v2")
    released = repository.head()
    code, output, error = run("rollback", "provider", *AT)
    assert (code, error) == (2, "meshroll: nobody can be asked; expected --yes to undo it\n")
    changed = [line for line in output.splitlines() if line.startswith(("- ", "+ ", "-  ", "+  "))]
    assert changed == ["-        version: v2  # by hand", "+        version: v1  # by hand"]
    assert repository.head() == released

    code, output, error = run("rollback", "provider", *AT, "--yes")
    assert (code, error) == (0, "")
    assert output.endswith(
        f"committed {repository.head()} to main: provider v2 -> v1\n"
        "`meshroll set --from-git provider -s test` brings the stack file in line\n"
    )
    assert repository.read(FILE) == manifest(provider="v1", consumer="v1")
    undone = f"v2 was undone by Meshroll in {repository.head()[:12]} at {day(repository)}"
    sentence = f"provider: nothing to do: {undone}; --to goes further back\n"
    assert run("rollback", "provider", *AT, "--yes") == (0, sentence, "")


def test_what_was_undone_is_a_finding_of_plan_and_apply_refuses_it(run: Run, repository: Repository) -> None:
    run("plan", *AT, "--set", "provider=v2", "--out", "before.json")
    run("apply", "before.json")
    run("rollback", "provider", *AT, "--yes", "--reason", "it is slow")
    undone = repository.head()
    sentence = f"v2 was undone by Meshroll in {undone[:12]} at {day(repository)}: it is slow"

    code, output, _ = run("plan", *AT, "--set", "provider=v2", "--out", "after.json")
    assert (code, f"  ! provider: {sentence}; `meshroll retry provider v2 -s test` releases it again" in output) == (
        0,
        True,
    )
    for file in ("before.json", "after.json"):
        code, _, error = run("apply", file)
        assert (code, sentence in error) == (2, True)
    assert repository.head() == undone


def test_retry_releases_it_again_and_nothing_else(run: Run, repository: Repository) -> None:
    deliver(run, "v2")
    assert run("retry", "provider", "v2", *AT) == (0, "nothing to do: Git holds v2 of provider\n", "")
    run("rollback", "provider", *AT, "--yes")
    assert run("retry", "provider", "v3", *AT) == (2, "", "meshroll: provider: v3 was not undone; expected one of v2\n")
    code, output, error = run("retry", "provider", "v2", *AT)
    assert (code, error) == (0, "")
    assert output.endswith(f"committed {repository.head()} to main: provider v1 -> v2\n")
    assert repository.read(FILE) == manifest(provider="v2", consumer="v1")
    assert "! provider" not in run("plan", *AT, "--set", "provider=v2")[1]


def test_without_a_stack_the_places_are_given(run: Run, repository: Repository) -> None:
    where = ("--repository", repository.remote.url, "--path", "clusters/{cluster}")
    at = (*where, "--field", "label:version")
    run("plan", *at, "--set", "consumer=v2", "--out", "plan.json")
    run("apply", "plan.json", "--repository", repository.remote.url)
    assert run("rollback", "consumer", *where, "--yes")[0] == 0
    assert repository.read(FILE) == manifest(provider="v1", consumer="v1")
    assert run("retry", "consumer", "v2", *at)[0] == 0
    assert repository.read(FILE) == manifest(provider="v1", consumer="v2")


def test_an_undo_covers_the_folders_of_all_clusters(run: Run, project: Path, repository: Repository) -> None:
    west = FILE.replace("east", "west")
    repository.commit(write={west: manifest(provider="v1")})
    write_stack(project, repository, workers="east, west")
    deliver(run, "v2")
    assert run("rollback", "provider", *AT, "--yes")[0] == 0
    assert repository.read(FILE) == manifest(provider="v1", consumer="v1")
    assert repository.read(west) == manifest(provider="v1")


def test_the_stack_file_is_brought_in_line_with_git(run: Run, project: Path, repository: Repository) -> None:
    path = Path("stacks/Pulumi.test.yaml")
    repository.commit(write={FILE: manifest(provider="v9", consumer="v1")})
    assert run("set", "--from-git", "provider", *AT) == (0, f"provider: v1 -> v9 ({path})\n", "")
    assert "{provider: {version: v9}}" in path.read_text()
    assert run("set", "--from-git", "provider", *AT) == (0, f"provider has v9 already ({path})\n", "")


def test_clusters_that_differ_need_a_version(run: Run, project: Path, repository: Repository) -> None:
    repository.commit(write={FILE.replace("east", "west"): manifest(provider="v2")})
    write_stack(project, repository, workers="east, west")
    assert run("set", "--from-git", "provider", *AT) == (
        2,
        "",
        "meshroll: Git holds several versions of provider: shop-east v1, shop-west v2; expected VERSION\n",
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("set", "provider", *AT), "which version? pass VERSION or --from-git"),
        (("set", "--from-git", "provider", "v2", *AT), "which version? pass VERSION or --from-git"),
        (("set", "--from-git", "nobody", *AT), "stack test: there is no service nobody; expected one of provider"),
        (("rollback", "nobody", *AT, "-y"), "stack test: there is no service nobody; expected one of provider"),
        (("rollback", "provider", *AT, "-y"), "there is no release of provider in the history; expected a service"),
        (("rollback", "provider", "-y"), "which repository? pass -s STACK or --repository URL"),
        (("rollback", "provider", "--repository", "file:///x", "-y"), "where is provider? pass --path PATH"),
        (("history", *AT, "--branch", "x"), "the stack says where and what; expected no --branch"),
    ],
)
def test_bad_input_is_one_sentence(run: Run, repository: Repository, arguments: tuple[str, ...], sentence: str) -> None:
    before = repository.head()
    code, output, error = run(*arguments)
    assert (code, output, error.count("\n")) == (2, "", 1)
    assert error.startswith(f"meshroll: {sentence}")
    assert repository.head() == before


def test_a_stack_may_say_whose_its_commits_are_and_what_they_say(
    run: Run, project: Path, repository: Repository
) -> None:
    path = write_stack(project, repository)
    commit = '{author: "Robot <robot@example.com>", message: "ops: {subject}"}'
    path.write_text(path.read_text().replace('path: "clusters', f'commit: {commit}, path: "clusters'))
    deliver(run, "v2")
    run("rollback", "provider", *AT, "--yes")
    run("retry", "provider", "v2", *AT)
    assert repository.log("%an %s")[:3] == [
        "Robot ops: Release provider v1 -> v2",
        "Robot ops: Undo provider v2 -> v1",
        "Robot ops: Release provider v1 -> v2",
    ]


def test_without_a_stack_what_was_undone_on_one_path_is_free_on_another(run: Run, repository: Repository) -> None:
    west = "clusters/west/shop.yaml"
    repository.commit(write={west: manifest(provider="v1")})

    def at(path: str) -> list[str]:
        return ["--repository", repository.remote.url, "--path", path]

    for path in ("clusters/east", "clusters/west"):
        run("plan", *at(path), "--set", "provider=v2", "--out", "plan.json")
        assert run("apply", "plan.json", "--repository", repository.remote.url)[0] == 0
    code, output, _ = run("rollback", "provider", *at("clusters/east"), "--yes")
    assert (code, output.splitlines()[-1]) == (0, f"committed {repository.head()} to main: provider v2 -> v1")
    assert (repository.read(FILE), repository.read(west)) == (
        manifest(provider="v1", consumer="v1"),
        manifest(provider="v2"),
    )
    assert "v2 was undone" in run("plan", *at("clusters/east/"), "--set", "provider=v2")[1]
    assert run("rollback", "provider", *at("clusters/west"), "--yes")[0] == 0
    assert repository.read(west) == manifest(provider="v1")


def test_an_undo_of_a_file_counts_for_the_folder_around_it(run: Run, repository: Repository) -> None:
    def at(path: str) -> list[str]:
        return ["--repository", repository.remote.url, "--path", path]

    run("plan", *at(FILE), "--set", "provider=v2", "--out", "plan.json")
    run("apply", "plan.json", "--repository", repository.remote.url)
    assert run("rollback", "provider", *at(FILE), "--yes")[0] == 0
    code, output, _ = run("plan", *at("clusters/east"), "--set", "provider=v2", "--exit-code")
    again = f"`meshroll retry provider v2 --repository {repository.remote.url} --path clusters/east`"
    assert (code, again in output) == (3, True)
    assert "Nothing to do: the versions wait for a person." in output


def test_a_commit_of_several_releases_is_only_undone_whole(run: Run, repository: Repository) -> None:
    message = "Squash\n\nMeshroll-Service: provider v1 -> v2\n\nMeshroll-Service: provider v2 -> v3\n"
    repository.commit(write={FILE: manifest(provider="v3", consumer="v1")}, message=message)
    squashed = repository.head()
    code, _, error = run("rollback", "provider", *AT, "--yes")
    assert code == 2
    assert error == (
        f"meshroll: commit {squashed[:12]}: it holds several releases of provider: v2 -> v3, v1 -> v2; "
        "expected --to v1 --over-newer, which undoes all of them\n"
    )
    assert repository.head() == squashed
    assert run("rollback", "provider", *AT, "--to", "v1", "--over-newer", "--yes")[0] == 0
    assert repository.read(FILE) == manifest(provider="v1", consumer="v1")


def test_what_one_cluster_took_back_is_not_taken_for_all(run: Run, project: Path, repository: Repository) -> None:
    west = FILE.replace("east", "west")
    repository.commit(write={west: manifest(provider="v1")})
    write_stack(project, repository, workers="east, west")
    deliver(run, "v2")
    here = ("--repository", repository.remote.url, "--path", "clusters/east")
    assert run("rollback", "provider", *here, "--yes")[0] == 0
    assert "version: v2" in repository.read(west)
    assert run("rollback", "provider", *AT, "--yes")[0] == 0
    assert repository.read(west) == manifest(provider="v1")
    code, output, _ = run("rollback", "provider", *AT, "--yes")
    assert (code, output.startswith("provider: nothing to do: v2 was undone")) == (0, True)


def test_an_undo_says_nothing_of_a_cluster_it_does_not_reach(run: Run, project: Path, repository: Repository) -> None:
    west = FILE.replace("east", "west")
    repository.commit(write={west: manifest(provider="v1")})
    write_stack(project, repository, workers="east, west")
    deliver(run, "v2")
    write_stack(project, repository, workers="east")
    assert run("rollback", "provider", *AT, "--yes")[0] == 0
    services = repository.git("log", "-1", "--format=%(trailers:key=Meshroll-Service,valueonly)", "main").split("\n")
    assert [line for line in services if line] == ["provider v2 -> v1 in clusters/east"]
    write_stack(project, repository, workers="east, west")
    assert run("rollback", "provider", *AT, "--yes")[0] == 0
    assert repository.read(west) == manifest(provider="v1")


def test_the_root_is_a_path_like_any_other(run: Run, repository: Repository) -> None:
    at = ("--repository", repository.remote.url, "--path", "")
    run("plan", *at, "--set", "consumer=v2", "--out", "plan.json")
    run("apply", "plan.json", "--repository", repository.remote.url)
    assert run("rollback", "consumer", *at, "--yes")[0] == 0
    assert run("retry", "consumer", "v2", *at)[0] == 0
    assert repository.read(FILE) == manifest(provider="v1", consumer="v2")


def test_a_hint_names_branch_and_fields_too(run: Run, repository: Repository) -> None:
    repository.git("update-ref", "refs/heads/rel", "main")
    where = ("--repository", repository.remote.url, "--branch", "rel", "--path", "clusters/east")
    at = (*where, "--field", "label:version")
    run("plan", *at, "--set", "consumer=v2", "--out", "plan.json")
    run("apply", "plan.json", "--repository", repository.remote.url)
    run("rollback", "consumer", *where, "--yes")
    hint = f"`meshroll retry consumer v2 {' '.join(at)}` releases it again"
    assert hint in run("plan", *at, "--set", "consumer=v2")[1]


def test_an_empty_branch_is_not_the_main_one(run: Run, repository: Repository) -> None:
    at = ("--repository", repository.remote.url, "--branch", "", "--path", "clusters/east")
    assert run("plan", *at, "--set", "consumer=v2") == (
        2,
        "",
        "meshroll: --branch: '' is not a branch name; expected a name like main\n",
    )
