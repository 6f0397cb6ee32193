"""A whole sandbox for the session: its own name and state, the parts from the shared cache."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshroll.sandbox import PartState, Sandbox


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox that is up with one worker. A test that stops or kills a part starts it again."""
    root = tmp_path_factory.mktemp("state") / "meshroll"
    yield from running(Sandbox(f"test-{secrets.token_hex(3)}", root=root))


def running(sandbox: Sandbox, workers: int = 1) -> Iterator[Sandbox]:
    """Bring a sandbox up and take it away again, whatever happens in between."""
    try:
        sandbox.up(workers, progress=lambda text: print(text, file=sys.stderr))
        yield sandbox
    finally:
        sandbox.clean()


@pytest.fixture
def whole(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The session's sandbox for a test that breaks it: it is made whole again afterwards."""
    yield sandbox
    if any(row.state is not PartState.READY for row in sandbox.status()):
        sandbox.up()


@pytest.fixture
def state_root(tmp_path: Path) -> Path:
    """A state folder of a test's own."""
    return tmp_path / "meshroll"
