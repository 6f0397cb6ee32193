"""Repositories made to trip a tool that edits them: one clear sentence, and nothing written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meshroll.errors import BadInputError
from meshroll.gitops.history.events import read_events
from meshroll.gitops.planners.adopted import DesiredVersion, plan
from meshroll.gitops.plans import Plan, apply_plan, as_markdown, as_text, to_json
from tests.support.git.repositories import Repository

FILE = "clusters/east/provider/rollout.yaml"
ROLLOUT = (
    "kind: Rollout\nmetadata: {name: provider}\n"
    "spec:\n  template:\n    metadata:\n      labels:\n        version: v1  # by hand\n"
)


def planned(repository: Repository, path: str = "clusters/east", version: str = "v2") -> Plan:
    return plan(repository.remote, path, [DesiredVersion("provider", version)], cache=repository.cache)


def refused(repository: Repository, path: str = "clusters/east", version: str = "v2") -> str:
    """The sentence; the branch stays where it is."""
    head = repository.head()
    with pytest.raises(BadInputError) as caught:
        planned(repository, path, version)
    assert repository.head() == head
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_link_in_place_of_the_file_is_not_followed(repository: Repository) -> None:
    repository.commit(write={"secret.yaml": ROLLOUT, FILE: "../../../secret.yaml"}, modes={FILE: "120000"})
    assert "provider" in refused(repository)
    assert refused(repository, FILE) == (
        f"{FILE}: it is a symbolic link to ../../../secret.yaml, which is not followed; expected the path secret.yaml"
    )


def test_a_link_in_place_of_a_folder_is_not_followed(repository: Repository) -> None:
    repository.commit(write={"real/rollout.yaml": ROLLOUT, "clusters": "real"}, modes={"clusters": "120000"})
    assert (
        refused(repository)
        == "clusters: it is a symbolic link to real, which is not followed; expected the path real/east"
    )


def test_a_submodule_is_not_entered(repository: Repository) -> None:
    first = repository.commit(write={"README": "x"})
    index = f"160000 {first}\tclusters\n".encode()
    tree = repository.git("mktree", "--missing", stdin=index.replace(b" ", b" commit ", 1)).strip()
    repository.git("update-ref", "refs/heads/main", repository.git("commit-tree", tree, "-m", "sub").strip())
    assert refused(repository) == (
        "clusters: it is a submodule, which is not followed; expected a plan in its own repository"
    )


@pytest.mark.parametrize(
    "path", ["../outside", "clusters/../../outside", "clusters/.git/config", "a\0b", "clusters\\x"]
)
def test_a_path_that_leaves_the_repository_is_refused(repository: Repository, path: str) -> None:
    repository.commit(write={FILE: ROLLOUT})
    assert "is not a path inside the repository" in refused(repository, path)


def test_a_name_that_differs_in_case_is_not_taken_for_another(repository: Repository) -> None:
    repository.commit(write={"Clusters/east/rollout.yaml": ROLLOUT})
    assert refused(repository) == "clusters: the repository has 'Clusters', different only in case"


@pytest.fixture
def drivers(tmp_path: Path) -> Path:
    """Filters and a diff driver of the user's own Git, that leave the returned file behind when they run."""
    ran = tmp_path / "ran"
    filters = f'[filter "evil"]\n\tclean = touch {ran}; cat\n\tsmudge = touch {ran}; cat\n'
    (tmp_path / "gitconfig").write_text(filters + f'[diff "evil"]\n\ttextconv = touch {ran}; cat\n')
    return ran


@pytest.mark.parametrize("folder", ["", "clusters/", "clusters/east/", "clusters/east/provider/"])
def test_a_file_with_a_filter_is_refused_and_the_filter_not_run(
    repository: Repository, drivers: Path, folder: str
) -> None:
    attributes = f"{folder}.gitattributes"
    repository.commit(write={attributes: "*.yaml filter=evil\n", FILE: ROLLOUT})
    assert refused(repository) == (
        f"{FILE}: {attributes} gives it the filter 'evil', which is never run; expected a file without a filter"
    )
    assert not drivers.exists()


def test_attributes_in_the_text_of_a_link_count_as_they_do_on_a_checkout(repository: Repository) -> None:
    link = {".gitattributes": "120000"}
    repository.commit(write={".gitattributes": "*.yaml filter=evil\n", FILE: ROLLOUT}, modes=link)
    assert "gives it the filter 'evil'" in refused(repository)


def test_a_filter_that_came_after_the_plan_is_refused_too(repository: Repository) -> None:
    repository.commit(write={FILE: ROLLOUT})
    plan = planned(repository)
    head = repository.commit(write={".gitattributes": "clusters/** filter=lfs\n"})
    with pytest.raises(BadInputError, match=r"^clusters/.*: .gitattributes gives it the filter 'lfs'"):
        apply_plan(repository.remote, plan, stack="x", cache=repository.cache)
    assert repository.head() == head


@pytest.mark.parametrize(
    "lines",
    [
        "*.png filter=lfs\n",
        "*.yaml filter=evil\nrollout.yaml -filter\n",
        "*.yaml filter\n",
        "* diff=evil text eol=crlf\n",
        "[attr]secret filter=evil\n*.key secret\n",
    ],
)
def test_attributes_that_give_the_file_no_filter_change_nothing(
    repository: Repository, drivers: Path, lines: str
) -> None:
    repository.commit(write={".gitattributes": lines, FILE: ROLLOUT})
    apply_plan(repository.remote, planned(repository), stack="x", cache=repository.cache)
    assert repository.read(FILE) == ROLLOUT.replace("v1", "v2")
    assert not drivers.exists()
    assert not list(repository.cache.rglob("attributes.index*"))


def test_hooks_of_a_template_are_not_installed(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = tmp_path / "template" / "hooks"
    hooks.mkdir(parents=True)
    for name in ("pre-push", "reference-transaction", "post-checkout", "pre-auto-gc"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (hooks / name).chmod(0o755)
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(hooks.parent))
    (tmp_path / "gitconfig").write_text(f"[init]\n\ttemplateDir = {hooks.parent}\n")
    repository.commit(write={FILE: ROLLOUT})
    apply_plan(repository.remote, planned(repository), stack="x", cache=repository.cache)
    assert repository.read(FILE) == ROLLOUT.replace("v1", "v2")
    assert not (tmp_path / "ran").exists()
    assert not list(repository.cache.rglob("hooks/*"))


def test_bytes_that_are_no_utf8_are_named_with_their_file(repository: Repository) -> None:
    repository.commit(write={FILE: ROLLOUT.encode() + b"# caf\xe9 provider\n"})
    assert refused(repository).startswith(f"{FILE}")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
@pytest.mark.parametrize("path", ["clusters/east", FILE])
def test_a_manifest_in_utf16_is_named(repository: Repository, encoding: str, path: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    repository.commit(write={FILE: (mark + ROLLOUT).encode(encoding)})
    assert refused(repository, path) == f"{FILE}: is not UTF-8 (byte 0)"


def test_a_name_that_is_no_utf8_stays_as_it_is(repository: Repository) -> None:
    repository.commit(write={FILE: ROLLOUT})
    listed = repository.git("ls-tree", "-z", "main").encode("utf-8", "surrogateescape")
    blob = repository.git("hash-object", "-w", "--stdin", stdin=b"x").strip().encode()
    tree = repository.git("mktree", "-z", stdin=listed + b"100644 blob " + blob + b"\tcaf\xe9\0").strip()
    commit = repository.git("commit-tree", tree, "-p", "main", "-m", "latin").strip()
    repository.git("update-ref", "refs/heads/main", commit)
    apply_plan(repository.remote, planned(repository), stack="x", cache=repository.cache)
    changed = repository.git("diff-tree", "-r", "--name-only", "main^", "main")
    assert changed == f"{FILE}\n"


def test_a_name_beyond_ascii_is_itself_in_every_output_and_what_hides_something_is_escaped(
    repository: Repository,
) -> None:
    repository.commit(write={"clusters/größe/店.yaml": ROLLOUT, 'clusters/größe/a\u2028"b.yaml': ROLLOUT})
    plain, hostile = (planned(repository, f"clusters/größe/{name}.yaml") for name in ("店", 'a\u2028"b'))
    names = "a/clusters/größe/店.yaml b/clusters/größe/店.yaml"
    for shown in (as_text(plain), as_markdown(plain), json.loads(to_json(plain))["diff"]):
        assert f"diff --git {names}\n" in shown
        assert "+++ b/clusters/größe/店.yaml\n" in shown
    names = '"a/clusters/größe/a\\u2028\\"b.yaml" "b/clusters/größe/a\\u2028\\"b.yaml"'
    for shown in (as_text(hostile), as_markdown(hostile), json.loads(to_json(hostile))["diff"]):
        assert f"diff --git {names}\n" in shown
        assert "\u2028" not in shown


def test_a_file_of_fifty_megabytes_is_refused(repository: Repository) -> None:
    repository.commit(write={FILE: ROLLOUT + "#" * (50 << 20)})
    said = refused(repository, FILE)
    assert said.startswith(f"{FILE}: the file has {(50 << 20) + len(ROLLOUT)} bytes; expected at most ")


@pytest.mark.parametrize("version", ["v2\n", "v2\nMeshroll-Stack: x", "v2\x1b[2J", ""])
def test_a_version_that_is_no_word_is_refused(repository: Repository, version: str) -> None:
    repository.commit(write={FILE: ROLLOUT})
    assert "cannot be the value of a label" in refused(repository, version=version)


def test_duplicate_keys_are_refused_with_their_line(repository: Repository) -> None:
    repository.commit(write={FILE: ROLLOUT + "spec: {}\n"})
    assert refused(repository, FILE).startswith(f"{FILE}:8")


def test_invalid_yaml_is_refused_with_line_and_column(repository: Repository) -> None:
    repository.commit(write={FILE: ROLLOUT + "  broken: [\n"})
    assert refused(repository, FILE).startswith(f"{FILE}:")


def test_a_thousand_documents_are_read(repository: Repository) -> None:
    others = "".join(f"---\nkind: ConfigMap\nmetadata: {{name: c{number}}}\n" for number in range(1000))
    repository.commit(write={FILE: others + "---\n" + ROLLOUT})
    apply_plan(repository.remote, planned(repository), stack="x", cache=repository.cache)
    assert repository.read(FILE) == others + "---\n" + ROLLOUT.replace("v1", "v2")


def test_a_file_that_cannot_be_read_is_told_where_another_holds_the_version(repository: Repository) -> None:
    beside = FILE.replace("rollout", "twice")
    repository.commit(write={FILE: ROLLOUT, beside: ROLLOUT + "kind: Rollout\n", "clusters/east/c.yaml": "a: [\n"})
    found = planned(repository)
    assert [edit.file for edit in found.edits] == [FILE]
    (finding,) = [finding for finding in found.findings if finding.kind == "unreadable"]
    assert str(finding).startswith(f"provider: it was passed over: {beside}:8")


@pytest.mark.parametrize("twin", [FILE.replace("rollout", "Rollout"), FILE.replace("east", "East")])
def test_a_file_beside_its_twin_is_not_edited(repository: Repository, twin: str) -> None:
    repository.commit(write={FILE: ROLLOUT, twin: "x: 1\n"})
    assert "different only in case" in refused(repository)


def test_no_secret_of_ours_reaches_a_servers_hook(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit(write={FILE: ROLLOUT})
    hook = repository.path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nenv > {tmp_path}/seen\n")
    hook.chmod(0o755)
    for name in ("MESHROLL_REPOSITORY_PASSWORD", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_ACCESS_TOKEN"):
        monkeypatch.setenv(name, "s3cret")
    apply_plan(repository.remote, planned(repository), stack="prod", cache=repository.cache)
    assert "PATH=" in (tmp_path / "seen").read_text()
    assert "s3cret" not in (tmp_path / "seen").read_text()


def test_a_version_with_white_space_in_it_can_be_released_away_from(repository: Repository) -> None:
    repository.commit(write={FILE: ROLLOUT.replace("v1", "'v1 stable'")})
    apply_plan(repository.remote, planned(repository), stack="prod", cache=repository.cache)
    assert repository.log()[0] == "Release provider v1 stable -> v2"
    (event,) = read_events(repository.remote, cache=repository.cache)
    assert (event.old, event.new) == ("v1 stable", "v2")
