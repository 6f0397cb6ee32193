"""A Release under the real Pulumi CLI, against a bare repository and no cluster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from meshroll.gitops.history.rollback import locator, plan_rollback
from meshroll.gitops.planners import plan_rendered
from meshroll.gitops.plans import apply_plan
from meshroll.gitops.plans.scope import Scope
from meshroll.release import planning
from meshroll.release.properties import from_properties
from meshroll.sandbox.build import parts
from meshroll.sandbox.pulumi import install
from meshroll.sandbox.state.home import parts_cache
from tests.support.checkout import CHECKOUT
from tests.support.git.repositories import Repository

PASSWORD = "s3cret-never-shown"
PLUGIN = CHECKOUT / "meshroll" / "provider"
FILE = "live/w/provider/rollout.yaml"
PROGRAM = """
import json
import os

import pulumi


class Release(pulumi.CustomResource):
    commit: pulumi.Output[str]

    def __init__(self, name, inputs):
        super().__init__("meshroll:index:Release", name, {**inputs, "commit": None, "versions": None})


repository = {"url": os.environ["TEST_REPOSITORY"], "branch": "main"}
repository["credentials"] = {"username": "robot", "password": os.environ["TEST_PASSWORD"]}
parameters = {"image": "x/y:1", "port": 9090}
versions = json.loads(os.environ["TEST_VERSIONS"])
services = [{"name": k, "version": v, "template": "weight", "parameters": parameters} for k, v in versions.items()]
release = Release(
    "shop-w",
    {
        "stack": pulumi.get_stack(),
        "repository": repository,
        "path": "live/w",
        "namespace": "shop",
        "services": services,
        "wait": "committed",
        **json.loads(os.environ["TEST_SETTINGS"]),
    },
)
pulumi.export("release", {"shop-w": {"commit": release.commit}})
"""


@dataclass
class Stack:
    """A stack with one Release; `versions` is what it wishes for."""

    folder: Path
    cli: Path
    environ: dict[str, str]
    versions: dict[str, str]
    settings: dict[str, Any] = field(default_factory=dict)  # more inputs

    def run(self, *args: str, fails: bool = False) -> str:
        answer = subprocess.run(
            [self.cli, *args, "--non-interactive"],
            cwd=self.folder,
            env=os.environ
            | self.environ
            | {"TEST_VERSIONS": json.dumps(self.versions), "TEST_SETTINGS": json.dumps(self.settings)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            timeout=120,
        )
        assert (answer.returncode != 0) == fails, answer.stdout
        assert PASSWORD not in answer.stdout
        return answer.stdout

    def up(self, *args: str) -> str:
        return self.run("up", "--yes", "--strict", *args)

    def preview(self) -> tuple[list[str], dict[str, Any]]:
        """What the Release says in `preview --json`, and its step."""
        document = json.loads(self.run("preview", "--json"))
        messages = [item["message"] for item in document["diagnostics"] if item.get("urn", "").endswith("::shop-w")]
        return messages, next(step for step in document["steps"] if step["urn"].endswith("::shop-w"))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.make(tmp_path)


@pytest.fixture
def stack(tmp_path: Path, repository: Repository) -> Stack:
    parts_cache().mkdir(parents=True, exist_ok=True)
    parts.ensure([item for item in parts.BUILDS if item.name == "pulumi"], parts_cache(), print)
    folder = tmp_path / "project"
    folder.mkdir()
    settings = {"providers": [{"name": "meshroll", "path": str(PLUGIN)}]}
    (folder / "Pulumi.yaml").write_text(json.dumps({"name": "shop", "runtime": "python", "plugins": settings}))
    (folder / "__main__.py").write_text(PROGRAM)
    programs = parts.programs(parts_cache())
    environ = install(tmp_path / "home", Path(sys.executable), programs["pulumi-resource-kubernetes"]) | {
        "TEST_REPOSITORY": repository.remote.url,
        "TEST_PASSWORD": PASSWORD,
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PYTHONWARNINGS": "ignore",
    }
    made = Stack(folder, programs["pulumi"], environ, {"provider": "v1", "consumer": "v1"})
    made.run("stack", "init", "prod")
    return made


def test_preview_up_and_a_second_up(stack: Stack, repository: Repository) -> None:
    plain = stack.run("preview")
    assert f"    diff --git a/{FILE} b/{FILE}\n    new file mode 100644\n" in plain
    assert repository.git("for-each-ref") == ""

    stack.up()
    assert repository.log() == ["Release 2 services of prod"]
    outputs = json.loads(stack.run("stack", "output", "--json"))
    assert outputs == {"release": {"shop-w": {"commit": repository.head()}}}

    stack.up()
    stack.run("preview", "--expect-no-changes")
    assert repository.log() == ["Release 2 services of prod"]


def test_the_diagnostic_of_a_preview_is_the_plans_diff(stack: Stack, repository: Repository) -> None:
    stack.up()
    stack.versions["provider"] = "v2"
    (message,), step = stack.preview()
    text = repository.read(FILE)
    wanted = {"provider": {name: repository.read(f"live/w/provider/{name}") for name in _names(repository)}}
    wanted["provider"]["rollout.yaml"] = text.replace("version: v1\n", "version: v2\n")
    plan = plan_rendered(repository.remote, "live/w", wanted, cache=repository.cache)
    assert message == plan.diff + "\n"
    (edit,) = plan.edits
    assert step["op"] == "update"
    assert list(step["detailedDiff"]) == ["services[0].version"]
    assert step["newState"]["inputs"]["edits"] == [{"file": edit.file, "pointer": "", "old": edit.old, "new": edit.new}]


def _names(repository: Repository) -> list[str]:
    return [path.rpartition("/")[2] for path in repository.files() if path.startswith("live/w/provider/")]


def test_a_plan_holds_while_others_commit_elsewhere_and_breaks_when_they_touch_its_file(
    stack: Stack, repository: Repository, tmp_path: Path
) -> None:
    stack.up()
    stack.versions["provider"] = "v2"
    plan = str(tmp_path / "plan.json")
    stack.run("preview", f"--save-plan={plan}")
    repository.commit("elsewhere", write={"README": "hello"})
    stack.run("up", "--yes", f"--plan={plan}")
    assert repository.log()[0] == "Release provider v1 -> v2"

    stack.versions["provider"] = "v3"
    stack.run("preview", f"--save-plan={plan}")
    repository.commit("scale", write={FILE: repository.read(FILE).replace("replicas: 1", "replicas: 7")})
    assert "violates plan: properties changed: ~~edits" in stack.run("up", "--yes", f"--plan={plan}", fails=True)
    assert repository.log()[0] == "scale"


def test_up_is_held_to_the_plan_agreed_on(stack: Stack, repository: Repository) -> None:
    stack.up()
    stack.versions["provider"] = "v2"
    _, step = stack.preview()
    inputs = step["newState"]["inputs"]
    agreed = planning.plan(from_properties({**inputs, "repository": {"url": repository.remote.url}})).hash
    stack.environ["MESHROLL_PLAN"] = "0" * 64
    assert "not what was agreed on" in stack.run("up", "--yes", fails=True)
    assert repository.log() == ["Release 2 services of prod"]
    stack.environ["MESHROLL_PLAN"] = agreed
    stack.up()
    assert repository.log()[0] == "Release provider v1 -> v2"


def test_refresh_sees_what_someone_else_committed_and_destroy_leaves_git_alone(
    stack: Stack, repository: Repository
) -> None:
    stack.up()
    assert "2 unchanged" in stack.run("refresh", "--yes")
    theirs = repository.commit(write={FILE: repository.read(FILE).replace("version: v1\n", "version: v9\n")})
    assert '~ version: "v1" => "v9"' in stack.run("refresh", "--yes", "--diff")
    state = json.loads(stack.run("stack", "export"))["deployment"]["resources"][-1]
    assert state["outputs"] == {"commit": theirs, "versions": {"provider": "v9", "consumer": "v1"}}
    stack.run("destroy", "--yes")
    assert repository.head() == theirs


def test_what_was_undone_is_not_released_by_an_up_for_another_reason(stack: Stack, repository: Repository) -> None:
    stack.up()
    stack.versions["provider"] = "v2"
    stack.up()
    located = locator("provider", adopted=False)
    rollback = plan_rollback(repository.remote, "provider", located, scope=Scope("prod"), cache=repository.cache)
    apply_plan(repository.remote, rollback.plan, stack="prod", undo=rollback.undo, cache=repository.cache)
    undone = repository.head()

    stack.settings["timeoutSeconds"] = 7
    said = stack.up()
    assert "warning: provider: v2 was undone by " in said
    assert f" in {undone[:12]} at " in said
    stack.up("--refresh")
    assert repository.head() == undone

    stack.versions["consumer"] = "v2"
    stack.up()
    assert repository.log()[:2] == ["Release consumer v1 -> v2", "Undo provider v2 -> v1"]
    stack.run("preview", "--expect-no-changes")
    stack.versions["provider"] = "v3"
    stack.up()
    assert repository.log()[0] == "Release provider v1 -> v3"


def test_a_newer_version_in_git_is_left_as_it_is(stack: Stack, repository: Repository) -> None:
    stack.up()
    text = repository.read(FILE).replace("version: v1\n", "version: v9\n")
    theirs = repository.commit("hotfix", write={FILE: text})
    for words in ((), ("--refresh",)):
        said = stack.up(*words)
        assert (
            f"warning: provider: Git holds v9, newer than v1, which `pulumi up` wrote last: Ada in {theirs[:12]}"
            in said
        )
    assert repository.head() == theirs
    stack.versions["provider"] = "v9"
    assert "warning" not in stack.up()
    stack.versions["provider"] = "v10"
    stack.up()
    assert repository.log()[0] == "Release provider v9 -> v10"


def test_bad_input_is_one_sentence(stack: Stack, repository: Repository) -> None:
    stack.versions["provider"] = "v 1"
    text = stack.run("up", "--yes", fails=True)
    assert "has a problem: service provider: the version 'v 1' cannot be the value of a label; expected" in text
    assert "Traceback" not in text
    assert repository.git("for-each-ref") == ""


def test_a_password_is_never_in_clear_in_the_state(stack: Stack, tmp_path: Path) -> None:
    stack.up()
    stack.versions["provider"] = "v2"
    stack.up()
    for folder in ("home", "cache"):
        for file in (path for path in (tmp_path / folder).rglob("*") if path.is_file()):
            assert PASSWORD.encode() not in file.read_bytes(), file
