"""A scenario as a test: it fails with everything that was seen."""

from __future__ import annotations

import os

import pytest

from tests.sandbox.chaos.expectations import problems
from tests.sandbox.chaos.play import play
from tests.sandbox.chaos.rig import Rig
from tests.sandbox.chaos.scenario import Scenario


def must_hold(rig: Rig, scenario: Scenario, seed: int) -> None:
    """Play a scenario and fail with its problems and its whole record; skip what only root can do."""
    if scenario.needs_root and os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    record = play(rig, scenario, seed)
    wrong = problems(record)
    if wrong:
        pytest.fail("\n".join([*(f"wrong: {problem}" for problem in wrong), str(record)]), pytrace=False)
