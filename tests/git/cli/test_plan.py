"""`meshroll plan` and `meshroll apply` on a real repository, as a person calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from meshroll.gitops import Plan
from meshroll.gitops.document import SCHEMA, read_plan, to_json
from tests.git.cli.conftest import FILE, Run, manifest, write_stack
from tests.git.repositories import Repository

LABEL = "/0/spec/template/metadata/labels/version"


def given(repository: Repository, *wishes: str) -> list[str]:
    words = [word for wish in wishes for word in ("--set", wish)]
    return ["--repository", repository.remote.url, "--path", "clusters/east", *words]


def planned(run: Run, *arguments: str) -> dict[str, Any]:
    code, output, error = run("plan", "--format", "json", *arguments)
    assert (code, error) == (0, "")
    document = json.loads(output)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    return document


def test_a_plan_shows_one_line_changed_and_changes_nothing(run: Run, repository: Repository) -> None:
    before = repository.head()
    code, output, _ = run("plan", *given(repository, "provider=v2"))
    assert code == 0
    changed = [line for line in output.splitlines() if line.startswith(("+ ", "- ")) or line[:2] in ("+\t", "-\t")]
    assert changed == ["-        version: v1  # by hand", "+        version: v2  # by hand"]
    assert f"~ {FILE}:9 {LABEL}: v1 -> v2" in output
    assert "canary of provider: 5% for 10m, then 100% (at least 10m)" in output
    assert "\x1b" not in output
    assert repository.head() == before


def test_the_document_is_the_plan(run: Run, repository: Repository) -> None:
    document = planned(run, *given(repository, "provider=v2"))
    assert [(edit["file"], edit["line"], edit["pointer"], edit["old"], edit["new"]) for edit in document["edits"]] == [
        (FILE, 9, LABEL, "v1", "v2")
    ]
    assert document["base"] == repository.head()
    assert document["edits"][0]["blob"] == repository.git("rev-parse", f"main:{FILE}").strip()
    assert [finding["kind"] for finding in document["findings"]] == ["image-unchanged"]


def test_a_plan_is_applied_and_applied_again_there_is_nothing_to_do(run: Run, repository: Repository) -> None:
    assert run("plan", *given(repository, "provider=v2"), "--out", "plan.json")[0] == 0
    code, output, error = run("apply", "plan.json")
    head = repository.head()
    assert (code, output, error) == (0, f"committed {head} to main: provider v1 -> v2\n", "")
    assert repository.read(FILE) == manifest(provider="v2", consumer="v1")
    assert run("apply", "plan.json") == (0, f"nothing to do: main holds what is planned ({head})\n", "")
    assert repository.head() == head


def test_the_exit_code_tells_of_changes_only_when_asked(run: Run, repository: Repository) -> None:
    assert run("plan", *given(repository, "provider=v2"))[0] == 0
    assert run("plan", *given(repository, "provider=v2"), "--exit-code")[0] == 3
    assert run("plan", *given(repository, "provider=v1"), "--exit-code")[0] == 0


def test_credentials_go_nowhere_that_a_plan_alone_names(
    run: Run, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("plan", *given(repository, "provider=v2"), "--out", "plan.json")
    monkeypatch.setenv("MESHROLL_REPOSITORY_PASSWORD", "s3cret")
    url, before = repository.remote.url, repository.head()
    code, _, error = run("apply", "plan.json")
    assert code == 2
    assert error == (
        "meshroll: plan.json: the plan alone says where MESHROLL_REPOSITORY_PASSWORD would go; "
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
    assert run("apply", "plan.json")[0] == 0
    assert repository.read(FILE) == manifest(provider="v2", consumer="v3")
    assert repository.log()[0] == "Release 2 services"


def test_a_plan_is_replayed_on_a_head_that_moved(run: Run, repository: Repository) -> None:
    run("plan", *given(repository, "provider=v2"), "--out", "plan.json")
    repository.commit(write={FILE: manifest(first="v1", provider="v1", consumer="v9")})
    assert run("apply", "plan.json")[0] == 0
    assert repository.read(FILE) == manifest(first="v1", provider="v2", consumer="v9")


def test_a_changed_value_is_a_conflict_that_says_who_changed_it_to_what(run: Run, repository: Repository) -> None:
    run("plan", *given(repository, "provider=v2"), "--out", "plan.json")
    theirs = repository.commit("a hotfix", write={FILE: manifest(provider="v1-hotfix", consumer="v1")})
    repository.commit("something else", write={FILE: manifest(provider="v1-hotfix", consumer="v5")})
    code, output, error = run("apply", "plan.json")
    assert (code, output) == (1, "")
    assert error == (
        f"meshroll: {FILE}:9: {LABEL} was changed to 'v1-hotfix' by Ada in {theirs[:12]} (a hotfix) since it was "
        "planned; expected 'v1' as in the plan, or a new plan\n"
    )


def test_a_removed_value_is_a_conflict(run: Run, repository: Repository) -> None:
    run("plan", *given(repository, "provider=v2"), "--out", "plan.json")
    theirs = repository.commit("moved", write={FILE: manifest(consumer="v1")})
    code, _, error = run("apply", "plan.json")
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
    code, _, error = run("apply", "plan.json", *exact["apply"])
    assert code == 1
    assert error == (
        f"meshroll: {FILE}: it was changed by Ada in {theirs[:12]} (unrelated) since it was planned; "
        "expected a new plan\n"
    )


def test_exact_lets_other_files_move(run: Run, repository: Repository) -> None:
    run("plan", *given(repository, "provider=v2"), "--exact", "--out", "plan.json")
    repository.commit(write={"README.md": "bye\n"})
    assert run("apply", "plan.json")[0] == 0


def test_the_hash_of_an_exact_plan_covers_the_blob_and_of_others_not(run: Run, repository: Repository) -> None:
    plain, exact = (planned(run, *given(repository, "provider=v2"), *more) for more in ([], ["--exact"]))
    repository.commit(write={FILE: manifest(first="v1") + "---\n" + manifest(provider="v1", consumer="v5")})
    repository.commit(write={FILE: manifest(provider="v1", consumer="v5")})
    assert planned(run, *given(repository, "provider=v2"))["hash"] == plain["hash"]
    assert planned(run, *given(repository, "provider=v2"), "--exact")["hash"] != exact["hash"]


def test_a_stack_plans_its_applications_and_what_holds_pulumi_to_it(run: Run, repository: Repository) -> None:
    document = planned(run, "-s", "test", "--set", "provider=v2")
    assert document["applications"] == [{"application": "shop-east", "cluster": "east", "wave": 1}]
    assert document["releases"] == {"shop-east": document["hash"]}
    text = run("plan", "-s", "test", "--set", "provider=v2")[1]
    assert text.endswith(f"hash {document['hash']}\nto hold `pulumi up` to it: MESHROLL_PLAN={document['hash']}\n")


def test_a_stack_without_a_wish_on_the_command_line_has_its_own(run: Run) -> None:
    assert planned(run, "-s", "test")["edits"] == []
    assert run("plan", "-s", "test")[1].splitlines()[1] == "Nothing to do: Git holds what is wished."


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


WHICH = "which repository?; expected either -s STACK or --repository URL"
ADDRESSES = "file:///path, https://host/path, http://host/path, ssh://host/path or user@host:path"
ELSEWHERE = ("--repository", "file:///r", "--path", "x")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--set", "a=v1"], WHICH),
        (["-s", "test", "--repository", "file:///r"], WHICH),
        (
            ["-s", "test", "--path", "x"],
            "the stack says where and what; expected no --branch, --path and --field with -s",
        ),
        ([*ELSEWHERE], "what is to be released?; expected --path PATH and --set SERVICE=VERSION"),
        (["-s", "test", "--set", "provider"], "--set: 'provider' names no version; expected SERVICE=VERSION"),
        (["-s", "test", "--set", "provider="], "--set: 'provider=' names no version; expected SERVICE=VERSION"),
        (["-s", "test", "--set", "a=1", "--set", "a=2"], "--set: two versions are wished of a; expected one"),
        (["-s", "test", "--set", "a=1"], "stack test: there is no service a; expected one of provider"),
        (
            [*ELSEWHERE, "--set", "a=1", "--repository", "ext::sh"],
            f"repository.url: 'ext::sh' is not an address Meshroll opens; expected {ADDRESSES}",
        ),
        (
            [*ELSEWHERE, "--set", "a=1", "--branch", "-x"],
            "repository.branch: '-x' is not a branch name; expected a name like main",
        ),
    ],
)
def test_what_is_asked_wrongly_is_one_sentence(run: Run, arguments: list[str], sentence: str) -> None:
    assert run("plan", *arguments) == (2, "", f"meshroll: {sentence}\n")


@pytest.mark.parametrize("version", ["v2\nMeshroll-Stack: x", "v 2", "v2\x1b[2J", "-" * 70])
def test_a_version_that_no_label_can_hold_is_refused(run: Run, repository: Repository, version: str) -> None:
    code, output, error = run("plan", *given(repository, f"provider={version}"))
    assert (code, output) == (2, "")
    assert len(error.splitlines()) == 1
    assert "\x1b" not in error


def test_an_out_file_that_cannot_be_written_is_one_sentence(run: Run, repository: Repository) -> None:
    code, _, error = run("plan", *given(repository, "provider=v2"), "--out", "nowhere/plan.json")
    assert (code, error) == (
        2,
        "meshroll: nowhere/plan.json: it cannot be written (No such file or directory); expected another --out\n",
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
    assert [item["weights"] for item in document["timeline"]] == [[5, 50, 100]]
    assert run("apply", "plan.json")[0] == 0
    for edit in document["edits"]:
        assert repository.read(edit["file"]) == edit["content"]
    later = planned(run, "-s", "test", "--set", "provider=v2")
    assert [(edit["file"], edit["service"]) for edit in later["edits"]] == [
        ("live/east/provider/rollout.yaml", "provider")
    ]
    assert later["hash"] != document["hash"]


def test_a_crafted_plan_cannot_leave_the_tree(run: Run, repository: Repository) -> None:
    plan = read_plan_of(run, repository)
    crafted = replace(plan, edits=(replace(plan.edits[0], file="../outside.yaml"),))
    Path("crafted.json").write_text(to_json(crafted))
    assert run("apply", "crafted.json") == (
        2,
        "",
        "meshroll: repository.path: '../outside.yaml' is not a path inside the repository\n",
    )


def read_plan_of(run: Run, repository: Repository) -> Plan:
    run("plan", *given(repository, "provider=v2"), "--out", "plan.json")
    return read_plan(Path("plan.json"))


def test_what_was_undone_stays_out_of_plans_and_no_old_plan_brings_it_back(run: Run, repository: Repository) -> None:
    where = ("--repository", repository.remote.url, "--path", "clusters/east")
    run("plan", *given(repository, "provider=v2", "consumer=v2"), "--out", "old.json")
    run("plan", *given(repository, "provider=v2"), "--out", "plan.json")
    assert run("apply", "plan.json")[0] == 0
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
        code, _, error = run("apply", plan)
        assert (code, undo[:12] in error, "v2 was undone by" in error) == (2, True, True)
    assert repository.head() == undo


def test_its_help_starts_quickly() -> None:
    code = "import sys; from meshroll.cli import main; main(['plan', '--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    heavy = {"pulumi", "yaml", "grpc", "jsonschema", "kubernetes", "aiohttp", "meshroll.gitops", "meshroll.settings"}
    assert heavy & set(done.stdout.split()) == set()


def test_a_version_that_yaml_reads_as_a_number_is_quoted_even_where_it_stands_already(
    run: Run, repository: Repository
) -> None:
    repository.commit(write={FILE: manifest(provider="1.10", consumer="v1")})
    assert run("plan", *given(repository, "provider=1.10"), "--out", "plan.json")[0] == 0
    assert run("apply", "plan.json")[0] == 0
    assert repository.read(FILE) == manifest(provider="'1.10'", consumer="v1")


def test_bytes_that_are_no_utf_8_are_refused(run: Run) -> None:
    assert run("plan", "--repository", "file:///tmp/\udcff", "--path", "x", "--set", "a=b") == (
        2,
        "",
        "meshroll: the command line: it holds bytes that are not UTF-8\n",
    )
