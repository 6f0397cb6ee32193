"""What the Applications of a stack need, without its repository and templates."""

from __future__ import annotations

import pytest

import meshroll.components.stack
from meshroll.release.applied import ApplicationNeeds
from tests.support.components.stack import IGNORED


@pytest.fixture(autouse=True)
def needs(monkeypatch: pytest.MonkeyPatch) -> dict[str, ApplicationNeeds]:
    """It has tests of its own; here it is the same for each cluster, but for a test that changes it."""
    found = {cluster: ApplicationNeeds(IGNORED) for cluster in ("worker-1", "worker-2", "worker-3")}
    monkeypatch.setattr(meshroll.components.stack, "application_needs", lambda _stack: found)
    return found
