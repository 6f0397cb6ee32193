"""`meshroll plan` on a real repository, as a person calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from meshroll.gitops.plans.serialize import SCHEMA
from tests.git.cli.conftest import FILE, Run, manifest
from tests.support.git.repositories import Repository

LABEL = "/0/spec/template/metadata/labels/version"
WHICH = "which repository? pass -s STACK or --repository URL"
ADDRESSES = "file:///path, https://host/path, http://host/path, ssh://host/path or user@host:path"
ELSEWHERE = ("--repository", "file:///r", "--path", "x")


def given(repository: Repository, *versions: str) -> list[str]:
    words = [word for version in versions for word in ("--set", version)]
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


def test_the_exit_code_tells_of_changes_only_when_asked(run: Run, repository: Repository) -> None:
    assert run("plan", *given(repository, "provider=v2"))[0] == 0
    assert run("plan", *given(repository, "provider=v2"), "--exit-code")[0] == 3
    assert run("plan", *given(repository, "provider=v1"), "--exit-code")[0] == 0


def test_a_service_held_back_is_something_to_do_too_when_asked(run: Run, repository: Repository) -> None:
    assert run("plan", *given(repository, "provider=v2"), "--out", "plan.json")[0] == 0
    assert run("apply", "plan.json", "--repository", repository.remote.url)[0] == 0
    where = ("--repository", repository.remote.url, "--path", "clusters/east")
    assert run("rollback", "provider", *where, "--yes")[0] == 0
    code, output, _ = run("plan", *given(repository, "provider=v2"))
    assert (code, output.splitlines()[1]) == (0, "Nothing to do: the versions wait for a person.")
    assert run("plan", *given(repository, "provider=v2"), "--exit-code") == (3, output, "")


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


def test_without_a_version_on_the_command_line_those_of_the_stack_are_planned(run: Run) -> None:
    assert planned(run, "-s", "test")["edits"] == []
    assert run("plan", "-s", "test")[1].splitlines()[1] == "Nothing to do: Git holds the versions already."


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--set", "a=v1"], WHICH),
        (["-s", "test", "--repository", "file:///r"], WHICH),
        (
            ["-s", "test", "--path", "x"],
            "the stack says where and what; expected no --branch, --path and --field with -s",
        ),
        ([*ELSEWHERE], "what is to be released? pass --path PATH and --set SERVICE=VERSION"),
        (["-s", "test", "--set", "provider"], "--set: 'provider' names no version; expected SERVICE=VERSION"),
        (["-s", "test", "--set", "provider="], "--set: 'provider=' names no version; expected SERVICE=VERSION"),
        (["-s", "test", "--set", "a=1", "--set", "a=2"], "--set: two versions are requested of a; expected one"),
        (["-s", "test", "--set", "a=1"], "stack test: there is no service a; expected one of provider"),
        (
            [*ELSEWHERE, "--set", "a=1", "--repository", "ext::sh"],
            f"--repository: 'ext::sh' is not an address Meshroll opens; expected {ADDRESSES}",
        ),
        (
            ["--repository", "https://user:secret@127.0.0.1/r.git", "--path", "a", "--set", "a=1"],
            "--repository: the URL holds credentials; expected MESHROLL_REPOSITORY_* variables",
        ),
        (
            [*ELSEWHERE, "--set", "a=1", "--branch", "-x"],
            "--branch: '-x' is not a branch name; expected a name like main",
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


def test_a_plan_is_not_written_through_a_link_that_somebody_laid(run: Run, repository: Repository) -> None:
    mine = Path("mine")
    mine.write_text("mine")
    for name in ("plan.json", f".plan.json.{os.getpid()}"):
        Path(name).symlink_to(mine)
    assert run("plan", *given(repository, "provider=v2"), "--out", "plan.json")[0] == 0
    assert mine.read_text() == "mine"
    assert not Path("plan.json").is_symlink()


def test_an_out_file_that_cannot_be_written_is_one_sentence(run: Run, repository: Repository) -> None:
    code, _, error = run("plan", *given(repository, "provider=v2"), "--out", "nowhere/plan.json")
    assert (code, error) == (
        2,
        "meshroll: nowhere/plan.json: it cannot be written (No such file or directory); expected another --out\n",
    )


def test_its_help_starts_quickly() -> None:
    code = "import sys; from meshroll.cli import main; main(['plan', '--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    heavy = {"pulumi", "yaml", "grpc", "jsonschema", "kubernetes", "aiohttp", "meshroll.gitops", "meshroll.settings"}
    assert heavy & set(done.stdout.split()) == set()


def test_bytes_that_are_no_utf_8_are_refused(run: Run) -> None:
    assert run("plan", "--repository", "file:///tmp/\udcff", "--path", "x", "--set", "a=b") == (
        2,
        "",
        "meshroll: the command line: it holds bytes that are not UTF-8\n",
    )


def test_an_application_in_the_repository_that_would_undo_the_canary_is_a_finding(
    run: Run, repository: Repository
) -> None:
    routing = "{istio: {virtualService: {name: provider, routes: [a]}}, managedRoutes: [{name: lane}]}"
    text = manifest(provider="v1").replace("{canary: {", f"{{canary: {{trafficRouting: {routing}, ")
    application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: x}\n"
    repository.commit(write={FILE: text, "x.yaml": f"{application}spec: {{source: {{path: clusters/east}}}}\n"})
    output = run("plan", *given(repository, "provider=v2"))[1]
    (found,) = [line for line in output.splitlines() if line.startswith("  ! x.yaml:1: Application x would undo ")]
    assert '{"spec": {"ignoreDifferences": [{"group": "networking.istio.io", "kind": "VirtualService", ' in found
