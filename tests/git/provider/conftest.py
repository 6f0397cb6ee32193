"""The plug-in over its protocol, with what stands for its clusters."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.provider.clusters import World
from tests.support.provider.engine import Engine, started


@pytest.fixture
def world() -> World:
    """What stands for the clusters."""
    return World()


@pytest.fixture
def engine(world: World) -> Iterator[Engine]:
    """The engine's side of a plug-in with that world."""
    with started(world.services()) as engine:
        yield engine
