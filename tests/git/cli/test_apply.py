"""`meshroll apply`: what a plan holds to when the branch, the plan or the repository is another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from meshroll.gitops.plans import Plan
from meshroll.gitops.plans.serialize import read_plan, to_json
from tests.git.cli.conftest import FILE, Run, manifest, write_stack
from tests.git.cli.test_plan import LABEL, given, planned
from tests.support.git.repositories import Repository


def test_a_plan_is_applied_and_applied_again_there_is_nothing_to_do(run: Run, repository: Repository) -> None:
    assert run("plan", *given(repository, "provider=v2"), "--out", "plan.json")[0] == 0
    code, output, error = run("apply", "plan.json", "--repository", repository.remote.url)
    head = repository.head()
    assert (code, output, error) == (0, f"committed {head} to main: provider v1 -> v2\n", "")
    assert repository.read(FILE) == manifest(provider="v2", consumer="v1")
    assert run("apply", "plan.json", "--repository", repository.remote.url) == (
        0,
        f"nothing to do: main holds what is planned ({head})\n",
        "",
    )
    assert repository.head() == head


@pytest.mark.parametrize("password", ["", "s3cret"])
def test_nothing_goes_where_a_plan_alone_says(
    run: Run, repository: Repository, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    run("plan", *given(repository, "provider=v2"), "--out", "plan.json")
    monkeypatch.setenv("MESHROLL_REPOSITORY_PASSWORD", password)
    url, before = repository.remote.url, repository.head()
    code, _, error = run("apply", "plan.json")
    assert code == 2
    assert error == (
        "meshroll: plan.json: which repository? the plan names no stack; "
        f"expected --repository {url}, if that is right\n"
    )
    assert run("apply", "plan.json", "--repository", "file:///other.git")[0] == 2
    assert repository.head() == before
    assert run("apply", "plan.json", "--repository", url)[0] == 0


def test_the_repository_of_a_stacks_plan_is_the_stacks(run: Run, repository: Repository) -> None:
    run("plan", "-s", "test", "--set", "provider=v2", "--out", "plan.json")
    code, _, error = run("apply", "plan.json", "--repository", repository.remote.url)
    assert (code, error) == (2, "meshroll: plan.json: stack test says where; expected no --repository\n")


def test_several_services_go_in_one_commit(run: Run, repository: Repository) -> None:
    run("plan", *given(repository, "provider=v2", "consumer=v3"), "--out", "plan.json")
    assert run("apply", "plan.json", "--repository", repository.remote.url)[0] == 0
    assert repository.read(FILE) == manifest(provider="v2", consumer="v3")
    assert repository.log()[0] == "Release 2 services"


def test_a_plan_is_replayed_on_a_head_that_moved(run: Run, repository: Repository) -> None:
    run("plan", *given(repository, "provider=v2"), "--out", "plan.json")
    repository.commit(write={FILE: manifest(first="v1", provider="v1", consumer="v9")})
    assert run("apply", "plan.json", "--repository", repository.remote.url)[0] == 0
    assert repository.read(FILE) == manifest(first="v1", provider="v2", consumer="v9")


def test_a_changed_value_is_a_conflict_that_says_who_changed_it_to_what(run: Run, repository: Repository) -> None:
    run("plan", *given(repository, "provider=v2"), "--out", "plan.json")
    theirs = repository.commit("a hotfix", write={FILE: manifest(provider="v1-hotfix", consumer="v1")})
    repository.commit("something else", write={FILE: manifest(provider="v1-hotfix", consumer="v5")})
    code, output, error = run("apply", "plan.json", "--repository", repository.remote.url)
    assert (code, output) == (1, "")
    assert error == (
        f"meshroll: {FILE}:9: {LABEL} was changed to 'v1-hotfix' by Ada in {theirs[:12]} (a hotfix) since it was "
        "planned; expected 'v1' as in the plan, or a new plan\n"
    )


def test_a_removed_value_is_a_conflict(run: Run, repository: Repository) -> None:
    run("plan", *given(repository, "provider=v2"), "--out", "plan.json")
    theirs = repository.commit("moved", write={FILE: manifest(consumer="v1")})
    code, _, error = run("apply", "plan.json", "--repository", repository.remote.url)
    assert code == 1
    assert error == (
        f"meshroll: {FILE}: {LABEL} was removed by Ada in {theirs[:12]} (moved) since it was planned; "
        "expected 'v1' as in the plan, or a new plan\n"
    )


@pytest.mark.parametrize("when", ["plan", "apply"])
def test_exact_refuses_a_file_that_moved_at_all(run: Run, repository: Repository, when: str) -> None:
    exact = {"plan": [], "apply": [], when: ["--exact"]}
    run("plan", *given(repository, "provider=v2"), *exact["plan"], "--out", "plan.json")
    theirs = repository.commit("unrelated", write={FILE: manifest(provider="v1", consumer="v5")})
    code, _, error = run("apply", "plan.json", "--repository", repository.remote.url, *exact["apply"])
    assert code == 1
    assert error == (
        f"meshroll: {FILE}: it was changed by Ada in {theirs[:12]} (unrelated) since it was planned; "
        "expected a new plan\n"
    )


def test_exact_lets_other_files_move(run: Run, repository: Repository) -> None:
    run("plan", *given(repository, "provider=v2"), "--exact", "--out", "plan.json")
    repository.commit(write={"README.md": "bye\n"})
    assert run("apply", "plan.json", "--repository", repository.remote.url)[0] == 0


def test_the_clusters_of_a_stack_go_in_one_commit(run: Run, project: Path, repository: Repository) -> None:
    write_stack(project, repository, workers="east, west")
    repository.commit(write={"clusters/west/shop.yaml": manifest(provider="v1")})
    document = planned(run, "-s", "test", "--set", "provider=v2", "--out", "plan.json")
    assert [edit["file"] for edit in document["edits"]] == [FILE, "clusters/west/shop.yaml"]
    assert [move["application"] for move in document["applications"]] == ["shop-east", "shop-west"]
    assert list(document["releases"]) == ["shop-east", "shop-west"]
    before = len(repository.log())
    assert run("apply", "plan.json")[0] == 0
    assert len(repository.log()) == before + 1


def test_a_plan_of_another_repository_than_the_stacks_is_refused(
    run: Run, project: Path, repository: Repository, tmp_path: Path
) -> None:
    run("plan", "-s", "test", "--set", "provider=v2", "--out", "plan.json")
    other = Repository.make(tmp_path / "other")
    write_stack(project, other)
    code, _, error = run("apply", "plan.json")
    assert code == 2
    assert error == (
        f"meshroll: plan.json: the plan is for branch main of {repository.remote.url}; "
        f"expected one for branch main of {other.remote.url}, which stack test has\n"
    )


def test_a_plan_edited_by_hand_writes_nothing(run: Run, repository: Repository) -> None:
    run("plan", *given(repository, "provider=v2"), "--out", "plan.json")
    Path("plan.json").write_text(Path("plan.json").read_text().replace('"new": "v2"', '"new": "v3"'))
    before = repository.head()
    assert run("apply", "plan.json") == (
        2,
        "",
        "meshroll: plan.json: the plan was changed since it was made; expected one as `meshroll plan` wrote it\n",
    )
    assert repository.head() == before


def test_a_rendered_stack_is_planned_and_applied_as_whole_files(
    run: Run, project: Path, repository: Repository
) -> None:
    stack = project / "stacks" / "Pulumi.test.yaml"
    text = stack.read_text().replace("kind: adopted", "kind: rendered").replace("clusters/{cluster}", "live/{cluster}")
    service = "{version: v1, template: weight, parameters: {image: x/y:1, port: 80, portName: http}}"
    stack.write_text(text.replace("{version: v1}", service))
    document = planned(run, "-s", "test", "--out", "plan.json")
    assert {edit["pointer"] for edit in document["edits"]} == {""}
    assert [(item["weights"], item["none"]) for item in document["timeline"]] == [([], "it is the first release")]
    assert run("apply", "plan.json")[0] == 0
    for edit in document["edits"]:
        assert repository.read(edit["file"]) == edit["content"]
    later = planned(run, "-s", "test", "--set", "provider=v2")
    assert [(edit["file"], edit["service"]) for edit in later["edits"]] == [
        ("live/east/provider/rollout.yaml", "provider")
    ]
    assert [item["weights"] for item in later["timeline"]] == [[5, 50, 100]]
    assert later["hash"] != document["hash"]


def read_plan_of(run: Run, repository: Repository) -> Plan:
    run("plan", *given(repository, "provider=v2"), "--out", "plan.json")
    return read_plan(Path("plan.json"))


def test_a_crafted_plan_cannot_leave_the_tree(run: Run, repository: Repository) -> None:
    plan = read_plan_of(run, repository)
    crafted = replace(plan, edits=(replace(plan.edits[0], file="../outside.yaml"),))
    Path("crafted.json").write_text(to_json(crafted))
    assert run("apply", "crafted.json", "--repository", repository.remote.url) == (
        2,
        "",
        (
            "meshroll: crafted.json: /edits/0: it is not what the plan's edits make of the repository; "
            "expected a new plan\n"
        ),
    )


def test_what_opens_a_repository_without_a_stack_is_named_by_its_variable(
    run: Run, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = given(repository, "provider=v2")
    run("plan", *arguments, "--out", "plan.json")
    where = arguments[:2]
    monkeypatch.setenv("MESHROLL_REPOSITORY_CA_FILE", "/nope")
    said = (2, "", "meshroll: MESHROLL_REPOSITORY_CA_FILE: there is no such file; expected a file\n")
    calls = (
        ("plan", *arguments),
        ("apply", "plan.json", *where),
        ("history", *where),
        ("rollback", "provider", *where, "--path", "clusters/east"),
        ("retry", "provider", "v2", *where, "--path", "clusters/east"),
    )
    assert [run(*call) for call in calls] == [said] * len(calls)


def test_what_was_undone_stays_out_of_plans_and_no_old_plan_brings_it_back(run: Run, repository: Repository) -> None:
    where = ("--repository", repository.remote.url, "--path", "clusters/east")
    run("plan", *given(repository, "provider=v2", "consumer=v2"), "--out", "old.json")
    run("plan", *given(repository, "provider=v2"), "--out", "plan.json")
    assert run("apply", "plan.json", "--repository", repository.remote.url)[0] == 0
    assert run("rollback", "provider", *where, "--yes", "--reason", "it was slow")[0] == 0
    undo = repository.head()
    document = planned(run, *given(repository, "provider=v2", "consumer=v2"), "--out", "new.json")
    assert [edit["service"] for edit in document["edits"]] == ["consumer"]
    (finding,) = [item for item in document["findings"] if item["kind"] == "undone"]
    assert finding["service"] == "provider"
    assert finding["message"].startswith("v2 was undone by ")
    assert undo[:12] in finding["message"]
    assert "it was slow" in finding["message"]
    for plan in ("plan.json", "old.json", "new.json"):
        code, _, error = run("apply", plan, "--repository", repository.remote.url)
        assert (code, undo[:12] in error, "v2 was undone by" in error) == (2, True, True)
    assert repository.head() == undo


def test_a_version_that_yaml_reads_as_a_number_is_quoted_even_where_it_is_there_already(
    run: Run, repository: Repository
) -> None:
    repository.commit(write={FILE: manifest(provider="1.10", consumer="v1")})
    assert run("plan", *given(repository, "provider=1.10"), "--out", "plan.json")[0] == 0
    assert run("apply", "plan.json", "--repository", repository.remote.url)[0] == 0
    assert repository.read(FILE) == manifest(provider="'1.10'", consumer="v1")
