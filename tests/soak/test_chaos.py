"""`make soak SEED=...`: every scenario of disturbed deliveries, MESHROLL_DRAWS times where its moment is drawn."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

import pytest

from meshroll.sandbox import Sandbox
from tests.sandbox.chaos import scenarios
from tests.sandbox.chaos.judge import must_hold
from tests.sandbox.chaos.rig import Rig, rig_on
from tests.sandbox.chaos.scenario import Scenario
from tests.sandbox.conftest import running

SEED = int(os.environ.get("SEED", "0"))
TABLE = scenarios.table(int(os.environ.get("MESHROLL_DRAWS", str(scenarios.DRAWS))))


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    root = tmp_path_factory.mktemp("state") / "meshroll"
    for sandbox in running(Sandbox(f"soak-{secrets.token_hex(3)}", root=root)):
        with rig_on(sandbox, tmp_path_factory.mktemp("chaos")) as made:
            yield made


@pytest.mark.parametrize("scenario", TABLE, ids=[scenario.name for scenario in TABLE])
def test_what_is_said_and_held_is_true_when(rig: Rig, scenario: Scenario) -> None:
    must_hold(rig, scenario, SEED)
