"""The state of an existing stack, as the release 0.1.0 left it: a preview of it shows no change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meshroll.gitops.plans import apply_plan
from meshroll.release import planning
from meshroll.release.properties import from_properties
from meshroll.release.property_shapes import COMPUTED
from tests.support.checkout import CHECKOUT
from tests.support.git.repositories import Repository
from tests.support.provider.engine import Engine

STATE = CHECKOUT / "tests" / "unit" / "release" / "states" / "sandbox.json"


@pytest.fixture
def state(repository: Repository) -> dict[str, Any]:
    """Its inputs and outputs, over a repository that holds what they say."""
    text = STATE.read_text().replace("file:///sandbox/rollouts.git", repository.remote.url)
    values: dict[str, Any] = json.loads(text)
    plan = planning.plan(from_properties(values["inputs"]))
    assert [edit.key for edit in plan.edits] == [edit.key for edit in from_properties(values["inputs"]).edits]
    commit = apply_plan(repository.remote, plan, stack="sandbox", command="up").commit
    return {**values, "outputs": {**values["outputs"], "commit": commit}}


def test_it_previews_without_a_change(engine: Engine, state: dict[str, Any]) -> None:
    wanted = {key: value for key, value in state["inputs"].items() if key not in COMPUTED}
    checked = engine.check(wanted, state["inputs"])
    assert engine.diff(state["inputs"], checked, state["outputs"]) is None
    assert checked == {**wanted, "edits": [], "written": state["inputs"]["written"]}
    assert engine.log.messages == []


def test_it_refreshes_without_a_change(engine: Engine, state: dict[str, Any]) -> None:
    assert engine.read(state["inputs"], state["outputs"]) == (state["inputs"], state["outputs"])
