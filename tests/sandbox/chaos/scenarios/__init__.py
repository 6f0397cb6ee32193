"""The table of scenarios."""

from __future__ import annotations

from tests.sandbox.chaos.scenario import Scenario
from tests.sandbox.chaos.scenarios import commits, deletions, interrupts, outages, promotes, waits

DRAWS = 3


def table(draws: int = DRAWS) -> tuple[Scenario, ...]:
    """All scenarios; those at a drawn moment `draws` times."""
    return (
        *interrupts.scenarios(draws),
        *commits.scenarios(),
        *promotes.scenarios(draws),
        *waits.scenarios(),
        *deletions.scenarios(),
        *outages.scenarios(),
    )
