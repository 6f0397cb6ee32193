"""Planning and applying rendered files on a real repository over file://."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from meshroll.errors import BadInputError, ConflictError
from meshroll.gitops.git import Remote
from meshroll.gitops.git.process import Git, Result
from meshroll.gitops.planners import plan_rendered, read_versions
from meshroll.gitops.plans import Applied, Edit, Plan, VersionChange, apply_plan
from meshroll.manifests.templates import MARKER
from tests.support.git.repositories import Repository, release, rollout

ROOT = "sandbox/worker-1"
FILE = f"{ROOT}/provider/rollout.yaml"


def plan(repository: Repository, *, root: str = ROOT, **versions: str) -> Plan:
    return plan_rendered(repository.remote, root, release(**versions), cache=repository.cache)


def deliver(repository: Repository, **versions: str) -> Applied:
    return apply_plan(repository.remote, plan(repository, **versions), stack="sandbox", cache=repository.cache)


def test_a_repository_without_any_ref_gets_its_first_commit_on_the_branch(repository: Repository) -> None:
    planned = plan(repository, provider="v1")
    assert planned.changes == (VersionChange("provider", None, "v1", ROOT),)
    assert [(edit.file, edit.old) for edit in planned.edits] == [(FILE, "")]
    assert repository.git("for-each-ref") == ""

    applied = apply_plan(repository.remote, planned, stack="sandbox", cache=repository.cache)

    assert applied == Applied(repository.head(), made=True)
    assert repository.files() == [FILE]
    assert repository.read(FILE) == rollout("provider", "v1")
    assert repository.log("%P") == [""]


def test_the_diff_is_what_git_would_show_and_can_be_applied(repository: Repository) -> None:
    deliver(repository, provider="v1")
    planned = plan(repository, provider="v2")
    old, new = (edit := planned.edits[0]).old, edit.new
    assert planned.diff == (
        f"diff --git a/{FILE} b/{FILE}\n"
        f"index {old[:12]}..{new[:12]} 100644\n"
        f"--- a/{FILE}\n"
        f"+++ b/{FILE}\n"
        "@@ -6,4 +6,4 @@ spec:\n"
        "   template:\n"
        "     metadata:\n"
        "       labels:\n"
        "-        version: v1\n"
        "+        version: v2\n"
    )


def test_all_changed_services_go_into_one_commit_with_trailers(repository: Repository) -> None:
    deliver(repository, provider="v1", consumer="v1", other="v1")
    planned = plan(repository, provider="v2", consumer="v3", other="v1")
    apply_plan(repository.remote, planned, stack="sandbox", cache=repository.cache)

    assert repository.log() == ["Release 2 services of sandbox", "Release 3 services of sandbox"]
    trailers = repository.git("log", "-1", "--format=%(trailers:only,unfold)", "main").split("\n")
    assert [line for line in trailers if line] == [
        "Meshroll-Stack: sandbox",
        f"Meshroll-Service: provider v1 -> v2 in {ROOT}",
        f"Meshroll-Service: consumer v1 -> v3 in {ROOT}",
        f"Meshroll-Plan: {planned.hash}",
    ]


def test_nothing_to_change_is_success_without_a_commit(repository: Repository) -> None:
    first = deliver(repository, provider="v1")
    planned = plan(repository, provider="v1")
    assert (planned.edits, planned.changes, planned.diff) == ((), (), "")
    assert deliver(repository, provider="v1") == Applied(first.commit, made=False)


def test_applying_a_plan_twice_makes_one_commit(repository: Repository) -> None:
    planned = plan(repository, provider="v1")
    first = apply_plan(repository.remote, planned, stack="sandbox", cache=repository.cache)
    second = apply_plan(repository.remote, planned, stack="sandbox", cache=repository.cache)
    assert (first.made, second) == (True, Applied(first.commit, made=False))


def test_files_no_longer_rendered_go_and_other_peoples_stay(repository: Repository) -> None:
    ours = f"{MARKER}weight: edit the stack, not this file.\nkind: Gateway\n"
    repository.commit(
        write={
            f"{ROOT}/provider/gateway.yaml": ours,
            f"{ROOT}/provider/old/deep.yaml": ours,
            f"{ROOT}/provider/notes.yaml": "kind: ConfigMap\n",
            f"{ROOT}/provider/README.md": ours,
            f"{ROOT}/neighbour/gateway.yaml": ours,
            "README": "hello",
        }
    )
    deliver(repository, provider="v1")
    assert repository.files() == [
        "README",
        f"{ROOT}/neighbour/gateway.yaml",
        f"{ROOT}/provider/README.md",
        f"{ROOT}/provider/notes.yaml",
        FILE,
    ]


def test_a_file_that_is_not_ours_is_not_overwritten(repository: Repository) -> None:
    repository.commit(write={FILE: "kind: Rollout\n"})
    with pytest.raises(BadInputError) as caught:
        plan(repository, provider="v1")
    assert str(caught.value) == (
        f"{FILE}: the file was not rendered by Meshroll and is not overwritten; "
        "expected it moved, or removed if it may be replaced"
    )


def test_the_mode_of_a_file_and_everything_beside_it_survive(repository: Repository) -> None:
    deliver(repository, provider="v1")
    repository.commit(write={FILE: rollout("provider", "v1"), "bin/x": "#!/bin/sh\n"}, modes={FILE: "100755"})
    deliver(repository, provider="v2")
    assert repository.git("ls-tree", "main", FILE).split()[0] == "100755"
    assert repository.read("bin/x") == "#!/bin/sh\n"


def test_a_moved_head_with_other_files_is_no_conflict(repository: Repository) -> None:
    deliver(repository, provider="v1")
    planned = plan(repository, provider="v2")
    repository.commit("elsewhere", write={"README": "hello"})
    apply_plan(repository.remote, planned, stack="sandbox", cache=repository.cache)
    assert repository.log() == ["Release provider v1 -> v2", "elsewhere", "Release provider v1"]


def test_a_conflict_says_who_changed_the_file_in_which_commit(repository: Repository) -> None:
    deliver(repository, provider="v1")
    planned = plan(repository, provider="v2")
    theirs = repository.commit("hotfix", write={FILE: rollout("provider", "v9")})
    for number in range(20):
        repository.commit(f"elsewhere {number}", write={"README": str(number)})
    before = repository.head()
    with pytest.raises(ConflictError) as caught:
        apply_plan(repository.remote, planned, stack="sandbox", cache=repository.cache)
    assert str(caught.value) == (
        f"{FILE}: it was changed by Ada in {theirs[:12]} (hotfix) since it was planned; expected a new plan"
    )
    assert repository.head() == before


def test_only_the_edits_agreed_on_are_committed(repository: Repository) -> None:
    deliver(repository, provider="v1", consumer="v1")
    agreed = plan(repository, provider="v2", consumer="v1").edits
    repository.commit("by hand", write={f"{ROOT}/consumer/rollout.yaml": rollout("consumer", "v7")})
    later = plan(repository, provider="v2", consumer="v1").bound_to(agreed)
    assert later.changes == (VersionChange("provider", "v1", "v2", ROOT),)
    apply_plan(repository.remote, later, stack="sandbox", cache=repository.cache)
    versions = read_versions(repository.remote, ROOT, ("provider", "consumer", "none"), cache=repository.cache)
    assert versions == (repository.head(), {"provider": "v2", "consumer": "v7", "none": None})


def test_edits_that_do_not_fit_what_is_rendered_are_refused(repository: Repository) -> None:
    deliver(repository, provider="v1")
    planned = plan(repository, provider="v2")
    forged = planned.bound_to([Edit(FILE, "", planned.edits[0].old, "1" * 40)])
    with pytest.raises(ConflictError, match="what is rendered now is not what was planned"):
        apply_plan(repository.remote, forged, stack="sandbox", cache=repository.cache)


def test_a_missing_branch_in_a_repository_with_refs_is_an_error(repository: Repository) -> None:
    repository.commit(write={"README": "hello"})
    with pytest.raises(BadInputError) as caught:
        plan_rendered(Remote(repository.remote.url, "live"), ROOT, release(provider="v1"), cache=repository.cache)
    assert str(caught.value) == (
        f"repository {repository.remote.url}: there is no branch live; expected one of its branches: main"
    )


def test_a_repository_with_only_a_tag_is_not_empty(repository: Repository) -> None:
    repository.commit(write={"README": "hello"})
    repository.git("tag", "v1", "main")
    repository.git("update-ref", "-d", "refs/heads/main")
    with pytest.raises(BadInputError, match="there is no branch main"):
        plan(repository, provider="v1")


def test_a_missing_repository_is_an_error(repository: Repository) -> None:
    with pytest.raises(BadInputError) as caught:
        plan_rendered(Remote("file:///nowhere/rollouts.git", "main"), ROOT, {}, cache=repository.cache)
    assert str(caught.value) == "repository file:///nowhere/rollouts.git: there is no such repository"


@pytest.mark.parametrize("link", [ROOT, f"{ROOT}/provider", FILE])
def test_a_symbolic_link_is_never_written_through(repository: Repository, link: str) -> None:
    repository.commit(write={link: "/etc"}, modes={link: "120000"})
    with pytest.raises(BadInputError, match="a symbolic link"):
        plan(repository, provider="v1")


def test_a_submodule_in_the_way_is_refused(repository: Repository) -> None:
    head = repository.commit(write={"README": "hello"})
    tree = repository.git("mktree", stdin=f"160000 commit {head}\tsandbox\n".encode()).strip()
    repository.git("update-ref", "refs/heads/main", repository.git("commit-tree", tree, "-m", "x").strip())
    with pytest.raises(BadInputError, match="sandbox: a submodule is in the way"):
        plan(repository, provider="v1")


def test_a_name_that_differs_only_in_case_is_refused(repository: Repository) -> None:
    repository.commit(write={"Sandbox/README": "hello"})
    with pytest.raises(BadInputError, match="the repository has 'Sandbox', different only in case"):
        plan(repository, provider="v1")


@pytest.mark.parametrize("root", ["../x", "a/../b", ".git", "a//b", "a/./b", "a\\b", ".GIT/x", "a\nb"])
def test_a_path_that_leaves_the_tree_is_refused(repository: Repository, root: str) -> None:
    with pytest.raises(BadInputError, match="not a path inside the repository"):
        plan(repository, root=root, provider="v1")


def test_the_root_of_the_repository_may_be_the_path(repository: Repository) -> None:
    apply_plan(repository.remote, plan(repository, root="", provider="v1"), stack="s", cache=repository.cache)
    assert repository.files() == ["provider/rollout.yaml"]


def test_attributes_of_the_repository_hide_nothing_and_change_no_byte(repository: Repository) -> None:
    repository.commit(write={".gitattributes": "*.yaml -diff text eol=crlf\n"})
    deliver(repository, provider="v1")
    assert repository.read(FILE) == rollout("provider", "v1")
    assert "+        version: v2\n" in plan(repository, provider="v2").diff


def test_a_file_to_be_rendered_where_a_filter_waits_is_refused(repository: Repository) -> None:
    repository.commit(write={f"{ROOT}/.gitattributes": "provider/* filter=lfs\n"})
    with pytest.raises(BadInputError, match=r"\.gitattributes gives it the filter 'lfs', which is never run"):
        plan(repository, provider="v1")


def test_control_characters_of_the_repository_do_not_reach_the_terminal(repository: Repository) -> None:
    repository.commit(write={FILE: f"{MARKER}\x1b[2J\u202e\r\n".encode()})
    diff = plan(repository, provider="v1").diff
    assert f"-{MARKER}\\x1b[2J\\u202e\r\n" in diff
    assert "\x1b" not in diff


def test_a_manifest_that_is_not_yaml_has_no_version(repository: Repository) -> None:
    repository.commit(write={FILE: "kind: Rollout\n\t- {", f"{ROOT}/provider/x.yaml": b"\xff\xfe"})
    found = read_versions(repository.remote, ROOT, ("provider",), cache=repository.cache)
    assert found == (repository.head(), {"provider": None})


def test_a_huge_file_is_refused(repository: Repository) -> None:
    repository.commit(write={FILE: "x" * (10 << 20) + "y"})
    with pytest.raises(BadInputError, match="the file has 10485761 bytes; expected at most 10485760"):
        plan(repository, provider="v1")


def test_the_last_file_of_a_service_leaves_no_empty_folder(repository: Repository) -> None:
    deliver(repository, provider="v1")
    planned = plan_rendered(repository.remote, ROOT, {"provider": {}}, cache=repository.cache)
    apply_plan(repository.remote, planned, stack="sandbox", cache=repository.cache)
    assert repository.files() == []


def test_as_many_git_processes_are_started_for_few_services_as_for_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    real = Git.run

    def run(git: Git, *arguments: str, **options: Any) -> Result:
        called.append(arguments[0])
        return real(git, *arguments, **options)

    monkeypatch.setattr(Git, "run", run)

    def calls(repository: Repository, services: int) -> list[list[str]]:
        names = [f"service-{number}" for number in range(services)]
        found = []
        for version in ("v1", "v2", "v2"):
            called.clear()
            planned = plan(repository, **dict.fromkeys(names, version))
            found.append(sorted(called))
            called.clear()
            apply_plan(repository.remote, planned, stack="sandbox", cache=repository.cache)
            found.append(sorted(called))
        called.clear()
        _, versions = read_versions(repository.remote, ROOT, tuple(names), cache=repository.cache)
        assert versions == dict.fromkeys(names, "v2")
        return [*found, sorted(called)]

    few, many = Repository.make(tmp_path / "few"), Repository.make(tmp_path / "many")
    assert calls(few, 3) == calls(many, 60)
    many.git("fsck", "--strict")


def test_folders_and_files_are_sorted_in_a_tree_as_git_sorts_them(repository: Repository) -> None:
    names = ("a", "a-b", "a0", "ab")
    repository.commit(write={f"{name}.yaml": name for name in names} | {f"{ROOT}/a.b": "x"})
    deliver(repository, **dict.fromkeys(names, "v1"))
    assert sorted(repository.files()) == sorted(
        [*(f"{name}.yaml" for name in names), f"{ROOT}/a.b", *(f"{ROOT}/{name}/rollout.yaml" for name in names)]
    )
    repository.git("fsck", "--strict")
