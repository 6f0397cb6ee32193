"""Two sandboxes of different names run side by side; the second gets a second worker."""

from __future__ import annotations

import secrets

import pytest

from meshroll.errors import BadInputError
from meshroll.sandbox import PartState, Sandbox
from tests.sandbox.conftest import running


def test_two_sandboxes_share_nothing_and_one_may_go_without_the_other(sandbox: Sandbox) -> None:
    for other in running(Sandbox(f"test-{secrets.token_hex(3)}", root=sandbox.home.root)):
        before = {row.name: row.pid for row in other.status()}
        other.up(2)
        after = {row.name: row.pid for row in other.status()}
        # The synchronizer is told its workers at its start.
        assert {name for name in before if after[name] != before[name]} == {"synchronizer"}
        with pytest.raises(BadInputError, match="1 workers are fewer than the 2 there are"):
            other.up(1)
        assert other.workers == ("worker-1", "worker-2")
        assert not set(other.site.ports.values()) & set(sandbox.site.ports.values())
        assert not set(other.site.ranges.values()) & set(sandbox.site.ranges.values())
        assert {row.state for row in other.status()} == {PartState.READY}
    assert not other.exists
    assert {row.state for row in sandbox.status()} == {PartState.READY}
