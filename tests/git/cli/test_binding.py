"""`meshroll apply` of plan files whose hash and checksum were computed anew by whoever changed them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from meshroll.gitops.git import blob_of
from meshroll.gitops.plans import EARLIER, Edit, Finding, Move, Plan, ServiceSettings, VersionChange
from meshroll.gitops.plans.serialize import read_plan, to_json
from tests.git.cli.conftest import FILE, Run, manifest, write_stack
from tests.git.cli.test_plan import LABEL, given
from tests.support.git.repositories import Repository

OTHER = "other/consumer.yaml"
WEST = FILE.replace("east", "west")
SEVERAL = (
    "/settings: without a stack it cannot change several places or whole files; "
    "expected one path, or the name of a stack"
)
Craft = Callable[[Plan], Plan]


def differs(field: str) -> str:
    return f"crafted.json: {field}: it is not what the plan's edits make of the repository; expected a new plan"


def edited(plan: Plan, **changes: object) -> Plan:
    return replace(plan, edits=(replace(plan.edits[0], **changes), *plan.edits[1:]))  # type: ignore[arg-type]


def with_other_edit(plan: Plan, **changes: object) -> Plan:
    other = replace(plan.edits[0], **{"file": OTHER, "pointer": "/0/spec", **changes})  # type: ignore[arg-type]
    return replace(plan, edits=tuple(sorted((*plan.edits, other))))


def renamed(plan: Plan, service: str) -> Plan:
    """The plan with another service's name for its edits and change."""
    return replace(
        plan,
        edits=tuple(replace(edit, service=service) for edit in plan.edits),
        changes=tuple(replace(change, service=service) for change in plan.changes),
        settings={service: plan.settings["provider"]},
    )


def refused(run: Run, repository: Repository, craft: Craft, *arguments: str) -> str:
    """What `apply` says of a crafted plan, which it does not commit."""
    before = repository.head()
    Path("crafted.json").write_text(to_json(craft(read_plan(Path("plan.json")))))
    code, output, error = run("apply", "crafted.json", *arguments)
    assert (code, output, repository.head()) == (2, "", before)
    return error.removeprefix("meshroll: ").strip()


@pytest.fixture
def adopted(run: Run, repository: Repository) -> tuple[str, str]:
    """A plan of a repository without a stack, and the option that names it."""
    repository.commit(write={OTHER: manifest(consumer="v1")})
    run("plan", *given(repository, "provider=v2"), "--out", "plan.json")
    return ("--repository", repository.remote.url)


@pytest.mark.parametrize(
    ("craft", "field"),
    [
        (lambda plan: edited(plan, new="v3"), "/edits/0"),
        (lambda plan: edited(plan, line=1), "/edits/0"),
        (lambda plan: edited(plan, blob="b" * 40), "/edits/0"),
        (lambda plan: edited(plan, anchor=""), "/edits/0"),
        (lambda plan: edited(plan, pointer=LABEL.replace("/0/", "/1/")), "/edits/0"),
        (with_other_edit, "/edits/1"),
        (lambda plan: with_other_edit(plan, file="../outside.yaml"), "/edits/0"),
        (lambda plan: replace(plan, diff=plan.diff.replace("v2", "v1.1")), "/diff"),
        (lambda plan: replace(plan, diff=""), "/diff"),
        (lambda plan: replace(plan, changes=(replace(plan.changes[0], old="v0"),)), "/changes/0"),
        (lambda plan: replace(plan, changes=(replace(plan.changes[0], new="v3"),)), "/edits/0"),
        (lambda plan: replace(plan, changes=(replace(plan.changes[0], path="clusters"),)), "/changes/0"),
        (lambda plan: replace(plan, changes=(*plan.changes, *plan.changes)), "/changes/1"),
        (lambda plan: replace(plan, applications=(Move("shop-east", "east", 1),)), "/applications/0"),
        (lambda plan: replace(plan, timeline=()), "/timeline/0"),
        (lambda plan: replace(plan, findings=(*plan.findings, Finding("lint", "all is well"))), "/findings/1"),
        (lambda plan: replace(plan, findings=(*plan.findings, Finding("state-unread", "done"))), "/findings/1"),
        (lambda plan: replace(plan, releases={"shop-east": plan.hash}), "/releases"),
    ],
)
def test_what_the_edits_do_not_make_is_refused_with_its_field(
    run: Run, repository: Repository, adopted: tuple[str, str], craft: Craft, field: str
) -> None:
    assert refused(run, repository, craft, *adopted) == differs(field)


def test_a_plan_that_hides_a_finding_of_its_edits_is_refused(
    run: Run, repository: Repository, adopted: tuple[str, str]
) -> None:
    assert refused(run, repository, lambda plan: replace(plan, findings=()), *adopted) == (
        f"crafted.json: /findings: it lacks a finding of its edits: provider: {FILE}:9: label version of Rollout "
        "provider becomes v2, and the image stays shop/provider:1; expected a new plan"
    )


@pytest.mark.parametrize(
    ("craft", "sentence"),
    [
        (
            lambda plan: replace(plan, changes=(*plan.changes, VersionChange("consumer", "v1", "v9"))),
            "the change of consumer: no edit makes it; expected a plan as made",
        ),
        (lambda plan: replace(plan, settings={}), "/changes/0: nothing says where its service is"),
        (
            lambda plan: replace(plan, settings={"provider": (ServiceSettings(None),)}),
            SEVERAL,
        ),
        (
            lambda plan: replace(plan, settings={**plan.settings, "x": (ServiceSettings("other"),)}),
            SEVERAL,
        ),
    ],
)
def test_what_no_plan_holds_is_refused(
    run: Run, repository: Repository, adopted: tuple[str, str], craft: Craft, sentence: str
) -> None:
    assert refused(run, repository, craft, *adopted) == f"crafted.json: {sentence}"


def test_a_plan_of_another_stack_of_the_same_repository_is_refused(
    run: Run, project: Path, repository: Repository
) -> None:
    stack = project / "stacks" / "Pulumi.test.yaml"
    stack.with_name("Pulumi.other.yaml").write_text(stack.read_text().replace("project: shop", "project: other"))
    run("plan", "-s", "test", "--set", "provider=v2", "--out", "plan.json")
    assert refused(run, repository, lambda plan: replace(plan, stack="other")) == differs("/applications/0")


def test_a_stacks_plan_reaches_neither_other_services_nor_other_places(
    run: Run, project: Path, repository: Repository
) -> None:
    write_stack(project, repository, workers="east, west")
    repository.commit(write={WEST: manifest(provider="v1")})
    run("plan", "-s", "test", "--set", "provider=v2", "--out", "plan.json")
    assert refused(run, repository, lambda plan: renamed(plan, "consumer")) == (
        "crafted.json: /settings: stack test has no service consumer; expected a new plan"
    )
    assert refused(run, repository, with_other_edit) == differs("/edits/2")
    elsewhere = {"provider": (ServiceSettings("clusters/east", ("label:other",)),)}
    assert refused(run, repository, lambda plan: replace(plan, settings=elsewhere)) == differs("/settings/provider")
    assert refused(run, repository, lambda plan: replace(plan, releases={"shop-east": "0" * 64})) == differs(
        "/releases"
    )
    assert run("apply", "plan.json")[0] == 0


@pytest.mark.parametrize("variable", ["{hash}", "{parts}", "0, {hash}"])
def test_the_plan_that_was_agreed_on_is_applied(
    run: Run, project: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    write_stack(project, repository, workers="east, west")
    repository.commit(write={WEST: manifest(provider="v1")})
    run("plan", "-s", "test", "--set", "provider=v2", "--out", "plan.json")
    plan = read_plan(Path("plan.json"))
    assert len(set(plan.releases.values()) | {plan.hash}) == 3
    agreed = variable.format(hash=plan.hash, parts=",".join(plan.releases.values()))
    monkeypatch.setenv("MESHROLL_PLAN", agreed)
    assert run("apply", "plan.json")[0] == 0


def test_another_plan_than_the_one_agreed_on_is_refused(
    run: Run, project: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_stack(project, repository, workers="east, west")
    repository.commit(write={WEST: manifest(provider="v1")})
    run("plan", "-s", "test", "--set", "provider=v2", "--out", "agreed.json")
    run("plan", "-s", "test", "--set", "provider=v3", "--out", "plan.json")
    before, plan = repository.head(), read_plan(Path("plan.json"))
    for agreed in (read_plan(Path("agreed.json")).hash, next(iter(plan.releases.values()))):
        monkeypatch.setenv("MESHROLL_PLAN", agreed)
        code, _, error = run("apply", "plan.json")
        assert (code, error) == (
            1,
            f"meshroll: MESHROLL_PLAN: the plan is {plan.hash} now, not what was agreed on; expected {agreed}\n",
        )
    assert repository.head() == before


def test_a_plan_of_an_earlier_version_is_bound_to_what_it_holds(
    run: Run, repository: Repository, adopted: tuple[str, str]
) -> None:
    def earlier(plan: Plan) -> Plan:
        timeline = tuple(canary.earlier for canary in plan.timeline)
        return replace(plan, format=EARLIER, timeline=timeline, findings=())

    assert refused(run, repository, lambda plan: replace(earlier(plan), diff=""), *adopted) == differs("/diff")
    forged = Finding("image-unchanged", "nothing")
    assert refused(run, repository, lambda plan: replace(earlier(plan), findings=(forged,)), *adopted) == differs(
        "/findings/0"
    )
    slow = replace(read_plan(Path("plan.json")).timeline[0].earlier, service="consumer")
    assert refused(run, repository, lambda plan: replace(earlier(plan), timeline=(slow,)), *adopted) == differs(
        "/timeline/0"
    )
    Path("earlier.json").write_text(to_json(earlier(read_plan(Path("plan.json")))))
    assert run("apply", "earlier.json", *adopted)[0] == 0


def test_a_plan_holds_where_its_base_is_not_the_newest_commit(
    run: Run, repository: Repository, adopted: tuple[str, str]
) -> None:
    repository.commit(write={FILE: manifest(first="v1", provider="v1", consumer="v9")})
    assert refused(run, repository, lambda plan: replace(plan, base="e" * 40), *adopted) == (
        f"repository {repository.remote.url}: eeeeeeeeeeee is not in the history of main"
    )
    assert refused(run, repository, lambda plan: replace(plan, base=repository.head()), *adopted) == differs("/edits/0")
    assert run("apply", "plan.json", *adopted)[0] == 0


def test_a_plan_that_was_made_on_another_branch_is_refused(run: Run, repository: Repository) -> None:
    """There the diff and the canary may say what the branch itself does not."""
    repository.git("update-ref", "refs/heads/theirs", "main")
    repository.commit(
        "gentle", branch="theirs", write={FILE: manifest(provider="v1").replace("setWeight: 5", "setWeight: 1")}
    )
    where = ("--repository", repository.remote.url)
    run("plan", *where, "--branch", "theirs", "--path", "clusters/east", "--set", "provider=v2", "--out", "plan.json")
    theirs = read_plan(Path("plan.json")).base
    sentence = f"repository {repository.remote.url}: {theirs[:12]} is not in the history of main"
    assert refused(run, repository, lambda plan: replace(plan, branch="main"), *where) == sentence
    run("plan", *given(repository, "provider=v9"))  # the cache knows the newest commit of main again
    assert refused(run, repository, lambda plan: replace(plan, branch="main"), *where) == sentence


def test_what_a_plan_says_of_all_its_services_and_places_follows_from_its_edits(
    run: Run, repository: Repository
) -> None:
    repository.commit(
        write={
            FILE: manifest(provider="v1", consumer="v1").replace("shop/provider:1", "shop/provider:v0"),
            WEST: manifest(provider="v2", consumer="v3"),
            "clusters/east/broken.yaml": "provider: [consumer\n",
        }
    )
    where = ("--repository", repository.remote.url, "--path", "clusters/{cluster}")
    fields = ("--field", "label:version", "--field", "image={version}")
    versions = ("--set", "provider=v2", "--set", "consumer=v1")
    run("plan", *where, *fields[:2], *versions, "--out", "plan.json")
    kinds = {finding.kind for finding in read_plan(Path("plan.json")).findings}
    assert {"left-out", "unreadable", "image-unchanged"} <= kinds
    assert run("apply", "plan.json", *where[:2])[0] == 0
    run("plan", *where[:2], "--path", FILE, *fields, "--set", "provider=v4", "--out", "two.json")
    plan = read_plan(Path("two.json"))
    assert (plan.changes[0].old, {finding.kind for finding in plan.findings}) == ("v2", {"fields-disagree"})
    assert run("apply", "two.json", *where[:2])[0] == 0


@pytest.fixture
def rendered(run: Run, project: Path, repository: Repository) -> None:
    """A plan of a rendered stack whose service is released, beside files that people wrote."""
    stack = project / "stacks" / "Pulumi.test.yaml"
    text = stack.read_text().replace("kind: adopted", "kind: rendered").replace("clusters/{cluster}", "live/{cluster}")
    service = "{version: v1, template: weight, parameters: {image: x/y:1, port: 80, portName: http}}"
    stack.write_text(text.replace("{provider: {version: v1}}", f"{{provider: {service}, consumer: {service}}}"))
    repository.commit(write={"live/east/provider/ours.yaml": "kind: ConfigMap\n"})
    assert run("plan", "-s", "test", "--out", "plan.json")[0] == 0
    assert run("apply", "plan.json")[0] == 0
    assert run("plan", "-s", "test", "--set", "provider=v2", "--out", "plan.json")[0] == 0


def written(plan: Plan, content: bytes, file: str = "", old: str | None = None) -> Plan:
    """The plan with another content of its file, or with another file."""
    edit = plan.edits[0]
    file = file or edit.file
    new = blob_of(content) if content else ""
    edits = {each.file: each for each in plan.edits}
    edits[file] = Edit(
        file, "", edit.old if old is None else old, new, "provider", blob=edit.blob if old is None else old
    )
    contents = {**plan.contents, file: content} if content else plan.contents
    return replace(plan, edits=tuple(sorted(edits.values())), contents=contents)


def test_a_rendered_plan_is_applied_once_it_says_what_it_does(run: Run, repository: Repository, rendered: None) -> None:
    def v3(plan: Plan) -> Plan:
        return written(plan, plan.contents[plan.edits[0].file].replace(b"v2", b"v3"))

    assert refused(run, repository, v3) == differs("/changes/0")
    assert refused(
        run, repository, lambda plan: replace(v3(plan), changes=(VersionChange("provider", "v1", "v3", "live/east"),))
    ) == differs("/diff")
    assert refused(run, repository, lambda plan: replace(plan, timeline=())) == differs("/timeline/0")
    assert run("apply", "plan.json")[0] == 0


@pytest.mark.parametrize(
    "file", ["live/east/other/rollout.yaml", "clusters/east/shop.yaml", "live/west/provider/x.yaml"]
)
def test_a_rendered_plan_writes_only_below_its_services(
    run: Run, repository: Repository, rendered: None, file: str
) -> None:
    content = b"# Rendered by meshroll from template weight: edit the stack, not this file.\nkind: ClusterRoleBinding\n"
    error = refused(run, repository, lambda plan: written(plan, content, file, ""))
    assert error in (differs("/edits/0"), differs("/edits/1"))


def test_a_rendered_plan_leaves_the_files_of_people_alone(run: Run, repository: Repository, rendered: None) -> None:
    ours = "live/east/provider/ours.yaml"
    old = repository.git("rev-parse", f"main:{ours}").strip()
    marked = b"# Rendered by meshroll from template weight: edit the stack, not this file.\nkind: X\n"
    assert refused(run, repository, lambda plan: written(plan, b"", ours, old)) == differs("/edits/0")
    assert refused(run, repository, lambda plan: written(plan, marked, ours, old)) == (
        f"{ours}: the file was not rendered by Meshroll and is not overwritten; "
        "expected it moved, or removed if it may be replaced"
    )
    assert refused(run, repository, lambda plan: written(plan, b"kind: X\n")) == (
        "live/east/provider/rollout.yaml: it is not a rendered file; "
        "expected one that begins with '# Rendered by meshroll from template'"
    )


def test_a_plan_holds_where_other_tools_are_on_path(
    run: Run, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patches = [{"target": {"kind": "Rollout"}, "patch": "- {op: add, path: /spec/replicas, value: -1}"}]
    overlay = {"resources": ["rollout.yaml"], "patches": patches}
    files = {"live/kustomization.yaml": yaml.safe_dump(overlay), "live/rollout.yaml": manifest(provider="v1")}
    repository.commit(write=files)
    with monkeypatch.context() as alone:
        (tmp_path / "tools").mkdir()
        (tmp_path / "tools/git").symlink_to(str(shutil.which("git")))
        alone.setenv("PATH", str(tmp_path / "tools"))
        place = ["--repository", repository.remote.url, "--path", "live"]
        assert run("plan", *place, "--set", "provider=v2", "--out", "plan.json")[0] == 0
    (noted,) = [finding for finding in read_plan(Path("plan.json")).findings if finding.kind == "lint"]
    assert "neither kustomize nor kubectl is on PATH" in noted.message
    code, _, error = run("apply", "plan.json", "--repository", repository.remote.url)
    assert (code, error) == (0, "")
