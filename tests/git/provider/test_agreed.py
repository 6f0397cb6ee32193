"""`pulumi up` held to a plan, and the plan of the command line beside the preview's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from meshroll.gitops.planners import DesiredVersion, plan_adopted
from meshroll.provider.resource import Services
from meshroll.release import planning
from meshroll.release.properties import from_properties
from tests.support.git.repositories import Repository
from tests.support.provider.engine import Engine, started

FILE = "apps/shop.yaml"
SHOP = """\
kind: Rollout
metadata: {{name: shop}}
spec:
  template:
    metadata: {{labels: {{version: {version}}}}}
    spec: {{containers: [{{name: a, image: "a:{tag}"}}]}}
"""


@pytest.fixture
def engine() -> Iterator[Engine]:
    with started(Services(lambda *_: [], lambda *_: (), lambda _: (), lambda *_: "")) as engine:
        yield engine


@pytest.fixture
def wanted(repository: Repository) -> dict[str, Any]:
    repository.commit(write={FILE: SHOP.format(version="v1", tag="1")})
    return {
        "stack": "prod",
        "repository": {"url": repository.remote.url, "branch": "main", "kind": "adopted"},
        "path": "apps",
        "namespace": "shop",
        "services": [{"name": "shop", "version": "v2"}],
        "wait": "committed",
    }


def test_the_inputs_hold_what_is_addressed_and_nothing_that_may_move(engine: Engine, wanted: dict[str, Any]) -> None:
    pointer = "/0/spec/template/metadata/labels/version"
    assert engine.check(wanted)["edits"] == [{"file": FILE, "pointer": pointer, "old": "v1", "new": "v2"}]


def test_exact_inputs_hold_the_blob_too(engine: Engine, wanted: dict[str, Any], repository: Repository) -> None:
    wanted["repository"]["exact"] = True
    (edit,) = engine.check(wanted)["edits"]
    assert edit["blob"] == repository.git("rev-parse", f"main:{FILE}").strip()


def test_an_exact_release_refuses_a_file_that_moved_since(
    engine: Engine, wanted: dict[str, Any], repository: Repository
) -> None:
    wanted["repository"]["exact"] = True
    checked = engine.check(wanted)
    theirs = repository.commit("unrelated", write={FILE: SHOP.format(version="v1", tag="2")})
    with pytest.raises(Exception, match=f"it was changed by Ada in {theirs[:12]}"):
        engine.create(checked)


def test_an_unrelated_change_of_the_file_does_not_stop_a_release(
    engine: Engine, wanted: dict[str, Any], repository: Repository
) -> None:
    checked = engine.check(wanted)
    repository.commit("unrelated", write={FILE: SHOP.format(version="v1", tag="2")})
    engine.create(checked)
    assert repository.read(FILE) == SHOP.format(version="v2", tag="2")


def test_the_preview_prints_the_diff_of_the_command_line(
    engine: Engine, wanted: dict[str, Any], repository: Repository
) -> None:
    engine.create(engine.check(wanted), preview=True)
    plan = plan_adopted(repository.remote, "apps", [DesiredVersion("shop", "v2")], cache=repository.cache)
    finding, diff = engine.log.messages
    assert diff.removesuffix("\n") == plan.diff.removesuffix("\n")
    assert finding == str(plan.findings[0])


def test_up_goes_on_with_the_plan_agreed_on(
    engine: Engine, wanted: dict[str, Any], repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreed = planning.plan(from_properties(wanted)).hash
    repository.commit("elsewhere", write={"README.md": "hello\n"})
    monkeypatch.setenv("MESHROLL_PLAN", f"{'0' * 64},{agreed}")
    engine.create(engine.check(wanted))
    assert repository.read(FILE) == SHOP.format(version="v2", tag="1")


def test_up_refuses_another_plan_than_the_one_agreed_on(
    engine: Engine, wanted: dict[str, Any], repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreed = planning.plan(from_properties(wanted)).hash
    repository.commit("a hotfix", write={FILE: SHOP.format(version="v1.1", tag="1")})
    now = planning.plan(from_properties(wanted)).hash
    monkeypatch.setenv("MESHROLL_PLAN", agreed)
    assert engine.failure(wanted) == f"MESHROLL_PLAN: the plan is {now} now, not what was agreed on; expected {agreed}"
