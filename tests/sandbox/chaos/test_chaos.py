"""A few disturbed deliveries; `make soak` and `python -m tests.sandbox.chaos` play all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from meshroll.sandbox import Sandbox
from tests.sandbox.chaos import scenarios
from tests.sandbox.chaos.judge import must_hold
from tests.sandbox.chaos.rig import Rig, rig_on
from tests.sandbox.chaos.scenario import Scenario

TELLING = (
    "pulumi up is killed right after its commit, then the next version",
    "the wait is over before the delivery is, then the next version",
    "somebody commits on the service before Argo CD had ours",
    "two promote at once, draw 1",
    "the Application is deleted, then a new version",
)
BY_NAME = {scenario.name: scenario for scenario in scenarios.table()}


@pytest.fixture(scope="module")
def rig(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig_on(sandbox, tmp_path_factory.mktemp("chaos")) as made:
        yield made


@pytest.mark.parametrize("scenario", [BY_NAME[name] for name in TELLING], ids=TELLING)
def test_what_is_said_and_held_is_true_when(rig: Rig, scenario: Scenario) -> None:
    must_hold(rig, scenario, seed=0)


def test_every_scenario_has_a_name_of_its_own() -> None:
    assert len(BY_NAME) == len(scenarios.table())
